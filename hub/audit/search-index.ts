// audit-search.db: finds rows by what they say. Made from the log, behind it, in a file of its own; made anew when missing.
import { closeSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { AuditFilter } from '../../contract/audit.ts'
import { COLUMNS, isDamage } from './log-file.ts'
import { matchOf, type Searched, tagsOf, wordsOf } from './search-terms.ts'

type Db = Database.Database

const VERSION = 1
const MINUTE = 60_000
const MERGE_PAGES = 500

// Without a copy of the texts: rows themselves are read from the log. What is deleted leaves with the next merge.
const SCHEMA = `
CREATE VIRTUAL TABLE found USING fts5(words, tags, content='', contentless_delete=1, tokenize='unicode61');
CREATE TABLE minutes(minute INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
CREATE TABLE state(one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL, purging INTEGER NOT NULL) STRICT;
INSERT INTO state VALUES (1, 0, '', 0);
PRAGMA user_version = ${VERSION};`

interface State {
  seq: number
  hash: string
  purging: number
}

interface LogRow {
  seq: number
  time: number
  content: string | null
  hash: string
}

export interface Range {
  from: number
  to: number
}

function searchPath(folder: string): string {
  return join(folder, 'audit-search.db')
}

function removeIndex(folder: string): void {
  for (const tail of ['', '-wal', '-shm']) rmSync(searchPath(folder) + tail, { force: true })
}

function openIndex(folder: string): Db {
  const path = searchPath(folder)
  closeSync(openSync(path, 'a', 0o600))
  const db = new Database(path, { timeout: 2000 })
  try {
    const version = db.pragma('user_version', { simple: true })
    db.pragma('journal_mode = WAL')
    // What a power cut takes away is made again from the log.
    db.pragma('synchronous = NORMAL')
    db.pragma('secure_delete = ON')
    db.pragma('cache_size = -16000')
    if (version === 0) db.transaction(() => db.exec(SCHEMA)).exclusive()
    else if (version !== VERSION) throw Object.assign(new Error('Another format.'), { code: 'SQLITE_NOTADB' })
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

export class SearchIndex {
  readonly #folder: string
  readonly #db: Db

  private constructor(folder: string, db: Db) {
    this.#folder = folder
    this.#db = db
  }

  /** Opens what is there; damaged, of another format, or of another log, it is thrown away and begun anew. */
  static open(folder: string, log: Db): SearchIndex {
    try {
      const index = new SearchIndex(folder, openIndex(folder))
      if (index.isOf(log)) return index
      index.close()
    } catch (error) {
      if (!isDamage(error)) throw error
    }
    removeIndex(folder)
    return new SearchIndex(folder, openIndex(folder))
  }

  close(): void {
    this.#db.close()
  }

  /** Closes it and takes its file away; the next `open` begins anew. */
  discard(): void {
    this.close()
    removeIndex(this.#folder)
  }

  /** Takes in at most this many rows, or a step of purging what was erased. Says whether there is more to do. */
  step(log: Db, most: number): boolean {
    const state = this.#state()
    const rows = log
      .prepare<[number, number], LogRow>(`SELECT ${COLUMNS} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`)
      .all(state.seq, most)
    if (rows.length === 0) return state.purging > 0 && this.#purge()
    this.#db.transaction(() => this.#take(rows)).immediate()
    return rows.length === most || this.#state().purging > 0
  }

  /** How many rows of the log it does not know yet. */
  behind(log: Db): number {
    const last = log.prepare<[], { last: number | null }>('SELECT max(seq) AS last FROM audit').get()?.last ?? 0
    return Math.max(0, last - this.#state().seq)
  }

  /** Numbers of rows that fit, newest first, lazily. Null: the filter says nothing that needs the index. */
  find(filter: AuditFilter, range: Range): IterableIterator<number> | null {
    const match = matchOf(filter)
    if (match === null) return null
    return this.#db.prepare<[string, number, number], number>(FIND).pluck().iterate(match, range.from, range.to)
  }

  /** Between which rows those of these times lie. */
  range(filter: Pick<AuditFilter, 'since' | 'until' | 'before' | 'after'>): Range {
    const { from, to } = numbers(filter)
    if (filter.since === undefined && filter.until === undefined) return { from, to }
    const ends = this.#db
      .prepare<[number, number], { first: number | null; last: number | null }>(TIMES)
      .get(Math.floor((filter.since ?? 0) / MINUTE), Math.floor((filter.until ?? Number.MAX_SAFE_INTEGER) / MINUTE))
    return { from: Math.max(from, ends?.first ?? 1), to: Math.min(to, ends?.last ?? 0) }
  }

  /** How SQLite finds the rows of a time. */
  planOfTimes(): string[] {
    const rows = this.#db.prepare<[number, number], { detail: string }>(`EXPLAIN QUERY PLAN ${TIMES}`)
    return rows.all(1, 2).map(row => row.detail)
  }

  plan(filter: AuditFilter): string[] {
    const match = matchOf(filter)
    if (match === null) return []
    const rows = this.#db.prepare<[string, number, number], { detail: string }>(`EXPLAIN QUERY PLAN ${FIND}`)
    return rows.all(match, 1, 2).map(row => row.detail)
  }

  #state(): State {
    return this.#db.prepare<[], State>('SELECT seq, hash, purging FROM state').get()!
  }

  /** Was it made from this log? */
  isOf(log: Db): boolean {
    const { seq, hash } = this.#state()
    if (seq === 0) return true
    return log.prepare<[number], string>('SELECT hash FROM audit WHERE seq = ?').pluck().get(seq) === hash
  }

  #take(rows: LogRow[]): void {
    const insert = this.#db.prepare('INSERT INTO found(rowid, words, tags) VALUES (?, ?, ?)')
    const minutes = new Map<number, Range>()
    for (const { seq, time, content } of rows) {
      const minute = Math.floor(time / MINUTE)
      const known = minutes.get(minute)
      if (known) known.to = seq
      else minutes.set(minute, { from: seq, to: seq })
      const event = searched(content)
      if (!event) continue
      insert.run(seq, wordsOf(event), tagsOf(event))
      if (event.kind === 'erased' && Array.isArray(event.rows)) this.#forget(event.rows)
    }
    const widen = this.#db.prepare(
      'INSERT INTO minutes VALUES (?, ?, ?) ON CONFLICT (minute) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)',
    )
    for (const [minute, { from, to }] of minutes) widen.run(minute, from, to)
    const last = rows.at(-1)!
    this.#db.prepare('UPDATE state SET seq = ?, hash = ?').run(last.seq, last.hash)
  }

  /** Rows that tell about the log itself are never erased, and stay found. */
  #forget(ranges: Range[]): void {
    const forget = this.#db.prepare(
      "DELETE FROM found WHERE rowid IN (SELECT id FROM found_docsize WHERE id BETWEEN ? AND ?) AND rowid NOT IN (SELECT rowid FROM found WHERE found MATCH 'tags: xtelling')",
    )
    for (const { from, to } of ranges) forget.run(from, to)
    this.#db.prepare('UPDATE state SET purging = 1').run()
  }

  #purge(): boolean {
    const merge = this.#db.prepare("INSERT INTO found(found, rank) VALUES ('merge', ?)")
    const changes = () => this.#db.prepare('SELECT total_changes()').pluck().get() as number
    const before = changes()
    // The first step puts all that is there into one merge, the others go on with it.
    merge.run(this.#state().purging === 1 ? -MERGE_PAGES : MERGE_PAGES)
    const isDone = changes() - before < 2
    this.#db.prepare('UPDATE state SET purging = ?').run(isDone ? 0 : 2)
    if (isDone) this.#db.pragma('wal_checkpoint(TRUNCATE)')
    return !isDone
  }
}

export function numbers({ before, after }: Pick<AuditFilter, 'before' | 'after'>): Range {
  return { from: (after ?? 0) + 1, to: (before ?? Number.MAX_SAFE_INTEGER) - 1 }
}

const TIMES = 'SELECT min(first) AS first, max(last) AS last FROM minutes WHERE minute BETWEEN ? AND ?'
const FIND = 'SELECT rowid FROM found WHERE found MATCH ? AND rowid >= ? AND rowid <= ? ORDER BY rowid DESC'

/** What the index knows of a row; null when it is erased or no event. */
export function searched(content: string | null): Searched | null {
  try {
    return content === null ? null : JSON.parse(content)
  } catch {
    return null
  }
}
