// Each file of the log damaged, as a disk does it: it is told, the old log is kept, work goes on, and a person acknowledges it.
import { generateKeyPairSync } from 'node:crypto'
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Announcer } from '../announce.ts'
import { Audit } from './audit.ts'
import { canonical, GENESIS, rowHash, sha256, signHead } from './chain.ts'
import { verifyFiles } from './verify-files.ts'

const keys = generateKeyPairSync('ed25519')
const ROWS = 60
const root = mkdtempSync(join(tmpdir(), 'gh-damaged-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function keychain(text: string | null) {
  const it = {
    text,
    read: async () => it.text,
    write: async (next: string) => {
      it.text = next
    },
  }
  return it
}

const opened = (folder: string, anchor: ReturnType<typeof keychain>) =>
  Audit.open({ folder, signing: () => keys, anchor, announcer: new Announcer(), redact: t => t })

/** As a hub leaves it that was killed (`-wal` beside it), and as one that ended. */
const killed = join(root, 'killed')
const ended = join(root, 'ended')
let anchor: string | null

beforeAll(async () => {
  const folder = mkdtempSync(join(root, 'made-'))
  const chain = keychain(null)
  const audit = await opened(folder, chain)
  for (let n = 1; n <= ROWS; n++)
    await audit.append(
      { kind: 'call', what: 'call/allowed', tool: `tool-${n}`, detail: 'x'.repeat(1500) },
      { durable: true },
    )
  await audit.list({ text: 'tool' })
  await vi.waitFor(() => expect(JSON.parse(chain.text ?? '{}').seq).toBe(ROWS), 30_000)
  cpSync(folder, killed, { recursive: true })
  await audit.close()
  cpSync(folder, ended, { recursive: true })
  anchor = chain.text
  expect(statSync(join(killed, 'audit.db-wal')).size).toBeGreaterThan(50_000)
})

/** Overwrites `bytes` bytes at a share of the file's length. */
function spoil(path: string, share: number, bytes = 4096): void {
  const all = readFileSync(path)
  const from = Math.min(Math.floor(all.length * share), all.length - bytes)
  writeFileSync(path, all.fill(0xa5, Math.max(0, from), Math.max(0, from) + bytes))
}

const moved = (folder: string) => readdirSync(folder).filter(name => name.startsWith('audit.db.damaged-'))

const CASES: [string, string, (folder: string) => void, RegExp][] = [
  ['the header', ended, folder => spoil(join(folder, 'audit.db'), 0, 100), /not a database/],
  ['a page in the middle', ended, folder => spoil(join(folder, 'audit.db'), 0.5), /malformed|page|index|tree/i],
  ['the last page', ended, folder => spoil(join(folder, 'audit.db'), 1), /malformed|page|index|tree/i],
  ['half of the file', ended, folder => truncateSync(join(folder, 'audit.db'), 4096 * 7 + 100), /malformed|page|tree/i],
  ['an empty file', ended, folder => truncateSync(join(folder, 'audit.db'), 0), /The log was (empty|not there)/],
  ['the write-ahead log’s middle', killed, folder => spoil(join(folder, 'audit.db-wal'), 0.5), /older log put back/],
  [
    'the write-ahead log, gone',
    killed,
    folder => rmSync(join(folder, 'audit.db-wal')),
    /older log put back|The log was empty/,
  ],
  [
    'the write-ahead log’s header',
    killed,
    folder => spoil(join(folder, 'audit.db-wal'), 0, 32),
    /older log put back|The log was empty/,
  ],
]

test.each(CASES)('%s', async (_, from, damage, told) => {
  const folder = mkdtempSync(join(root, 'case-'))
  cpSync(from, folder, { recursive: true })
  damage(folder)
  const chain = keychain(anchor)
  expect(verifyFiles(folder, { anchor, publicKey: keys.publicKey }).intact).toBe(false)
  const audit = await opened(folder, chain)
  expect(audit.status()).toMatchObject({ writable: true, damage: expect.stringMatching(told) })
  expect(audit.status().problem).toBe(audit.status().damage)
  await audit.append({ kind: 'call', what: 'call/allowed', tool: 'next' }, { durable: true })
  expect((await audit.list({ text: 'next' })).map(({ event }) => event?.tool)).toEqual(['next'])
  const begun = (await audit.list({})).filter(({ event }) => event?.what === 'audit/began-again')
  // What can be read no more lies beside it as it was.
  if (/malformed|database|page/.test(String(begun[0]?.event?.detail))) expect(moved(folder).length).toBeGreaterThan(0)
  expect(verifyFiles(folder, { anchor: chain.text, publicKey: keys.publicKey }).intact).toBe(false)
  const row = await audit.acknowledge('window:1')
  expect(audit.status()).toMatchObject({ damage: null, problem: null })
  await audit.close()
  const found = verifyFiles(folder, { anchor: chain.text, publicKey: keys.publicKey })
  expect(found).toMatchObject({ intact: true, anchored: true, note: expect.stringContaining('Acknowledged: ') })
  const again = await opened(folder, chain)
  expect(again.status()).toMatchObject({ damage: null, rows: expect.any(Number) })
  expect((await again.list({ after: row - 1 }))[0]?.event?.what).toBe('audit/acknowledged')
  await again.close()
})

test.each([
  ['its header', 0, 100],
  ['its middle', 0.5, 8192],
  ['all of it', 0, 1e9],
])('the search index, %s: made anew, and nothing is missed', async (_, share, bytes) => {
  const folder = mkdtempSync(join(root, 'search-'))
  cpSync(ended, folder, { recursive: true })
  const path = join(folder, 'audit-search.db')
  if (bytes === 1e9) writeFileSync(path, 'nothing of the kind'.repeat(1000))
  else spoil(path, share, bytes)
  const audit = await opened(folder, keychain(anchor))
  expect(audit.status()).toMatchObject({ damage: null, problem: null })
  const found = await audit.list({ tool: 'tool-7' })
  expect(found.map(({ seq }) => seq)).toEqual([7])
  expect(await audit.list({ kinds: ['call'], limit: 1000 })).toHaveLength(ROWS)
  await audit.close()
  expect(verifyFiles(folder, { anchor, publicKey: keys.publicKey }).intact).toBe(true)
})

const FIRST_FORMAT = `
CREATE TABLE audit(
  seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, prev TEXT NOT NULL, content TEXT, content_hash TEXT NOT NULL,
  hash TEXT NOT NULL, ${['kind', 'client', 'server', 'tool', 'outcome']
    .map(
      name =>
        `${name} TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(content) THEN content ->> '$.${name}' END) VIRTUAL`,
    )
    .join(', ')}
) STRICT;
CREATE INDEX by_client ON audit(client, seq) WHERE client IS NOT NULL;
CREATE INDEX by_server ON audit(server, seq) WHERE server IS NOT NULL;
CREATE INDEX by_kind ON audit(kind, seq);
CREATE TABLE head(
  one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL, time INTEGER NOT NULL, signature TEXT
) STRICT;
PRAGMA user_version = 1;`

test('a log of the first format verifies, is copied, goes on, and is found by its words', async () => {
  const folder = mkdtempSync(join(root, 'first-'))
  const path = join(folder, 'audit.db')
  const db = new Database(path)
  db.pragma('journal_mode = WAL')
  db.exec(FIRST_FORMAT)
  const insert = db.prepare('INSERT INTO audit(seq, time, prev, content, content_hash, hash) VALUES (?, ?, ?, ?, ?, ?)')
  let [prev, time] = [GENESIS, 1_700_000_000_000]
  for (let seq = 1; seq <= 30; seq++) {
    const content = canonical({ kind: 'call', what: 'call/allowed', client: 'cli', tool: `tool-${seq}` })
    const row = { seq, time: ++time, prev, content_hash: sha256(content) }
    prev = rowHash(row)
    insert.run(seq, time, row.prev, content, row.content_hash, prev)
  }
  const head = { seq: 30, hash: prev, time }
  db.prepare('INSERT INTO head VALUES (1, ?, ?, ?, ?)').run(30, prev, time, signHead(head, keys.privateKey))
  db.close()
  const before = readFileSync(path)
  const chain = keychain(JSON.stringify(head))
  const check = () => verifyFiles(folder, { anchor: chain.text, publicKey: keys.publicKey })
  expect(check()).toMatchObject({ intact: true, anchored: true, rows: 30 })
  expect(readFileSync(path)).toEqual(before)
  const audit = await opened(folder, chain)
  expect(audit.status()).toMatchObject({ rows: 30, damage: null, problem: null })
  expect(await audit.retentionState()).toMatchObject({ erasedTo: 0, oldestAt: 1_700_000_000_001 })
  await audit.append({ kind: 'call', what: 'call/allowed', tool: 'of-now' }, { durable: true })
  expect((await audit.list({ client: 'cli', text: 'tool 17' })).map(({ seq }) => seq)).toEqual([17])
  await audit.erase([{ from: 3, to: 3 }], 'window:1', 'a secret slipped in')
  await audit.close()
  expect(check()).toMatchObject({ intact: true, anchored: true, rows: 32, erased: 1 })
  const copy = mkdtempSync(join(root, 'copied-'))
  copyFileSync(join(folder, 'audit.db.before-2'), join(copy, 'audit.db'))
  expect(verifyFiles(copy, { anchor: JSON.stringify(head), publicKey: keys.publicKey })).toMatchObject({
    intact: true,
    rows: 30,
  })
  expect(readdirSync(folder).filter(name => name.includes('damaged'))).toEqual([])
})
