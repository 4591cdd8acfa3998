// Each way to tamper with the log, done to a copy of a real one, is found and named.
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { Audit } from './audit.ts'
import { rowHash, type StoredRow, sha256, signHead } from './chain.ts'
import { verifyFiles } from './verify-files.ts'

const keys = generateKeyPairSync('ed25519')
const stranger = generateKeyPairSync('ed25519')
const ROWS = 40
let original: string
let anchor: string | null = null
const folders: string[] = []

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'gh-tamper-'))
  folders.push(path)
  return path
}

beforeAll(async () => {
  original = folder()
  const chain = {
    read: async () => anchor,
    write: async (text: string) => {
      anchor = text
    },
  }
  const audit = await Audit.open({
    folder: original,
    signing: () => keys,
    anchor: chain,
    announcer: new Announcer(),
    redact: t => t,
  })
  for (let n = 1; n <= ROWS; n++)
    await audit.append({ kind: 'call', what: 'call/allowed', tool: `tool-${n}`, by: 'rule' }, { durable: n % 5 === 0 })
  await audit.close()
})

afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true })
})

type Db = Database.Database
const all = (db: Db) =>
  db.prepare<[], StoredRow>('SELECT seq, time, prev, content, content_hash, hash FROM audit ORDER BY seq').all()
const put = (db: Db, row: StoredRow) =>
  db
    .prepare('INSERT INTO audit(seq, time, prev, content, content_hash, hash) VALUES (?, ?, ?, ?, ?, ?)')
    .run(row.seq, row.time, row.prev, row.content, row.content_hash, row.hash)

/** A row that is right in itself: all an attacker without the key can make. */
function forge(seq: number, prev: string, tool: string): StoredRow {
  const content = JSON.stringify({ kind: 'call', tool, what: 'call/allowed' })
  const row = { seq, time: 1_790_000_000_000, prev, content, content_hash: sha256(content), hash: '' }
  return { ...row, hash: rowHash(row) }
}

/** Writes the chain anew from `from` on, as one who knows how it is made. */
function rechain(db: Db, from: number): void {
  const rows = all(db)
  let prev = rows.find(r => r.seq === from - 1)?.hash ?? '0'.repeat(64)
  for (const row of rows.filter(r => r.seq >= from)) {
    const hash = rowHash({ ...row, prev })
    db.prepare('UPDATE audit SET prev = ?, hash = ? WHERE seq = ?').run(prev, hash, row.seq)
    prev = hash
  }
}

function setHead(db: Db, signature: (head: { seq: number; hash: string; time: number }) => string | null): void {
  const { seq, hash, time } = all(db).at(-1)!
  db.prepare('UPDATE head SET seq = ?, hash = ?, time = ?, signature = ?').run(
    seq,
    hash,
    time,
    signature({ seq, hash, time }),
  )
}

function renumber(db: Db, from: number, by: number): void {
  db.prepare('UPDATE audit SET seq = -seq WHERE seq >= ?').run(from)
  db.prepare('UPDATE audit SET seq = -seq + ? WHERE seq < 0').run(by)
}

function after(tamper: (db: Db) => void, proofs: { anchor: string | null; key: boolean } = { anchor, key: true }) {
  const copy = folder()
  cpSync(original, copy, { recursive: true })
  const db = new Database(join(copy, 'audit.db'))
  db.transaction(() => tamper(db))()
  db.close()
  const found = verifyFiles(copy, { anchor: proofs.anchor, publicKey: proofs.key ? keys.publicKey : null })
  return { intact: found.intact, found: found.problems.map(p => `${p.kind} ${p.seq}`), anchored: found.anchored }
}

const del = (where: string) => (db: Db) => void db.exec(`DELETE FROM audit WHERE ${where}`)
const both = (first: (db: Db) => void, second: (db: Db) => void) => (db: Db) => {
  first(db)
  second(db)
}

test('the untouched copy is intact, anchored and signed to its end', () => {
  expect(after(() => {})).toEqual({ intact: true, found: [], anchored: true })
})

describe('named as what it is', () => {
  const cases: [string, (db: Db) => void, string[]][] = [
    [
      'content edited',
      db => db.exec(`UPDATE audit SET content = replace(content, 'tool-7"', 'tool-8"') WHERE seq = 7`),
      ['edited 7'],
    ],
    ['time edited', db => db.exec('UPDATE audit SET time = time + 1 WHERE seq = 7'), ['edited 7']],
    ['hash edited', db => db.exec(`UPDATE audit SET hash = '${'a'.repeat(64)}' WHERE seq = 7`), ['edited 7']],
    ['content erased without a record', db => db.exec('UPDATE audit SET content = NULL WHERE seq = 7'), ['edited 7']],
    [
      'edited, with right hashes of its own',
      db => {
        const row = forge(7, all(db)[5]!.hash, 'other')
        del('seq = 7')(db)
        put(db, row)
      },
      ['edited 7'],
    ],
    ['one row removed', del('seq = 7'), ['removed 7']],
    ['several rows removed', del('seq BETWEEN 7 AND 11'), ['removed 7']],
    ['the first rows removed', del('seq <= 3'), ['removed 1']],
    ['removed and renumbered', both(del('seq = 7'), db => renumber(db, 8, -1)), ['removed 7', 'cut-off 40']],
    [
      'inserted and renumbered',
      db => {
        renumber(db, 7, 1)
        put(db, forge(7, all(db)[5]!.hash, 'other'))
      },
      ['inserted 7', 'inserted 41', 'edited 40'],
    ],
    ['inserted at the end', db => put(db, forge(41, all(db)[39]!.hash, 'other')), ['inserted 41']],
    [
      'two rows swapped',
      db =>
        db.exec(
          'UPDATE audit SET seq = 1000 WHERE seq = 7; UPDATE audit SET seq = 7 WHERE seq = 12; UPDATE audit SET seq = 12 WHERE seq = 1000',
        ),
      ['reordered 7', 'reordered 12'],
    ],
    [
      'two neighbours swapped',
      db =>
        db.exec(
          'UPDATE audit SET seq = 1000 WHERE seq = 7; UPDATE audit SET seq = 7 WHERE seq = 8; UPDATE audit SET seq = 8 WHERE seq = 1000',
        ),
      ['reordered 7', 'reordered 8'],
    ],
    ['tail cut', del('seq > 30'), ['cut-off 31']],
    ['all rows cut', del('1'), ['cut-off 1']],
    [
      'tail cut, head set to the new end',
      both(del('seq > 30'), db => setHead(db, () => 'AAAA')),
      ['signature 30', 'cut-off 31'],
    ],
    [
      'tail cut, head signed by a stranger',
      both(del('seq > 30'), db => setHead(db, h => signHead(h, stranger.privateKey))),
      ['signature 30', 'cut-off 31'],
    ],
    ['tail cut, head unsigned', both(del('seq > 30'), db => setHead(db, () => null)), ['signature 30', 'cut-off 31']],
    ['head record removed', db => db.exec('DELETE FROM head'), ['signature 40']],
    ['signature taken away', db => db.exec('UPDATE head SET signature = NULL'), ['signature 40']],
    [
      'inserted at the end, head set, unsigned',
      both(
        db => put(db, forge(41, all(db)[39]!.hash, 'x')),
        db => setHead(db, () => null),
      ),
      ['signature 41'],
    ],
    [
      'everything from a row on rewritten with right hashes, head set',
      db => {
        const content = '{"kind":"call","tool":"harmless","what":"call/allowed"}'
        db.prepare('UPDATE audit SET content = ?, content_hash = ? WHERE seq = 7').run(content, sha256(content))
        rechain(db, 7)
        setHead(db, h => signHead(h, stranger.privateKey))
      },
      ['signature 40', 'edited 40'],
    ],
    [
      'the log of an earlier day, with its own right signature',
      both(del('seq > 30'), db => setHead(db, h => signHead(h, keys.privateKey))),
      ['rolled-back 31'],
    ],
  ]
  test.each(cases)('%s', (_, tamper, found) => {
    expect(after(tamper)).toEqual({ intact: false, found, anchored: false })
  })
})

describe('also without a keychain', () => {
  const cases: [string, (db: Db) => void, string[]][] = [
    [
      'edited',
      db => db.exec(`UPDATE audit SET content = replace(content, 'tool-7"', 'tool-8"') WHERE seq = 7`),
      ['edited 7'],
    ],
    ['removed', del('seq = 7'), ['removed 7']],
    ['cut', del('seq > 30'), ['cut-off 31']],
    ['inserted', db => put(db, forge(41, all(db)[39]!.hash, 'other')), ['inserted 41']],
  ]
  test.each(cases)('%s', (_, tamper, found) => {
    expect(after(tamper, { anchor: null, key: false })).toEqual({ intact: false, found, anchored: false })
  })
})

test('one changed byte of a row in the file itself is found', () => {
  const copy = folder()
  cpSync(original, copy, { recursive: true })
  const path = join(copy, 'audit.db')
  const bytes = readFileSync(path)
  const at = bytes.indexOf('tool-23"')
  expect(at).toBeGreaterThan(0)
  bytes[at + 5] = '9'.charCodeAt(0)
  writeFileSync(path, bytes)
  const found = verifyFiles(copy, { anchor, publicKey: keys.publicKey })
  expect(found.problems).toEqual([
    { seq: 23, kind: 'edited', what: 'Row 23 was changed: its content is not what was written.' },
  ])
})

test('every byte of every row counts: single changed bytes anywhere in the file never go unseen as another log', () => {
  const bytes = readFileSync(join(original, 'audit.db'))
  const expected = rowsOf(original)
  const copy = folder()
  let seen = 0
  for (let n = 0; n < 120; n++) {
    const at = 100 + Math.floor((n * (bytes.length - 100)) / 120)
    const changed = Buffer.from(bytes)
    changed[at] = changed[at]! ^ 0x15
    writeFileSync(join(copy, 'audit.db'), changed)
    for (const tail of ['-wal', '-shm']) rmSync(join(copy, `audit.db${tail}`), { force: true })
    const found = tryVerify(copy)
    if (found !== 'intact') seen++
    else expect(rowsOf(copy)).toEqual(expected)
  }
  expect(seen).toBeGreaterThan(20)
})

function rowsOf(path: string): StoredRow[] {
  const db = new Database(join(path, 'audit.db'), { readonly: true })
  try {
    return all(db)
  } finally {
    db.close()
  }
}

function tryVerify(path: string): string {
  try {
    return verifyFiles(path, { anchor, publicKey: keys.publicKey }).intact ? 'intact' : 'broken'
  } catch (error) {
    return String(error)
  }
}

test('a file that is no database is called unreadable', () => {
  const copy = folder()
  writeFileSync(join(copy, 'audit.db'), 'not a database at all, '.repeat(200))
  expect(verifyFiles(copy, { anchor, publicKey: keys.publicKey }).problems).toMatchObject([{ kind: 'unreadable' }])
})
