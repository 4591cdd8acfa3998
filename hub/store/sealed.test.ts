import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type Db, openState } from './open.ts'
import { Sealed } from './sealed.ts'

const Fact = z.object({ digest: z.string() })
const key = randomBytes(32)
let folder: string
let db: Db

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-sealed-'))
  db = openState(folder)
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

function open(with_: () => Buffer | null = () => key): { sealed: Sealed; forged: string[] } {
  const sealed = new Sealed(db, with_)
  const forged: string[] = []
  sealed.onForged = (kind, k) => forged.push(`${kind}/${k}`)
  return { sealed, forged }
}

test('what was put is there again after a restart', () => {
  open().sealed.put('agreement', 'srv_a', { digest: '1' })
  const { sealed, forged } = open()
  expect(sealed.get('agreement', 'srv_a', Fact)).toEqual({ digest: '1' })
  expect(sealed.list('agreement', Fact)).toEqual([{ key: 'srv_a', value: { digest: '1' } }])
  sealed.remove('agreement', 'srv_a')
  expect(sealed.get('agreement', 'srv_a', Fact)).toBeUndefined()
  expect(forged).toEqual([])
})

test.each([
  ['edited', `UPDATE sealed SET value = '{"digest":"2"}' WHERE key = 'srv_a'`],
  [
    'copied over from another key',
    `UPDATE sealed SET (value, mac) = (SELECT value, mac FROM sealed WHERE key = 'srv_b') WHERE key = 'srv_a'`,
  ],
  [
    'copied over from another kind',
    `UPDATE sealed SET (value, mac) = (SELECT value, mac FROM sealed WHERE kind = 'trust') WHERE key = 'srv_a' AND kind = 'agreement'`,
  ],
  ['given a mac of another length', `UPDATE sealed SET mac = x'00' WHERE key = 'srv_a'`],
  ['taken out', `DELETE FROM sealed WHERE key = 'srv_a'`],
])('a row that was %s by hand is not there, and is reported once', (_, attack) => {
  const first = open().sealed
  first.put('agreement', 'srv_a', { digest: '1' })
  first.put('agreement', 'srv_b', { digest: '2' })
  first.put('trust', 'srv_a', { digest: '3' })
  db.exec(attack)
  const { sealed, forged } = open()
  expect(sealed.get('agreement', 'srv_a', Fact)).toBeUndefined()
  expect(sealed.list('agreement', Fact)).toEqual([{ key: 'srv_b', value: { digest: '2' } }])
  expect(sealed.get('agreement', 'srv_a', Fact)).toBeUndefined()
  expect(forged).toEqual(['agreement/srv_a'])
})

test('a row inserted by hand, or sealed with another key, is not there', () => {
  open(() => randomBytes(32)).sealed.put('agreement', 'srv_x', { digest: '1' })
  const { sealed, forged } = open()
  expect(sealed.get('agreement', 'srv_x', Fact)).toBeUndefined()
  expect(forged).toEqual(['agreement/srv_x'])
})

test('without a keychain facts live in memory, and are written once it appears', () => {
  let now: Buffer | null = null
  open().sealed.put('agreement', 'srv_old', { digest: '0' })
  const { sealed, forged } = open(() => now)
  sealed.put('agreement', 'srv_a', { digest: '1' })
  sealed.remove('agreement', 'srv_old')
  expect(sealed.get('agreement', 'srv_a', Fact)).toEqual({ digest: '1' })
  expect(open().sealed.get('agreement', 'srv_a', Fact)).toBeUndefined()
  now = key
  sealed.rekey({ known: false })
  expect(open().sealed.list('agreement', Fact)).toEqual([{ key: 'srv_a', value: { digest: '1' } }])
  expect(forged).toEqual([])
})

test('in a folder the keychain knows, nothing that was put while it was away takes a place; what was switched off stays off', () => {
  let now: Buffer | null = null
  const before = open().sealed
  before.put('policy', 'state', { digest: 'deny all' })
  before.put('off', 'srv_off', { digest: '0' })
  const { sealed } = open(() => now)
  sealed.put('policy', 'state', { digest: 'nothing' })
  sealed.put('window', 'win_evil', { digest: 'x' })
  sealed.put('off', 'srv_a', { digest: '1' })
  sealed.remove('off', 'srv_off')
  now = key
  sealed.rekey({ known: true })
  expect(sealed.get('policy', 'state', Fact)).toEqual({ digest: 'deny all' })
  expect(sealed.list('window', Fact)).toEqual([])
  expect(sealed.list('off', Fact).map(one => one.key)).toEqual(['srv_a', 'srv_off'])
})

test('a genuine row of an older shape is not there and is no forgery', () => {
  const { sealed, forged } = open()
  sealed.put('agreement', 'srv_a', { digest: 1 })
  expect(sealed.get('agreement', 'srv_a', Fact)).toBeUndefined()
  expect(forged).toEqual([])
})

test('what stood there and was edited or taken out by hand is known; what never stood there is not', () => {
  const { sealed } = open()
  for (const name of ['edited', 'gone', 'whole']) sealed.put('off', name, { at: 1 })
  expect(sealed.hasForged).toBe(false)
  db.prepare("UPDATE sealed SET value = '{}' WHERE key = 'edited'").run()
  expect(sealed.hasForged).toBe(true)
  db.prepare("DELETE FROM sealed WHERE key = 'gone'").run()
  const forged = (one: Sealed) => ['edited', 'gone', 'whole', 'never'].map(name => one.isForged('off', name))
  expect(forged(sealed)).toEqual([true, true, false, false])
  sealed.put('off', 'edited', { at: 2 })
  expect([sealed.isForged('off', 'edited'), forged(open(() => null).sealed)]).toEqual([
    false,
    [false, false, false, false],
  ])
})
