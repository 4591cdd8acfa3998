// audit.db: its tables, how it is opened, and what is done when it is damaged, missing or too new.
import { closeSync, copyFileSync, existsSync, openSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { HubError } from '../error.ts'
import { GENESIS, type Head, type StoredRow } from './chain.ts'

type Db = Database.Database

const VERSION = 2
const CHECKED_WHOLE = 64 * 1024 * 1024

// No index besides the rows themselves: what is searched by lies in search-index.ts, so that writing a row stays cheap.
const SCHEMA = `
CREATE TABLE audit(
  seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, prev TEXT NOT NULL, content TEXT, content_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TABLE head(
  one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL, time INTEGER NOT NULL, signature TEXT
) STRICT;`

const SECOND = `
DROP INDEX IF EXISTS by_client;
DROP INDEX IF EXISTS by_server;
DROP INDEX IF EXISTS by_kind;
CREATE TABLE retention(
  one INTEGER PRIMARY KEY CHECK (one = 1), erased_to INTEGER NOT NULL, erasing_to INTEGER NOT NULL
) STRICT;
CREATE TABLE damage(seq INTEGER PRIMARY KEY, what TEXT NOT NULL) STRICT;
PRAGMA user_version = ${VERSION};`

/** The head record as stored. */
export type StoredHead = Head & { signature: string | null }

/** An open log: its end, and why it begins again, when it does. */
export interface Log {
  db: Db
  /** Of the schema as it was made: who changed it since was not us. */
  schema: number
  statements: Statements
  /** The last row, or what the first one is to be chained to. */
  last: Pick<Head, 'seq' | 'hash'>
  first: number
  beganAgain: string | null
}

export function logPath(folder: string): string {
  return join(folder, 'audit.db')
}

/** Is this error about the file's content, rather than the disk or a bad request? */
export function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code === 'SQLITE_IOERR_SHORT_READ'
}

/** A file that is sound as a database, but not as a log of ours. */
export function damaged(what: string): Error {
  return Object.assign(new Error(what), { code: 'SQLITE_CORRUPT' })
}

/** No log of ours has so many rows; past 2^53 numbers would not be exact. */
export const FURTHEST = 2 ** 52

/** More than any record of ours takes. What is longer was put there to be too much for whoever reads it. */
const LONGEST = 4 * 1024 * 1024

/** What is read of a row. Content that is too long counts as gone, and no row tells of it. */
export const COLUMNS = `seq, time, prev, iif(octet_length(content) <= ${LONGEST}, content, NULL) AS content, content_hash, hash`

type Ends = { first: number | null; last: number | null }

/** What each batch runs, prepared once. */
export interface Statements {
  insert: Database.Statement<[number, number, string, string | null, string, string]>
  ends: Database.Statement<[], Ends>
  head: Database.Statement<[], StoredHead>
  setHead: Database.Statement<[number, string, number, string | null]>
  schema: Database.Statement<[], number>
}

function headStatement(db: Db): Database.Statement<[], StoredHead> {
  return db.prepare('SELECT seq, hash, time, signature FROM head WHERE one = 1')
}

function endsStatement(db: Db): Database.Statement<[], Ends> {
  return db.prepare('SELECT (SELECT min(seq) FROM audit) AS first, (SELECT max(seq) FROM audit) AS last')
}

/** What was found wrong and no person has acknowledged. */
export function unacknowledged(db: Db): string | null {
  return db.prepare<[], string>('SELECT what FROM damage ORDER BY seq DESC LIMIT 1').pluck().get() ?? null
}

export function rememberDamage(db: Db, seq: number, what: string): void {
  db.prepare('INSERT OR REPLACE INTO damage(seq, what) VALUES (?, ?)').run(seq, what)
}

export function forgetDamage(db: Db): void {
  db.prepare('DELETE FROM damage').run()
}

function prepared(db: Db): Statements {
  return {
    insert: db.prepare('INSERT INTO audit(seq, time, prev, content, content_hash, hash) VALUES (?, ?, ?, ?, ?, ?)'),
    ends: endsStatement(db),
    head: headStatement(db),
    setHead: db.prepare('INSERT OR REPLACE INTO head(one, seq, hash, time, signature) VALUES (1, ?, ?, ?, ?)'),
    schema: schemaStatement(db),
  }
}

export function readHead(db: Db): StoredHead | undefined {
  return headStatement(db).get()
}

export function readRow(db: Db, seq: number): StoredRow | undefined {
  return db.prepare<[number], StoredRow>(`SELECT ${COLUMNS} FROM audit WHERE seq = ?`).get(seq)
}

export function readEnds(db: Db): Ends {
  return endsStatement(db).get()!
}

function checkVersion(db: Db, path: string): number {
  const version = Number(db.pragma('user_version', { simple: true }))
  if (version > VERSION)
    throw new HubError(
      'audit/newer',
      `${path} was written by a newer Gatehouse (format ${version}, this one knows ${VERSION}).`,
      {
        hint: 'Install that version again, or give another data folder with --data.',
      },
    )
  return version
}

const FIRST_TABLES = ['audit', 'head']
const TABLES = [...FIRST_TABLES, 'damage', 'retention']

function holdsTables(db: Db): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined
}

/** A trigger or a view of somebody else could make rows vanish as they are written. */
export function checkSchema(db: Db): void {
  const found = db.prepare<[], { type: string; name: string }>('SELECT type, name FROM sqlite_schema').all()
  const strange = found.find(({ type }) => type === 'trigger' || type === 'view')
  if (strange) throw damaged(`it holds a ${strange.type} that Gatehouse did not make, ${strange.name}`)
  const tables = db.pragma('user_version', { simple: true }) === 1 ? FIRST_TABLES : TABLES
  const missing = tables.find(table => !found.some(({ type, name }) => type === 'table' && name === table))
  if (missing) throw damaged(`its table ${missing} is gone`)
}

function schemaStatement(db: Db): Database.Statement<[], number> {
  return db.prepare<[], number>('PRAGMA schema_version').pluck()
}

function schemaVersion(db: Db): number {
  return schemaStatement(db).get()!
}

/** Opens for reading only; writes nothing to the log. Null when there is none. */
export function openForReading(folder: string): Db | null {
  const path = logPath(folder)
  if (!existsSync(path)) return null
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 2000 })
  try {
    if (checkVersion(db, path) !== 0 || holdsTables(db)) return db
    db.close()
    return null
  } catch (error) {
    db.close()
    throw error
  }
}

function make(db: Db, schema: string): void {
  try {
    db.transaction(() => db.exec(schema)).exclusive()
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || error.code !== 'SQLITE_ERROR') throw error
    throw damaged(`its tables are not those of the format that it claims: ${error.message}`)
  }
}

/** Older formats are copied before they are changed. */
function upgrade(db: Db, path: string): void {
  db.pragma('wal_checkpoint(TRUNCATE)')
  copyFileSync(path, `${path}.before-2`)
  make(db, SECOND)
}

function openSound(path: string): Db {
  // SQLite gives -wal and -shm the mode of the main file, so that is made first.
  closeSync(openSync(path, 'a', 0o600))
  const db = new Database(path, { timeout: 2000 })
  try {
    const version = checkVersion(db, path)
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('secure_delete = ON')
    db.pragma('trusted_schema = OFF')
    if (version === 0) make(db, SCHEMA + SECOND)
    else if (statSync(path).size < CHECKED_WHOLE) {
      const verdict = db.pragma('quick_check(1)', { simple: true })
      if (verdict !== 'ok') throw damaged(String(verdict))
    }
    if (version === 1) upgrade(db, path)
    checkSchema(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Puts the damaged file (and what belongs to it) beside, where a person can look at it. */
export function moveAside(folder: string): string {
  const from = logPath(folder)
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-')
  const name = `audit.db.damaged-${stamp}`
  for (const tail of ['', '-wal', '-shm'])
    if (existsSync(from + tail)) renameSync(from + tail, join(folder, name + tail))
  return name
}

/** A new, empty log that goes on after `after`. */
export function beginAgain(folder: string, after: Pick<Head, 'seq' | 'hash'> | null, why: string): Log {
  const db = openSound(logPath(folder))
  const before = after
    ? `The last row known of it is ${after.seq}, hash ${after.hash}.`
    : 'No anchor was known, so its last row is not either.'
  return {
    db,
    schema: schemaVersion(db),
    statements: prepared(db),
    last: after ?? { seq: 0, hash: GENESIS },
    first: (after?.seq ?? 0) + 1,
    beganAgain: `${why} ${before}`,
  }
}

/** Opens the log for writing; damaged or missing, a new one begins that names the last anchored row of the old one. */
export function openLog(folder: string, anchor: Head | null): Log {
  const path = logPath(folder)
  const wasThere = existsSync(path) && statSync(path).size > 0
  let db: Db | null = null
  try {
    db = openSound(path)
    const ends = readEnds(db)
    if (ends.last !== null && ends.first !== null) {
      const last = readRow(db, ends.last)
      if (!last || last.seq > FURTHEST) throw damaged(`its last row has the number ${ends.last}, which is none of ours`)
      return { db, schema: schemaVersion(db), statements: prepared(db), last, first: ends.first, beganAgain: null }
    }
    const head = readHead(db)
    db.close()
    if (anchor || head) return beginAgain(folder, anchor, wasThere ? 'The log was empty.' : 'The log was not there.')
    return { ...beginAgain(folder, null, ''), beganAgain: null }
  } catch (error) {
    db?.close()
    if (!isDamage(error)) throw error
    return beginAgain(
      folder,
      anchor,
      `The log could not be read (${(error as Error).message}) and lies in ${moveAside(folder)}.`,
    )
  }
}
