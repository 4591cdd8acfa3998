import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Sealed } from '../store/sealed.ts'
import { Proposals } from './proposals.ts'

const key = randomBytes(32)
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

function proposals() {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-proposals-'))
  const db = openState(folder)
  closers.push(
    () => db.close(),
    () => rmSync(folder, { recursive: true, force: true }),
  )
  const sealed = new Sealed(db, () => key)
  return { db, sealed, made: new Proposals({ db, sealed, announcer: new Announcer() }) }
}
const wish = {
  from: 'cli',
  what: 'Read-only',
  before: 'on',
  after: 'off',
  apply: { kind: 'policy', change: { kind: 'read-only', on: false } },
}

async function accepted(made: Proposals, id: string): Promise<unknown> {
  const applied: unknown[] = []
  await made.accept(id, async what => applied.push(what))
  return applied[0]
}

test('a proposal waits, is accepted once, and is gone', async () => {
  const { made } = proposals()
  const { id } = made.propose(wish)
  expect(made.list()).toEqual([
    { id, at: expect.any(Number), from: 'cli', what: 'Read-only', before: 'on', after: 'off' },
  ])
  expect(await accepted(made, id)).toEqual(wish.apply)
  expect(made.list()).toEqual([])
  await expect(accepted(made, id)).rejects.toThrow('No such proposal waits.')
})

test('accepted in two windows at once it is applied once; where that fails it goes on waiting', async () => {
  const { made } = proposals()
  const { id } = made.propose(wish)
  const full = () => Promise.reject(new Error('The audit log cannot be written.'))
  await expect(made.accept(id, full)).rejects.toThrow('cannot be written')
  expect(made.list()).toHaveLength(1)
  const both = await Promise.allSettled([accepted(made, id), accepted(made, id)])
  expect(both.map(one => one.status)).toEqual(['fulfilled', 'rejected'])
  expect(made.list()).toEqual([])
})

test('the same wish is kept once, and what is refused is gone', () => {
  const { made } = proposals()
  const { id } = made.propose(wish)
  expect(made.propose(wish).id).toBe(id)
  made.refuse(id)
  expect(made.list()).toEqual([])
  expect(() => made.refuse(id)).toThrow('No such proposal waits.')
})

test('it outlives the hub', async () => {
  const { db, made } = proposals()
  const { id } = made.propose(wish)
  const later = new Proposals({ db, sealed: new Sealed(db, () => key), announcer: new Announcer() })
  expect(await accepted(later, id)).toEqual(wish.apply)
})

test.each(['what', 'before', 'after', 'apply', 'asked_from', 'id'])(
  'a row whose %s was edited by hand is not there',
  async column => {
    const { db, made } = proposals()
    const { id } = made.propose(wish)
    const value =
      column === 'apply' ? '{"kind":"policy","change":{"kind":"add-rule","rule":{"effect":"allow"}}}' : 'harmless'
    db.prepare(`UPDATE proposals SET ${column} = ?`).run(value)
    expect(made.list()).toEqual([])
    await expect(accepted(made, id)).rejects.toThrow('No such proposal waits.')
    await expect(accepted(made, 'harmless')).rejects.toThrow('No such proposal waits.')
  },
)

test('a row put in by hand is not there, also with the seal of another', () => {
  const { db, made } = proposals()
  const { id } = made.propose(wish)
  db.prepare("INSERT INTO proposals SELECT 'mine', at, asked_from, what, before, after, apply FROM proposals").run()
  db.prepare("INSERT INTO sealed SELECT kind, 'mine', value, mac FROM sealed WHERE kind = 'proposal'").run()
  expect(made.list().map(one => one.id)).toEqual([id])
})

test('fifty wait at most', () => {
  const { made } = proposals()
  for (let n = 0; n < 50; n++) made.propose({ ...wish, after: String(n) })
  expect(() => made.propose(wish)).toThrow('50 proposals wait for a person already.')
  expect(made.list().length).toBe(50)
})
