import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataFolder } from './data-folder.ts'
import { Listings } from './listings.ts'
import { takeLock } from './lock.ts'
import { mountTypeOf, networkFileSystem } from './network-fs.ts'
import { openDatabase, openState } from './open.ts'
import { ProposalRows } from './proposals.ts'
import { Written } from './written.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-store-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

test('the data folder is made private, keeps its id, and says when it is new', () => {
  const first = openDataFolder(join(root, 'a', 'b'))
  const again = openDataFolder(join(root, 'a', 'b'))
  expect(mode(first.path)).toBe('700')
  expect(mode(join(first.path, 'id'))).toBe('600')
  expect([first.created, again.created, again.id]).toEqual([true, false, first.id])
})

test('files that others could read are made private at start; what a symlink points to is left alone', () => {
  const path = join(root, 'data')
  mkdirSync(join(path, 'logs'), { recursive: true, mode: 0o755 })
  writeFileSync(join(path, 'config.json.old'), '{}')
  writeFileSync(join(path, 'logs', 'a.log'), '')
  writeFileSync(join(root, 'dotfile'), '{}')
  for (const open of ['data/config.json.old', 'data/logs/a.log', 'dotfile']) chmodSync(join(root, open), 0o644)
  symlinkSync(join(root, 'dotfile'), join(path, 'config.json'))
  openDataFolder(path)
  expect(
    ['data', 'data/logs', 'data/config.json.old', 'data/logs/a.log', 'dotfile'].map(p => mode(join(root, p))),
  ).toEqual(['700', '700', '600', '600', '644'])
})

test('databases and their journals are private whatever the umask', () => {
  const before = process.umask(0)
  try {
    const db = openState(root)
    new Listings(db).put('srv_a', 'd', '{}')
    expect(['state.db', 'state.db-wal', 'state.db-shm'].map(f => mode(join(root, f)))).toEqual(['600', '600', '600'])
    db.close()
  } finally {
    process.umask(before)
  }
})

test.each([
  [0x6969, null, 'NFS'],
  [0xff534d42, null, 'CIFS'],
  [0xff534d42 | 0, null, 'CIFS'],
  [0x65735546, 'fuse.sshfs', 'fuse.sshfs'],
  [0x65735546, 'fuse.gocryptfs', null],
  [0x65735546, 'virtiofs', null],
  [0xef53, 'ext4', null],
])('statfs type %i on a mount of type %s is a network file system: %s', (magic, type, name) => {
  expect(networkFileSystem(magic, type)).toBe(name)
})

test('the mount that holds a path is the deepest one, spaces and all', () => {
  const info = [
    '1 0 8:1 / / rw - ext4 /dev/a rw',
    '2 1 0:5 / /mnt/my\\040box rw shared:1 - fuse.sshfs me@box: rw',
  ].join('\n')
  expect(mountTypeOf('/mnt/my box/data', info)).toBe('fuse.sshfs')
  expect(mountTypeOf('/mnt/my boxes', info)).toBe('ext4')
})

const holder = `import { takeLock } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))}
takeLock(process.argv[1]); setTimeout(() => { globalThis.gc(); setTimeout(() => console.log('held'), 100) }, 100); setInterval(() => {}, 1000)`

test('a second hub is refused while one holds the folder, and let in as soon as that one is killed', async () => {
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', holder, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await once(child.stdout, 'data')
    expect(() => takeLock(root)).toThrow(expect.objectContaining({ code: 'hub/already-running' }))
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const lock = takeLock(root)
  expect(() => takeLock(root)).toThrow(expect.objectContaining({ code: 'hub/already-running' }))
  lock.close()
  takeLock(root).close()
})

test('a database of a newer version is refused and not changed', () => {
  openState(root).close()
  const db = new Database(join(root, 'state.db'))
  db.pragma('user_version = 999')
  db.close()
  expect(() => openState(root)).toThrow(
    expect.objectContaining({ code: 'store/newer', message: expect.stringContaining('999') }),
  )
})

test('an older database is copied aside before it is migrated', () => {
  const steps = join(root, 'steps')
  mkdirSync(steps)
  writeFileSync(join(steps, '0001-start.sql'), 'CREATE TABLE a (x)')
  const path = join(root, 'x.db')
  const first = openDatabase(path, steps)
  first.exec('INSERT INTO a VALUES (7)')
  first.close()
  writeFileSync(join(steps, '0002-more.sql'), 'ALTER TABLE a ADD COLUMN y')
  const second = openDatabase(path, steps)
  expect(second.prepare('SELECT * FROM a').all()).toEqual([{ x: 7, y: null }])
  second.close()
  const copy = readdirSync(root).find(name => /^x\.version-1\.\d+\.db$/.test(name))!
  expect(mode(join(root, copy))).toBe('600')
  const old = new Database(join(root, copy), { readonly: true })
  expect(old.prepare('SELECT * FROM a').all()).toEqual([{ x: 7 }])
  old.close()
})

test('a migration that fails leaves the database as it was', () => {
  const steps = join(root, 'steps')
  mkdirSync(steps)
  writeFileSync(join(steps, '0001-start.sql'), 'CREATE TABLE a (x); CREATE TABLE a (x)')
  expect(() => openDatabase(join(root, 'x.db'), steps)).toThrow(expect.objectContaining({ code: 'store/damaged' }))
  const db = new Database(join(root, 'x.db'), { readonly: true })
  expect(db.prepare('SELECT name FROM sqlite_schema').all()).toEqual([])
  db.close()
})

test('a file that is no database is named, and left as it is', () => {
  writeFileSync(join(root, 'state.db'), 'x'.repeat(5000))
  expect(() => openState(root)).toThrow(expect.objectContaining({ code: 'store/damaged' }))
  expect(statSync(join(root, 'state.db')).size).toBe(5000)
  expect(existsSync(join(root, 'state.db-wal'))).toBe(false)
})

test('an intent outlives the hub until it is finished or dropped', () => {
  const row = {
    client: 'cursor',
    path: '/c.json',
    entry: 'gatehouse',
    action: 'connect' as const,
    hashBefore: null,
    hashAfter: 'aa',
    backup: null,
    at: 5,
  }
  let db = openState(root)
  const [first, second] = [new Written(db).intend(row), new Written(db).intend({ ...row, client: 'claude-code' })]
  db.close()
  db = openState(root)
  const written = new Written(db)
  expect(written.intents().map(i => i.client)).toEqual(['cursor', 'claude-code'])
  const id = written.finish(first)
  written.drop(second)
  expect(written.intents()).toEqual([])
  expect(written.last('cursor')).toEqual({ id, ...row })
  expect(written.list()).toEqual([{ id, ...row }])
  db.close()
})

test('proposals and listings are kept whole', () => {
  const db = openState(root)
  const proposal = { id: 'p1', at: 1, from: 'cli', what: 'w', before: null, after: 'a', apply: '{"kind":"x"}' }
  new ProposalRows(db).add(proposal)
  expect(new ProposalRows(db).list()).toEqual([proposal])
  expect([new ProposalRows(db).remove('p1'), new ProposalRows(db).remove('p1')]).toEqual([true, false])
  new Listings(db).put('srv_a', 'd1', '{"tools":[]}', 1)
  new Listings(db).put('srv_a', 'd2', '{"tools":[1]}', 2)
  expect(new Listings(db).get('srv_a')).toEqual({ digest: 'd2', at: 2, json: '{"tools":[1]}' })
  db.close()
})
