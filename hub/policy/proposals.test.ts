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

test('a proposal waits, is accepted once, and is gone', () => {
  const { made } = proposals()
  const { id } = made.propose(wish)
  expect(made.list()).toEqual([
    { id, at: expect.any(Number), from: 'cli', what: 'Read-only', before: 'on', after: 'off' },
  ])
  expect(made.accept(id)).toEqual(wish.apply)
  expect(made.list()).toEqual([])
  expect(() => made.accept(id)).toThrow('No such proposal waits.')
})

test('the same wish is kept once, and what is refused is gone', () => {
  const { made } = proposals()
  const { id } = made.propose(wish)
  expect(made.propose(wish).id).toBe(id)
  made.refuse(id)
  expect(made.list()).toEqual([])
  expect(() => made.refuse(id)).toThrow('No such proposal waits.')
})

test('it outlives the hub', () => {
  const { db, made } = proposals()
  const { id } = made.propose(wish)
  const later = new Proposals({ db, sealed: new Sealed(db, () => key), announcer: new Announcer() })
  expect(later.accept(id)).toEqual(wish.apply)
})

test.each(['what', 'before', 'after', 'apply', 'asked_from', 'id'])(
  'a row whose %s was edited by hand is not there',
  column => {
    const { db, made } = proposals()
    const { id } = made.propose(wish)
    const value =
      column === 'apply' ? '{"kind":"policy","change":{"kind":"add-rule","rule":{"effect":"allow"}}}' : 'harmless'
    db.prepare(`UPDATE proposals SET ${column} = ?`).run(value)
    expect(made.list()).toEqual([])
    expect(() => made.accept(id)).toThrow('No such proposal waits.')
    expect(() => made.accept('harmless')).toThrow('No such proposal waits.')
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
