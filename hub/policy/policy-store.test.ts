import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { PolicyChange, Rule } from '../../contract/policy.ts'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Sealed } from '../store/sealed.ts'
import { CAREFUL } from './policy-state.ts'
import { type FileEvent, PolicyStore } from './policy-store.ts'
import { Proposals } from './proposals.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
  vi.useRealTimers()
})

function home(given: { file?: string; unattended?: Rule[]; secrets?: string[] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-policy-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'policy.json')
  const db = openState(folder)
  closers.push(() => db.close())
  const secret = randomBytes(32)
  let isOpen = true
  const open = () => {
    const announcer = new Announcer()
    const sealed = new Sealed(db, () => (isOpen ? secret : null))
    announcer.on('vault/changed', () => sealed.rekey({ known: true }))
    const proposals = new Proposals({ db, sealed, announcer })
    const events: FileEvent[] = []
    const store = PolicyStore.open({
      folder,
      sealed,
      announcer,
      proposals,
      unattended: given.unattended,
      redact: text => (given.secrets ?? []).reduce((rest, secret) => rest.replaceAll(secret, '…'), text),
      onFile: event => events.push(event),
    })
    closers.push(() => store.close())
    return { store, proposals, announcer, events }
  }
  const write = (value: unknown) =>
    writeFileSync(path, typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value, null, 2))
  if (given.file !== undefined) write(given.file)
  return {
    folder,
    path,
    db,
    open,
    write,
    read: () => readFileSync(path, 'utf8'),
    lock: (on: boolean) => (isOpen = !on),
  }
}

const deny = { effect: 'deny' as const, tool: 'drop_*' }

test('a credential gets into no rule; one that is called like a word of the policy keeps no switch from being turned', () => {
  const words = [
    'read-only',
    '"kind":"stop"',
    'preset',
    'balanced',
    'add-rule',
    'effect',
    'drop_*',
    'remove-rule',
    'folder',
  ]
  const { store } = home({ secrets: ['hunter2hunter2', ...words] }).open()
  const change = (one: PolicyChange) => store.change(one, 'window', 'window:1')
  const refused: PolicyChange[] = [
    { kind: 'add-rule', rule: { ...deny, note: 'for hunter2hunter2' } },
    { kind: 'add-rule', rule: { ...deny, arguments: [{ path: 'a', equals: { deep: ['hunter2hunter2'] } }] } },
    { kind: 'add-rule', rule: { ...deny, arguments: [{ path: 'a', pattern: '^hunter2hunter2' }] } },
    { kind: 'protect', set: 'keys', value: 'hunter2hunter2', on: true },
    { kind: 'folder', path: '/hunter2hunter2', on: true },
  ]
  for (const one of refused) expect(() => change(one)).toThrow('A credential stands in this rule')
  const turned: PolicyChange[] = [
    { kind: 'add-rule', rule: deny },
    { kind: 'preset', preset: 'balanced' },
    { kind: 'read-only', on: true },
    { kind: 'stop', on: true },
  ]
  for (const one of turned) expect(change(one).applied).toBe(true)
  expect(store.current()).toMatchObject({ rules: [deny], preset: 'balanced', readOnly: true, stopped: true })
  expect(change({ kind: 'remove-rule', id: store.current().rules[0]!.id }).applied).toBe(true)
})
const allow = { effect: 'allow' as const, tool: 'read_file' }
const add = (rule: Omit<Rule, 'id'>): PolicyChange => ({ kind: 'add-rule', rule })
const effects = (store: PolicyStore) => store.current().rules.map(rule => `${rule.effect} ${rule.tool}`)
/** The store looks at the file twice a second; here its clock goes on when told. */
const look = () => vi.advanceTimersByTime(500)
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
function until(what: () => boolean) {
  expect(what()).toBe(false)
  look()
  expect(what()).toBe(true)
}

test('nobody accepted anything yet: careful, no rules, and no file is made up', () => {
  const one = home()
  expect(one.open().store.current()).toEqual({
    preset: 'careful',
    folders: [],
    protected: CAREFUL.protected,
    limits: CAREFUL.limits,
    readOnly: false,
    stopped: false,
    rules: [],
    problem: null,
    serversByName: false,
  })
  expect(existsSync(one.path)).toBe(false)
})

test('a change in the window holds at once, in the file, and after a restart', () => {
  const one = home()
  const { store } = one.open()
  expect(store.change(add(allow), 'window', 'window:w')).toEqual({ applied: true, proposal: null })
  store.change({ kind: 'preset', preset: 'balanced' }, 'window', 'window:w')
  expect(JSON.parse(one.read())).toEqual({ preset: 'balanced', readOnly: false, rules: [{ ...allow, id: '1' }] })
  expect(statSync(one.path).mode & 0o777).toBe(0o600)
  store.close()
  expect(one.open().store.current()).toMatchObject({
    preset: 'balanced',
    rules: [{ ...allow, id: '1' }],
    problem: null,
  })
})

test('from the command line tightening holds at once and loosening waits', () => {
  const one = home()
  const { store, proposals } = one.open()
  store.change(add(allow), 'window', 'w')
  const tightening: PolicyChange[] = [
    add(deny),
    { kind: 'remove-rule', id: '1' },
    { kind: 'read-only', on: true },
    { kind: 'preset', preset: 'read-only' },
  ]
  for (const change of tightening) {
    expect(store.tightens(change)).toBe(true)
    expect(store.change(change, 'cli', 'cli')).toEqual({ applied: true, proposal: null })
  }
  const before = store.current()
  const loosening: PolicyChange[] = [
    add(allow),
    { kind: 'remove-rule', id: '2' },
    { kind: 'read-only', on: false },
    { kind: 'preset', preset: 'careful' },
  ]
  for (const change of loosening) {
    expect(store.tightens(change)).toBe(false)
    expect(store.change(change, 'cli', 'cli')).toEqual({ applied: false, proposal: expect.any(String) })
    expect(store.change(change, 'bridge', 'bridge')).toMatchObject({ applied: false })
  }
  expect(store.current()).toEqual(before)
  expect(proposals.list().map(({ before, after }) => [before, after])).toEqual([
    ['', 'Rule 3: Allow read_file'],
    ['Rule 2: Deny tools like drop_*', 'Nothing in their place'],
    ['Read-only on', 'Read-only off'],
    ['Preset Read-only', 'Preset Careful'],
  ])
})

test('an edit of the file tightens at once and proposes the rest; accepting takes exactly what was shown', async () => {
  const one = home()
  const { store, proposals, events } = one.open()
  store.change(add(allow), 'window', 'w')
  one.write({ preset: 'balanced', rules: [deny, { effect: 'allow', tool: 'everything_*' }] })
  until(() => effects(store).includes('deny drop_*'))
  expect(store.current()).toMatchObject({ preset: 'careful', problem: expect.stringContaining('waits for you') })
  expect(effects(store)).toEqual(['deny drop_*'])
  const [proposal] = proposals.list()
  expect(proposal).toMatchObject({
    from: 'policy.json',
    before: 'Preset Careful',
    after: 'Preset Balanced\nRule 3: Allow tools like everything_*',
  })
  expect(events.map(event => event.what)).toEqual(['policy/tightened', 'policy/proposed'])

  const shown = one.read()
  const accept = (id: string) =>
    proposals.accept(id, async what => {
      expect(store.change((what as { change: PolicyChange }).change, 'window', 'w')).toMatchObject({ applied: true })
    })
  one.write(shown.replace('everything_*', 'delete_*'))
  await expect(accept(proposal!.id)).rejects.toThrow('no longer what was shown')
  expect(effects(store)).toEqual(['deny drop_*'])
  one.write(shown)
  await expect.poll(() => proposals.list()[0]?.after).toBe(proposal!.after)
  await accept(proposals.list()[0]!.id)
  expect(effects(store)).toEqual(['deny drop_*', 'allow everything_*'])
  expect(store.current()).toMatchObject({ preset: 'balanced', problem: null })
  expect(proposals.list()).toEqual([])
})

test('the command line cannot take the file as it is when that loosens', () => {
  const one = home({ file: '{"rules":[{"effect":"allow"}]}' })
  const { store, proposals } = one.open()
  const sha256 = execFileSync('sha256sum', [one.path], { encoding: 'utf8' }).slice(0, 64)
  expect(store.change({ kind: 'file', sha256 }, 'cli', 'cli')).toMatchObject({ applied: false })
  expect(store.current().rules).toEqual([])
  expect(proposals.list().every(({ after }) => after === 'Rule 1: Allow everything')).toBe(true)
})

test.each<[string, string | Buffer, RegExp]>([
  ['half a file', '{"rules":[', /line 1, column 11/],
  ['no rules', '{}', /rules/],
  ['an unknown effect', '{"rules":[{"effect":"yes"}]}', /effect/],
  ['a mistyped condition', '{"rules":[{"effect":"allow","arguments":[{"path":"a","equal":1}]}]}', /equal/],
  ['a mistyped key', '{"rules":[{"effect":"allow","tols":"a"}]}', /tols/],
  [
    'a pattern that is none',
    '{"rules":[{"effect":"deny","arguments":[{"path":"a","pattern":"("}]}]}',
    /missing closing/,
  ],
  ['a name said twice', '{"rules":[],\n  "rules":[{"effect":"allow"}]}', /line 2, column 3: "rules" stands here twice/],
  ['an effect said twice', '{"rules":[{"effect":"deny","effect":"allow"}]}', /line 1, column 28: "effect"/],
  ['two megabytes', `{"rules":[]}${' '.repeat(2_000_000)}`, /cannot be read: it is no file of at most 1 MB/],
  // Read as text it would deny what nobody wrote.
  [
    'letters that are no UTF-8',
    Buffer.from('{"rules":[{"effect":"deny","tool":"l\xf6schen"}]}', 'latin1'),
    /cannot be read: it is no UTF-8 text/,
  ],
])('a file with %s changes nothing, is named, and is not overwritten', (_, text, problem) => {
  const one = home()
  const { store } = one.open()
  store.change(add(deny), 'window', 'w')
  one.write(text)
  until(() => store.current().problem !== null)
  expect(store.current().problem).toMatch(problem)
  store.change(add(allow), 'window', 'w')
  expect(effects(store)).toEqual(['deny drop_*', 'allow read_file'])
  expect(readFileSync(one.path).equals(Buffer.from(text as string))).toBe(true)
  one.write({ rules: [deny, allow] })
  until(() => store.current().problem === null)
})

test('a mark that some editors put in front of a text does not count, and tightening behind it holds', () => {
  const one = home({ file: `\uFEFF${JSON.stringify({ rules: [deny] })}` })
  const { store } = one.open()
  expect(effects(store)).toEqual(['deny drop_*'])
  expect(store.current().problem).toBeNull()
  store.change(add(allow), 'window', 'w')
  expect(JSON.parse(one.read()).rules).toHaveLength(2)
})

test('a policy.json that is a link (dotfiles) stays one; a link to what is no policy is not written through', () => {
  const one = home()
  const [theirs, other] = [join(one.folder, 'dotfile.json'), join(one.folder, 'other')]
  writeFileSync(theirs, JSON.stringify({ rules: [deny] }))
  symlinkSync(theirs, one.path)
  const { store } = one.open()
  store.change(add(allow), 'window', 'w')
  expect(lstatSync(one.path).isSymbolicLink()).toBe(true)
  expect(JSON.parse(readFileSync(theirs, 'utf8')).rules).toHaveLength(2)
  writeFileSync(other, 'Host example')
  rmSync(one.path)
  symlinkSync(other, one.path)
  until(() => store.current().problem !== null)
  store.change({ kind: 'read-only', on: true }, 'window', 'w')
  expect([readFileSync(other, 'utf8'), store.current().readOnly]).toEqual(['Host example', true])
  expect(effects(store)).toEqual(['deny drop_*', 'allow read_file'])
})

test('a pipe in the place of the file holds nobody up', () => {
  const one = home()
  execFileSync('mkfifo', [one.path])
  expect(one.open().store.current().problem).toMatch('cannot be read')
})

test('a removed file removes no rule', () => {
  const one = home()
  const { store } = one.open()
  store.change(add(deny), 'window', 'w')
  store.change(add(allow), 'window', 'w')
  rmSync(one.path)
  look()
  look()
  expect(effects(store)).toEqual(['deny drop_*', 'allow read_file'])
  store.close()
  expect(effects(one.open().store)).toEqual(['deny drop_*', 'allow read_file'])
  expect(existsSync(one.path)).toBe(true)
})

test('comments and what else people wrote stay when the window changes a rule', () => {
  const text =
    '{\n  // no drops, ever\n  "rules": [\n    { "effect": "deny", "tool": "drop_*" }, // since March\n    { "effect": "ask", "tool": "write_*" },\n  ],\n}\n'
  const one = home({ file: text })
  const { store } = one.open()
  expect(effects(store)).toEqual(['deny drop_*', 'ask write_*'])
  store.change(add(allow), 'window', 'w')
  store.change({ kind: 'remove-rule', id: '2' }, 'window', 'w')
  store.change({ kind: 'read-only', on: true }, 'window', 'w')
  expect(one.read()).toContain('// no drops, ever')
  expect(one.read()).toContain('// since March')
  store.close()
  expect(one.open().store.current()).toMatchObject({ readOnly: true, rules: [deny, allow], problem: null })
})

test.each(['value', 'mac'])(
  'a forged %s in state.db: careful, no rules, and stopped; the file still tightens and cannot loosen',
  column => {
    const one = home()
    const { store } = one.open()
    store.change(add(allow), 'window', 'w')
    store.change(add(deny), 'window', 'w')
    store.close()
    const forged = JSON.stringify({
      preset: 'balanced',
      readOnly: false,
      rules: [{ id: '1', effect: 'allow' }],
      lastRule: 1,
    })
    one.db
      .prepare(`UPDATE sealed SET ${column} = ? WHERE kind = 'policy'`)
      .run(column === 'value' ? forged : randomBytes(32))
    const again = one.open()
    expect(again.store.current()).toMatchObject({
      preset: 'careful',
      rules: [deny],
      stopped: true,
      problem: expect.stringContaining('edited by hand'),
    })
    expect(again.proposals.list()).toMatchObject([{ after: expect.stringContaining('Allow read_file') }])
    expect(again.store.change({ kind: 'stop', on: false }, 'cli', 'cli').applied).toBe(false)
    again.store.change({ kind: 'stop', on: false }, 'window', 'w')
    again.store.close()
    expect(one.open().store.current()).toMatchObject({ stopped: false, rules: [deny] })
  },
)

test('the keychain opens later: what was accepted comes back, and nothing is proposed twice', () => {
  const one = home()
  const first = one.open()
  first.store.change(add(allow), 'window', 'w')
  first.store.change(add(deny), 'window', 'w')
  first.store.close()
  one.lock(true)
  const { store, proposals, announcer } = one.open()
  expect(effects(store)).toEqual(['deny drop_*'])
  expect(proposals.list().length).toBe(1)
  one.lock(false)
  announcer.emit('vault/changed')
  expect(effects(store)).toEqual(['allow read_file', 'deny drop_*'])
  expect(store.current().problem).toBe(null)
  expect(proposals.list()).toEqual([])
})

test('a fixed policy has no file and no seal, and names servers by name', () => {
  const one = home({
    file: '{"rules":[{"effect":"deny"}]}',
    unattended: [{ id: 'file-1', effect: 'allow', server: 'files' }],
  })
  const { store } = one.open()
  expect(store.current()).toMatchObject({ rules: [{ id: 'file-1' }], serversByName: true, problem: null })
  expect(store.change(add(allow), 'cli', 'cli')).toMatchObject({ applied: false })
  expect(store.change({ kind: 'read-only', on: true }, 'cli', 'cli')).toMatchObject({ applied: true })
  expect(one.read()).toBe('{"rules":[{"effect":"deny"}]}')
})

test('on a full disk tightening still holds, and loosening fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-policy-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const put = () => {
    throw new Error('database or disk is full')
  }
  const proposals = { propose: put, withdraw: () => {} }
  const store = PolicyStore.open({
    folder,
    sealed: { get: () => undefined, isForged: () => false, put },
    announcer: new Announcer(),
    proposals,
  })
  closers.push(() => store.close())
  expect(store.change({ kind: 'read-only', on: true }, 'window', 'w')).toMatchObject({ applied: true })
  expect(() => store.change({ kind: 'read-only', on: false }, 'window', 'w')).toThrow('disk is full')
  expect(store.current().readOnly).toBe(true)
})

test('a policy.json that cannot be written is a problem, and the change holds', () => {
  const one = home()
  const { store } = one.open()
  mkdirSync(one.path)
  expect(store.change(add(deny), 'window', 'w')).toMatchObject({ applied: true })
  expect(effects(store)).toEqual(['deny drop_*'])
  expect(store.current().problem).toMatch('cannot be read')
})

test('protected values, folders and limits: tighter from the command line at once, looser waits; sealed, and in the file', () => {
  const one = home()
  const { store } = one.open()
  const cli = (change: Parameters<typeof store.change>[0]) => store.change(change, 'cli', 'cli').applied
  expect(cli({ kind: 'protect', set: 'branches', value: 'stable', on: true })).toBe(true)
  expect(cli({ kind: 'folder', path: '/work', on: true })).toBe(true)
  expect(cli({ kind: 'limit', limit: { tool: 'a', perMinute: 5 }, on: true })).toBe(true)
  expect(cli({ kind: 'protect', set: 'branches', value: 'main', on: false })).toBe(false)
  expect(cli({ kind: 'folder', path: '/other', on: true })).toBe(false)
  expect(cli({ kind: 'limit', limit: { tool: 'a', perMinute: 5 }, on: false })).toBe(false)
  const file = JSON.parse(one.read())
  expect(file.protected.branches).toEqual(['main', 'master', 'release/*', 'stable'])
  expect(file).toMatchObject({ folders: ['/work'], limits: [{ perMinute: 120_000 }, { tool: 'a', perMinute: 5 }] })
  const now = store.current()
  expect(one.open().store.current()).toMatchObject({
    folders: now.folders,
    protected: now.protected,
    limits: now.limits,
  })
})

test('a hand-edited file protects more at once, and less only after a person', () => {
  const one = home()
  one.write({ protected: { mine: ['vault-*'] }, folders: ['/w'], limits: [{ perMinute: 9 }], rules: [] })
  const { store } = one.open()
  expect(store.current()).toMatchObject({
    protected: { ...CAREFUL.protected, mine: ['vault-*'] },
    folders: ['/w'],
    limits: [{ perMinute: 9 }],
    problem: expect.stringContaining('waits for you'),
  })
})
