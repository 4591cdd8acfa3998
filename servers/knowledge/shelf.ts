// The library in one SQLite file: which document came from which source, and its pieces, found by full text (BM25).
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import type { Chunk } from './chunks.ts'
import { type Found, type Library, piecesOf, type Source } from './library.ts'
import { matchOf, wordsOf } from './words.ts'

export function placeOfShelf(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'knowledge-server', 'knowledge.db')
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS documents (id INTEGER PRIMARY KEY, source TEXT NOT NULL, document TEXT NOT NULL,
    added_at TEXT NOT NULL, chunks INTEGER NOT NULL, UNIQUE (source, document));
  CREATE VIRTUAL TABLE IF NOT EXISTS passages USING fts5 (words, text UNINDEXED, source UNINDEXED, location UNINDEXED,
    tokenize = "porter unicode61 remove_diacritics 2")`
/** More pieces than one document has: its row ids begin at so many times its own. */
const SPAN = 10_000_000
/** What the first version knew, with texts that were not set apart into words. */
const TAKE_OVER = `
  INSERT INTO passages (rowid, words, text, source, location)
    SELECT document * ${SPAN} + row_number() OVER (PARTITION BY document ORDER BY rowid), words_of(text), text, source, location
    FROM pieces;
  DROP TABLE pieces`

export class Shelf implements Library {
  readonly engine = 'full text (BM25)'
  readonly #file: string
  #opened: Database.Database | undefined

  /** Opened when first needed: a server that is only listed makes no file. */
  constructor(file: string) {
    this.#file = file
  }

  get #db(): Database.Database {
    this.#opened ??= open(this.#file)
    return this.#opened
  }

  async put(source: string, document: string, chunks: readonly Chunk[]): Promise<number> {
    const pieces = piecesOf(source, document, chunks)
    this.#db
      .transaction(() => {
        this.#forget('source = ? AND document = ?', [source, document])
        const { lastInsertRowid: id } = this.#db
          .prepare('INSERT INTO documents (source, document, added_at, chunks) VALUES (?, ?, ?, ?)')
          .run(source, document, new Date().toISOString(), pieces.length)
        const insert = this.#db.prepare(
          'INSERT INTO passages (rowid, words, text, source, location) VALUES (?, ?, ?, ?, ?)',
        )
        for (const [index, { text, location }] of pieces.entries())
          insert.run(Number(id) * SPAN + index, wordsOf(text), text, source, location)
      })
      .immediate()
    return pieces.length
  }

  async remove(source: string): Promise<number> {
    return this.#db.transaction(() => this.#forget('source = ?', [source])).immediate()
  }

  async sources(): Promise<Source[]> {
    return this.#db
      .prepare(
        'SELECT source, count(*) AS documents, sum(chunks) AS chunks, max(added_at) AS addedAt FROM documents GROUP BY source ORDER BY source',
      )
      .all() as Source[]
  }

  /** The rarer a word, the more it counts. */
  async search(query: string, most: number, source: string | undefined): Promise<Found[]> {
    const match = matchOf(query)
    if (match === null) return []
    return this.#db
      .prepare(
        'SELECT text, -bm25(passages) AS score, source, location FROM passages WHERE passages MATCH ? AND (? IS NULL OR source = ?) ORDER BY rank LIMIT ?',
      )
      .all(match, source ?? null, source ?? null, most) as Found[]
  }

  async ready(): Promise<void> {
    this.#db.prepare('SELECT 1 FROM documents').get()
  }

  #forget(where: string, values: string[]): number {
    const ids = this.#db
      .prepare(`SELECT id FROM documents WHERE ${where}`)
      .pluck()
      .all(...values) as number[]
    const gone = this.#db.prepare('DELETE FROM passages WHERE rowid BETWEEN ? AND ?')
    for (const id of ids) gone.run(id * SPAN, (id + 1) * SPAN - 1)
    return this.#db.prepare(`DELETE FROM documents WHERE ${where}`).run(...values).changes
  }
}

function open(file: string): Database.Database {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const db = new Database(file, { timeout: 5_000 })
  db.pragma('journal_mode = WAL')
  db.function('words_of', text => wordsOf(String(text)))
  db.transaction(() => {
    db.exec(SCHEMA)
    if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'pieces'").get()) db.exec(TAKE_OVER)
  }).immediate()
  return db
}
