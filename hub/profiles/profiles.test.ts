// Profiles on a real state.db: there again after a restart, with and without a keychain, whoever edits the file.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { Kv } from '../store/kv.ts'
import { type Db, openState } from '../store/open.ts'
import { Sealed } from '../store/sealed.ts'
import { Profiles } from './profiles.ts'

let folder: string
let db: Db
let key: Buffer | null
let announcer: Announcer

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-profiles-'))
  db = openState(folder)
  key = Buffer.alloc(32, 1)
  announcer = new Announcer()
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

const sealedNow = () => new Sealed(db, () => key)
const open = (sealed = sealedNow()) => new Profiles({ sealed, kv: new Kv(db), announcer })
const a = { server: 'srv_a' }
const tool = { server: 'srv_b', tool: 'rm' }

test('hides a server and all its tools, or one tool of another; what is not named is shown', () => {
  const profiles = open()
  expect(profiles.of('zed')).toBe(null)
  profiles.change('zed', [a, tool], [])
  const profile = profiles.of('zed')!
  expect([profile.hidesServer('srv_a'), profile.hidesTool('srv_a', 'any')]).toEqual([true, true])
  expect([profile.hidesServer('srv_b'), profile.hidesTool('srv_b', 'rm')]).toEqual([false, true])
  expect(profile.hidesTool('srv_b', 'ls')).toBe(false)
  expect(profiles.of('other')).toBe(null)
})

test('only what is another is told and undone: hiding twice, or showing what is shown, changes nothing', () => {
  const profiles = open()
  const told: string[] = []
  announcer.on('profiles/changed', client => told.push(client))
  profiles.change('zed', [a], [])
  profiles.change('zed', [a], [tool])
  expect(told).toEqual(['zed'])
  expect(profiles.wouldBe('zed', [a, tool], [])).toMatchObject({ hide: [tool], show: [] })
})

test('is there again after a restart, also where there is no keychain', () => {
  for (const with_ of [key, null]) {
    key = with_
    open().change(`zed${String(with_)}`, [a], [])
    expect(open().of(`zed${String(with_)}`)?.hidden).toEqual([a])
  }
})

test('rows that a program took out, emptied or wrote by hand show nothing more', () => {
  const edits = [
    "DELETE FROM kv WHERE key = 'profiles'",
    "UPDATE kv SET value = '{}' WHERE key = 'profiles'",
    "UPDATE kv SET value = 'no JSON' WHERE key = 'profiles'",
    "DELETE FROM sealed WHERE kind = 'profile'",
    `UPDATE sealed SET value = '{"hidden":[]}' WHERE kind = 'profile'`,
  ]
  for (const edit of edits) {
    open().change('zed', [a, tool], [])
    db.exec(edit)
    expect([edit, open().of('zed')?.hidden.length]).toEqual([edit, 2])
  }
})

test('what was hidden while the keychain was shut, and what was hidden before, both hold once it opens', () => {
  open().change('zed', [a], [])
  db.exec("DELETE FROM kv WHERE key = 'profiles'")
  const [then, sealed] = [key, sealedNow()]
  key = null
  const profiles = open(sealed)
  profiles.change('zed', [tool], [])
  expect(profiles.of('zed')?.hidden).toEqual([tool])
  key = then
  sealed.rekey({ known: true })
  announcer.emit('vault/changed')
  expect(profiles.of('zed')?.hidden).toEqual(expect.arrayContaining([a, tool]))
})

test('a full disk does not keep anybody from hiding, and shows nothing more', () => {
  const profiles = open()
  profiles.change('zed', [a], [])
  db.pragma('query_only = ON')
  profiles.change('zed', [tool], [])
  expect(profiles.of('zed')?.hidden).toEqual([a, tool])
  expect(() => profiles.change('zed', [], [a])).toThrow()
  expect(profiles.of('zed')?.hidden).toEqual([a, tool])
})

test('a client that is no more takes its profile along', () => {
  const profiles = open()
  profiles.change('other-1', [a], [])
  profiles.forget('other-1')
  expect([profiles.of('other-1'), open().of('other-1')]).toEqual([null, null])
})
