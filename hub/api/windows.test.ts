import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import type { AuditEvent } from '../../contract/audit.ts'
import { type Challenge, type Proof, proofText } from '../../contract/hello.ts'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Sealed } from '../store/sealed.ts'
import { Windows } from './windows.ts'

let windows: Windows
let recorded: string[]
let kept: string | null
let again: () => Windows
let db: ReturnType<typeof openState>

beforeEach(() => {
  db = openState(mkdtempSync(join(tmpdir(), 'windows-')))
  const key = Buffer.alloc(32, 7)
  recorded = []
  kept = null
  again = () =>
    new Windows({
      sealed: new Sealed(db, () => key),
      door: {
        read: () => kept,
        write: async text => {
          kept = text
        },
      },
      announcer: new Announcer(),
      audit: { append: async (event: AuditEvent) => void recorded.push(event.what) },
    })
  windows = again()
})

interface Browser {
  publicKey: string
  privateKey: KeyObject
}

function browser(): Browser {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64url'), privateKey }
}

function signature(challenge: Challenge, key: KeyObject): string {
  return sign('sha256', Buffer.from(proofText(challenge)), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}

async function pair(code: string, pin?: string, by = browser()) {
  const challenge = windows.challenge('folder', '127.0.0.1:1')
  const proof: Proof = {
    kind: 'pair',
    code,
    publicKey: by.publicKey,
    name: 'Firefox',
    signature: signature(challenge, by.privateKey),
    ...(pin === undefined ? {} : { pin }),
  }
  const verdict = await windows.check(proof, challenge)
  return { verdict, by }
}

async function comeBack(window: string, by: Browser, address = '127.0.0.1:1', signedFor = address) {
  const challenge = windows.challenge('folder', address)
  return windows.check(
    { kind: 'key', window, signature: signature({ ...challenge, address: signedFor }, by.privateKey) },
    challenge,
  )
}

test('the first link pairs a window, which then proves itself by its key alone', async () => {
  const { verdict, by } = await pair(windows.newCode(), '4711')
  if (verdict.kind !== 'accepted') throw new Error(verdict.kind)
  expect(verdict.firstPairing).toBe(true)
  expect((await comeBack(verdict.window, by)).kind).toBe('accepted')
  expect((await comeBack(verdict.window, browser())).kind).toBe('unknown-key')
  // Signed for another listener of this machine: no good here.
  expect((await comeBack(verdict.window, by, '127.0.0.1:1', '127.0.0.1:2')).kind).toBe('unknown-key')
})

test('every later pairing needs the PIN; five wrong ones use the link up', async () => {
  await pair(windows.newCode(), '4711')
  const code = windows.newCode()
  expect((await pair(code)).verdict.kind).toBe('pin-needed')
  for (let i = 0; i < 5; i++) expect((await pair(code, '0000')).verdict.kind).toBe('pin-wrong')
  expect((await pair(code, '4711')).verdict.kind).toBe('link-expired')
  expect((await pair(windows.newCode(), '4711')).verdict.kind).toBe('accepted')
  expect(recorded.filter(what => what === 'window/pin-wrong').length).toBe(5)
})

test('until a PIN was chosen or refused in the first window, no second one is paired', async () => {
  await pair(windows.newCode())
  expect((await pair(windows.newCode())).verdict.kind).toBe('refused')
  await windows.pin.set(null, undefined, 'window:a')
  expect(windows.pin.state).toBe('skipped')
  expect((await pair(windows.newCode())).verdict.kind).toBe('accepted')
})

test('a link used twice is refused, and the window it paired is revoked', async () => {
  const code = windows.newCode()
  const { verdict, by } = await pair(code, '4711')
  if (verdict.kind !== 'accepted') throw new Error(verdict.kind)
  const end = vi.fn()
  windows.opened(verdict.window, end)
  expect((await pair(code)).verdict.kind).toBe('link-used')
  expect(end).toHaveBeenCalledOnce()
  expect((await comeBack(verdict.window, by)).kind).toBe('unknown-key')
})

test('two windows that use one link at the same moment: one is paired at most', async () => {
  await pair(windows.newCode(), '4711')
  const code = windows.newCode()
  const both = await Promise.all([pair(code, '4711'), pair(code, '4711')])
  expect(both.filter(({ verdict }) => verdict.kind === 'accepted').length).toBeLessThan(2)
})

test('a link lives two minutes, and an unknown code pairs nothing', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const code = windows.newCode()
    vi.setSystemTime(Date.now() + 121_000)
    expect((await pair(code)).verdict.kind).toBe('link-expired')
  } finally {
    vi.useRealTimers()
  }
  expect((await pair('guess')).verdict.kind).toBe('link-expired')
  expect(windows.list()).toEqual([])
})

test('a proof without the key it names pairs nothing', async () => {
  const challenge = windows.challenge('folder', 'a')
  const verdict = await windows.check(
    {
      kind: 'pair',
      code: windows.newCode(),
      publicKey: browser().publicKey,
      name: 'x',
      signature: signature(challenge, browser().privateKey),
    },
    challenge,
  )
  expect(verdict.kind).toBe('refused')
})

test('changing the PIN needs the old one', async () => {
  await windows.pin.set('1234', undefined, 'window:a')
  await expect(windows.pin.set(null, undefined, 'window:a')).rejects.toThrow('old PIN')
  await expect(windows.pin.set(null, '9999', 'window:a')).rejects.toThrow('old PIN')
  await windows.pin.set('5678', '1234', 'window:a')
  expect(await windows.pin.isRight('5678', 'cli')).toBe(true)
})

test('many wrong PINs stop the guessing for an hour', async () => {
  await windows.pin.set('1234', undefined, 'window:a')
  const tries = await Promise.allSettled(Array.from({ length: 30 }, (_, n) => windows.pin.isRight(`no${n}`, 'cli')))
  expect(tries.filter(one => one.status === 'rejected').length).toBeGreaterThan(5)
  await expect(windows.pin.isRight('1234', 'cli')).rejects.toThrow('Too many')
})

test('a restart gives no new tries, and a paired window that changes the PIN is not stopped by others’ tries', async () => {
  await windows.pin.set('1234', undefined, 'window:a')
  await Promise.allSettled(Array.from({ length: 20 }, (_, n) => windows.pin.isRight(`no${n}`, 'cli')))
  expect(recorded.filter(what => what === 'window/pin-wrong').length).toBe(20)
  const restarted = again()
  await expect(restarted.pin.isRight('1234', 'cli')).rejects.toThrow('Too many')
  await restarted.pin.set('5678', '1234', 'window:a')
  expect(recorded.at(-1)).toBe('window/pin-set')
})

test('where the last window was revoked, the PIN is still asked for', async () => {
  const code = windows.newCode()
  const { verdict } = await pair(code, '4711')
  expect(verdict.kind).toBe('accepted')
  expect((await pair(code)).verdict.kind).toBe('link-used')
  expect((await pair(code)).verdict.kind).toBe('link-used')
  expect(windows.list()).toEqual([])
  expect((await pair(windows.newCode())).verdict.kind).toBe('pin-needed')
  expect((await pair(windows.newCode(), '0000')).verdict.kind).toBe('pin-wrong')
  expect((await pair(windows.newCode(), '4711')).verdict).toMatchObject({ kind: 'accepted', firstPairing: false })
})

test('an older state database put back does not bring back a window that was revoked', async () => {
  const { verdict, by } = await pair(windows.newCode(), '4711')
  if (verdict.kind !== 'accepted') throw new Error(verdict.kind)
  const rows = db.prepare('SELECT * FROM sealed').all() as Record<string, unknown>[]
  windows.revoke(verdict.window, 'window:b')
  db.prepare('DELETE FROM sealed').run()
  for (const { kind, key, value, mac } of rows)
    db.prepare('INSERT INTO sealed VALUES (?,?,?,?)').run(kind, key, value, mac)
  expect((await comeBack(verdict.window, by)).kind).toBe('unknown-key')
  expect(again().list()).toEqual([])
  expect((await pair(windows.newCode())).verdict.kind).toBe('pin-needed')
})

test.each(['', '{', '{"pin":{"kind":"set"}}'])('a keychain entry %j that cannot be read lets nobody in', async text => {
  kept = text
  expect((await pair(windows.newCode())).verdict.kind).toBe('pin-needed')
  kept = text
  expect((await pair(windows.newCode(), '4711')).verdict.kind).toBe('pin-wrong')
})

test('while the first window’s PIN is made, a second link is no first one', async () => {
  const [one, two] = await Promise.all([pair(windows.newCode(), '4711'), pair(windows.newCode())])
  expect([one.verdict.kind, two.verdict.kind]).toEqual(['accepted', 'refused'])
})

test('a window paired at the hub’s own port is not let in by another name for it', async () => {
  const { verdict, by } = await pair(windows.newCode(), '4711')
  if (verdict.kind !== 'accepted') throw new Error(verdict.kind)
  const challenge = windows.challenge('folder', '127.0.0.1:9')
  const proof = { kind: 'key' as const, window: verdict.window, signature: signature(challenge, by.privateKey) }
  expect((await windows.check(proof, challenge, false)).kind).toBe('unknown-key')
  expect((await windows.check(proof, challenge, true)).kind).toBe('accepted')
})
