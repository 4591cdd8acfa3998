import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import type { AuditEvent } from '../../contract/audit.ts'
import { Announcer } from '../announce.ts'
import { type Db, openState } from './open.ts'
import { Rollback } from './rollback.ts'
import { Sealed } from './sealed.ts'

const Fact = z.object({ digest: z.string() })
const key = randomBytes(32)
let folder: string
let keychain: string | null
let db: Db
let rows: AuditEvent[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-rollback-'))
  keychain = null
  rows = []
  db = openState(folder)
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

/** A hub's start. `takes`: whether the keychain stores what it is given. */
function start(takes = () => true) {
  const sealed = new Sealed(db, () => key)
  const entry = {
    read: () => keychain,
    async write(text: string) {
      if (!takes()) throw new Error('locked')
      keychain = text
    },
  }
  const audit = { append: async (event: AuditEvent) => void rows.push(event) }
  const rollback = new Rollback({ sealed, hasKey: () => true, entry, announcer: new Announcer(), audit })
  rollback.compare()
  return { sealed, rollback, get: (kind: string, name: string) => sealed.get(kind, name, Fact)?.digest }
}

/** The file as it is now, kept aside; and put back later. */
function keep(): () => void {
  db.pragma('wal_checkpoint(TRUNCATE)')
  copyFileSync(join(folder, 'state.db'), join(folder, 'kept'))
  return () => {
    db.close()
    for (const end of ['-wal', '-shm']) rmSync(join(folder, `state.db${end}`), { force: true })
    copyFileSync(join(folder, 'kept'), join(folder, 'state.db'))
    db = openState(folder)
  }
}

async function agreedThenTakenBack() {
  const first = start()
  first.sealed.put('agreement', 'srv_a', { digest: 'evil' })
  first.sealed.put('off', 'srv_b', { digest: 'off' })
  first.sealed.put('window', 'win_a', { digest: 'mine' })
  const putBack = keep()
  first.sealed.remove('agreement', 'srv_a')
  await first.rollback.close()
  return putBack
}

test('an older file put back is told, and nothing of it counts that a person may have taken back', async () => {
  const putBack = await agreedThenTakenBack()
  putBack()
  const { sealed, rollback, get } = start()
  expect(rollback.problem).toMatch(/An older state\.db was put back \(1 changes/)
  expect(get('agreement', 'srv_a')).toBeUndefined()
  expect(sealed.list('agreement', Fact)).toEqual([])
  expect(get('off', 'srv_b')).toBe('off')
  expect(get('window', 'win_a')).toBe('mine')
  expect(rows).toMatchObject([{ kind: 'refused', what: 'store/rolled-back' }])
  sealed.put('agreement', 'srv_c', { digest: 'meanwhile' })
  expect(get('agreement', 'srv_c')).toBe('meanwhile')
})

test('“ask me again for everything”: the old facts are gone for good, what was decided meanwhile stays', async () => {
  const putBack = await agreedThenTakenBack()
  putBack()
  const { sealed, rollback, get } = start()
  sealed.put('agreement', 'srv_c', { digest: 'meanwhile' })
  rollback.settle('forget', 'window:w')
  expect(rollback.problem).toBeNull()
  expect(get('agreement', 'srv_a')).toBeUndefined()
  expect(get('agreement', 'srv_c')).toBe('meanwhile')
  expect(get('off', 'srv_b')).toBe('off')
  await rollback.close()
  const next = start()
  expect(next.rollback.problem).toBeNull()
  expect(next.get('agreement', 'srv_a')).toBeUndefined()
  expect(next.get('agreement', 'srv_c')).toBe('meanwhile')
  expect(rows.at(-1)).toMatchObject({ what: 'store/forgotten', by: 'window:w' })
})

test('“I put it back”: it counts again, and stays so', async () => {
  const putBack = await agreedThenTakenBack()
  putBack()
  const { rollback, get } = start()
  rollback.settle('believe', 'window:w')
  expect(get('agreement', 'srv_a')).toBe('evil')
  await rollback.close()
  expect(start().rollback.problem).toBeNull()
  expect(() => rollback.settle('believe', 'window:w')).toThrow('in doubt')
})

test.each([
  ['one row put back as it was', `INSERT INTO sealed SELECT * FROM kept WHERE kind = 'agreement'`],
  [
    'its list of names with it',
    `INSERT OR REPLACE INTO sealed SELECT * FROM kept WHERE kind IN ('agreement', '#keys')`,
  ],
  ['a row taken out', `DELETE FROM sealed WHERE kind = 'off'`],
  [
    'all but the counter put back',
    `DELETE FROM sealed WHERE kind <> '#generation'; INSERT INTO sealed SELECT * FROM kept WHERE kind <> '#generation'`,
  ],
  ['the counter taken out', `DELETE FROM sealed WHERE kind = '#generation'`],
  ['everything taken out', `DELETE FROM sealed`],
])('%s: told', async (_, attack) => {
  const { sealed, rollback } = start()
  sealed.put('agreement', 'srv_a', { digest: 'evil' })
  sealed.put('off', 'srv_b', { digest: 'off' })
  db.exec('CREATE TEMP TABLE kept AS SELECT * FROM sealed')
  sealed.remove('agreement', 'srv_a')
  await rollback.close()
  db.exec(attack)
  const next = start()
  expect(next.rollback.problem).not.toBeNull()
  expect(next.get('agreement', 'srv_a')).toBeUndefined()
})

test('a fork: two files that went on from the same place are not the same', async () => {
  const { sealed, rollback } = start()
  sealed.put('trust', 'a', { digest: '1' })
  const putBack = keep()
  sealed.put('trust', 'b', { digest: 'one way' })
  await rollback.close()
  const newest = keychain
  putBack()
  keychain = null
  const other = start()
  other.sealed.put('trust', 'b', { digest: 'another way' })
  await other.rollback.close()
  keychain = newest
  expect(start().rollback.problem).not.toBeNull()
})

test('a crash after the file and before the keychain is no rollback; nor is a keychain that was away', async () => {
  let takes = true
  const { sealed, rollback, get } = start(() => takes)
  sealed.put('agreement', 'srv_a', { digest: '1' })
  await rollback.close()
  takes = false
  sealed.put('agreement', 'srv_b', { digest: '2' })
  sealed.remove('agreement', 'srv_a')
  await rollback.close()
  const next = start()
  expect(next.rollback.problem).toBeNull()
  expect(next.get('agreement', 'srv_b')).toBe('2')
  expect(get('agreement', 'srv_a')).toBeUndefined()
  await next.rollback.close()
  expect(JSON.parse(keychain!)).toEqual(next.sealed.generation().said)
})

test('a folder of an older version, without a counter, goes on and has one from then on', async () => {
  const older = new Sealed(db, () => key)
  older.put('agreement', 'srv_a', { digest: '1' })
  db.exec(`DELETE FROM sealed WHERE kind = '#generation'`)
  const { rollback, get } = start()
  expect(rollback.problem).toBeNull()
  expect(get('agreement', 'srv_a')).toBe('1')
  await rollback.close()
  expect(keychain).not.toBeNull()
})
