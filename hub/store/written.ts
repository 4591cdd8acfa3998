// What was written into files of AI clients, and what was about to be when the hub ended.
import type { Db } from './open.ts'

/** One write. Hashes: hex SHA-256 of the file's bytes, null where there was none; `backup`: a file name under backups/. */
export interface WrittenRow {
  id: number
  client: string
  path: string
  entry: string
  action: 'connect' | 'disconnect' | 'undo'
  hashBefore: string | null
  hashAfter: string | null
  backup: string | null
  at: number
}

const COLUMNS = 'id, client, path, entry, action, hash_before AS hashBefore, hash_after AS hashAfter, backup, at'

/** Intents before the write; finishing one moves it to the writes that happened. */
export class Written {
  readonly #db: Db

  constructor(db: Db) {
    this.#db = db
  }

  /** Writes that happened, oldest first; of one client or of all. */
  list(client?: string): WrittenRow[] {
    const where = client === undefined ? '' : 'WHERE client = ?'
    return this.#db
      .prepare<string[], WrittenRow>(`SELECT ${COLUMNS} FROM written ${where} ORDER BY id`)
      .all(...(client === undefined ? [] : [client]))
  }

  /** All that have a write or an intent. */
  clients(): string[] {
    const rows = this.#db.prepare<[], { client: string }>('SELECT client FROM written UNION SELECT client FROM intents')
    return rows.all().map(row => row.client)
  }

  /** The newest write for a client, or null. */
  last(client: string): WrittenRow | null {
    return (
      this.#db
        .prepare<[string], WrittenRow>(`SELECT ${COLUMNS} FROM written WHERE client = ? ORDER BY id DESC LIMIT 1`)
        .get(client) ?? null
    )
  }

  /** Records a write that happened without an intent; answers its id. */
  add(row: Omit<WrittenRow, 'id'>): number {
    return this.#insert('written', row)
  }

  remove(id: number): void {
    this.#db.prepare('DELETE FROM written WHERE id = ?').run(id)
  }

  /** To be called before the file is touched; answers the intent's id. */
  intend(row: Omit<WrittenRow, 'id'>): number {
    return this.#insert('intents', row)
  }

  /** Intents that were neither finished nor dropped: the hub died between. */
  intents(): WrittenRow[] {
    return this.#db.prepare<[], WrittenRow>(`SELECT ${COLUMNS} FROM intents ORDER BY id`).all()
  }

  /** The file was written as intended; answers the write's id. */
  finish(intent: number): number {
    return this.#db.transaction(() => {
      const row = this.#db.prepare<[number], WrittenRow>(`SELECT ${COLUMNS} FROM intents WHERE id = ?`).get(intent)
      if (!row) throw new Error(`No intent ${intent}`)
      this.drop(intent)
      return this.#insert('written', row)
    })()
  }

  /** Nothing was written. */
  drop(intent: number): void {
    this.#db.prepare('DELETE FROM intents WHERE id = ?').run(intent)
  }

  #insert(table: 'written' | 'intents', row: Omit<WrittenRow, 'id'>): number {
    const { client, path, entry, action, hashBefore, hashAfter, backup, at } = row
    return Number(
      this.#db
        .prepare(`INSERT INTO ${table} VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)`)
        .run(client, path, entry, action, hashBefore, hashAfter, backup, at).lastInsertRowid,
    )
  }
}
