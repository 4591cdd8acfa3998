// Who may read a folder on Windows, decided on access lists as icacls saves them. The programs themselves are not run here.
import { expect, test } from 'vitest'
import { makePrivateOnWindows, othersIn, type WindowsTools } from './windows-acl.ts'

const ME = 'S-1-5-21-3623811015-3361044348-30300820-1001'
const OTHER = 'S-1-5-21-3623811015-3361044348-30300820-1002'
const OWN = `(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;${ME})`

test.each<[string, string, string[]]>([
  [
    'below AppData, all inherited',
    `gatehouse\r\nD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;FA;;;${ME})\r\n`,
    [],
  ],
  ['as Gatehouse makes it', `gatehouse\r\nD:PAI${OWN}\r\n`, []],
  ['the owner’s rights', `gatehouse\r\nD:PAI${OWN}(A;OICIIO;GA;;;CO)(A;;FR;;;OW)\r\n`, []],
  [
    'below C:\\, users read and make files',
    `data\r\nD:AI${OWN}(A;OICIID;0x1200a9;;;BU)(A;CIID;LC;;;BU)(A;OICIIOID;GA;;;CO)\r\n`,
    ['BU'],
  ],
  ['authenticated users change', `data\r\nD:AI${OWN}(A;ID;0x1301bf;;;AU)(A;OICIIOID;SDGXGWGR;;;AU)\r\n`, ['AU']],
  ['everybody', 'data\r\nD:(A;OICI;FA;;;WD)\r\n', ['WD']],
  ['another account', `data\r\nD:PAI${OWN}(A;OICI;0x1200a9;;;${OTHER})\r\n`, [OTHER]],
  ['an app container', `data\r\nD:PAI${OWN}(A;OICI;0x1200a9;;;AC)\r\n`, ['AC']],
  ['only who is refused', `data\r\nD:PAI(D;OICI;FA;;;BU)${OWN}\r\n`, []],
  ['a condition', `data\r\nD:PAI${OWN}(XA;;FX;;;WD;(@User.Title=="PM"))\r\n`, ['WD']],
  ['labels and audits beside it', `data\r\nD:PAI${OWN}S:AI(AU;OICISA;FA;;;WD)(ML;;NW;;;ME)\r\n`, []],
  ['no list at all', 'data\r\nD:NO_ACCESS_CONTROL\r\n', ['everybody']],
  ['an empty list: nobody', 'data\r\nD:P\r\n', []],
  ['nothing that can be read', 'data\r\n', ['everybody']],
])('%s', (_, saved, others) => {
  expect(othersIn(saved, ME)).toEqual(others)
})

/** Answers as Windows would: `/inheritance:r` takes the inherited entries out, `/remove:g` those of one account. */
function windows(lists: Record<string, string>, o: { sid?: string | null; canChange?: boolean } = {}) {
  const asked: string[] = []
  const tools: WindowsTools = {
    userSid: () => (o.sid === undefined ? ME : o.sid),
    savedAcl: path => lists[path] ?? null,
    icacls(args) {
      asked.push(args.join(' '))
      const [path = '', what] = args
      if (o.canChange === false) return false
      if (what === '/inheritance:r')
        lists[path] = `D:PAI${OWN}${(lists[path] ?? '').match(/\(A;OICI;0x1200a9;;;[^)]*\)/g)?.join('') ?? ''}`
      if (what === '/remove:g') lists[path] = `D:PAI${OWN}`
      if (what === '/reset') lists[path] = `D:AI${OWN}`
      return true
    },
  }
  return { tools, asked, lists }
}

test('a private folder is left as it is; where nothing can be told nothing is done', () => {
  for (const house of [
    windows({ d: `D:PAI${OWN}`, 'd/secrets.enc': `D:AI${OWN}` }),
    windows({}),
    windows({ d: 'D:(A;;FA;;;WD)' }, { sid: null }),
  ]) {
    makePrivateOnWindows('d', ['d/secrets.enc'], house.tools)
    expect(house.asked).toEqual([])
  }
})

test('others are taken out, also where they were let in by name, and of the secrets file too', () => {
  const house = windows({ d: `D:AI${OWN}(A;OICIID;FA;;;BU)(A;OICI;0x1200a9;;;WD)`, 'd/secrets.enc': 'D:(A;;FR;;;WD)' })
  makePrivateOnWindows('d', ['d/secrets.enc'], house.tools)
  expect(house.asked).toEqual([
    `d /inheritance:r /grant:r *${ME}:(OI)(CI)F *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F /q`,
    'd /remove:g *S-1-1-0 /q',
    'd/secrets.enc /reset /q',
  ])
  expect(Object.values(house.lists).flatMap(list => othersIn(list, ME))).toEqual([])
})

test('a folder that cannot be made private is not used', () => {
  const house = windows({ d: 'D:(A;OICI;FA;;;WD)' }, { canChange: false })
  expect(() => makePrivateOnWindows('d', [], house.tools)).toThrow('Other users of this computer may read d.')
})
