// What is known, in one SQLite file: which document came from which source, and its pieces, found by full text (BM25).
import { hash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import type { Chunk } from './chunks.ts'

export interface Found {
  text: string
  /** The higher, the better it fits; to be compared within one answer. */
  score: number
  source: string
  location: string
}

export interface Source {
  source: string
  documents: number
  chunks: number
  addedAt: string
}

/** A piece under the name it has everywhere. */
export interface Piece {
  id: string
  text: string
  source: string
  location: string
}

export function placeOfShelf(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'knowledge-server', 'knowledge.db')
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS documents (id INTEGER PRIMARY KEY, source TEXT NOT NULL, document TEXT NOT NULL,
    added_at TEXT NOT NULL, chunks INTEGER NOT NULL, UNIQUE (source, document));
  CREATE VIRTUAL TABLE IF NOT EXISTS pieces USING fts5 (text, source UNINDEXED, location UNINDEXED, document UNINDEXED,
    tokenize = "porter unicode61 remove_diacritics 2")`

export class Shelf {
  readonly #db: Database.Database

  constructor(file: string) {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    this.#db = new Database(file, { timeout: 5_000 })
    this.#db.pragma('journal_mode = WAL')
    this.#db.exec(SCHEMA)
  }

  /** In place of what was known of this document. `keepText`: false where another engine holds it. */
  put(source: string, document: string, pieces: readonly Piece[], keepText: boolean): void {
    this.#db.transaction(() => {
      this.#forget('source = ? AND document = ?', [source, document])
      const { lastInsertRowid: id } = this.#db
        .prepare('INSERT INTO documents (source, document, added_at, chunks) VALUES (?, ?, ?, ?)')
        .run(source, document, new Date().toISOString(), pieces.length)
      if (!keepText) return
      const insert = this.#db.prepare('INSERT INTO pieces (text, source, location, document) VALUES (?, ?, ?, ?)')
      for (const { text, location } of pieces) insert.run(text, source, location, id)
    })()
  }

  /** The names of the pieces of a source, or of one of its documents. */
  idsOf(source: string, document?: string): string[] {
    const known = this.#db
      .prepare('SELECT document, chunks FROM documents WHERE source = ? AND (? IS NULL OR document = ?)')
      .all(source, document ?? null, document ?? null) as { document: string; chunks: number }[]
    return known.flatMap(one => Array.from({ length: one.chunks }, (_, index) => idOf(source, one.document, index)))
  }

  /** How many documents are gone. */
  remove(source: string): number {
    return this.#db.transaction(() => this.#forget('source = ?', [source]))()
  }

  sources(): Source[] {
    return this.#db
      .prepare(
        'SELECT source, count(*) AS documents, sum(chunks) AS chunks, max(added_at) AS addedAt FROM documents GROUP BY source ORDER BY source',
      )
      .all() as Source[]
  }

  /** Any of the words, the rarer the better. */
  search(query: string, most: number, source: string | undefined): Found[] {
    const words = query.match(/[\p{L}\p{N}]+/gu)?.slice(0, 64) ?? []
    if (words.length === 0) return []
    return this.#db
      .prepare(
        'SELECT text, -bm25(pieces) AS score, source, location FROM pieces WHERE pieces MATCH ? AND (? IS NULL OR source = ?) ORDER BY rank LIMIT ?',
      )
      .all(words.map(word => `"${word}"`).join(' OR '), source ?? null, source ?? null, most) as Found[]
  }

  #forget(where: string, values: string[]): number {
    const ids = this.#db
      .prepare(`SELECT id FROM documents WHERE ${where}`)
      .pluck()
      .all(...values)
    for (const id of ids) this.#db.prepare('DELETE FROM pieces WHERE document = ?').run(id)
    return this.#db.prepare(`DELETE FROM documents WHERE ${where}`).run(...values).changes
  }
}

/** The pieces of a document, under names that are the same each time. */
export function piecesOf(source: string, document: string, chunks: readonly Chunk[]): Piece[] {
  return chunks.map(({ text, from, to }, index) => {
    const location = from === to ? `${document}:${from}` : `${document}:${from}-${to}`
    return { id: idOf(source, document, index), text, source, location }
  })
}

function idOf(source: string, document: string, index: number): string {
  return `${hash('sha256', `${source}\0${document}`).slice(0, 32)}-${index}`
}
