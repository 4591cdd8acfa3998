// State in a file of this computer, or in memory: for one replica, across its restarts.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { type Held, newVersion, type Put, type State } from './state.ts'

interface Row {
  id: string
  value: string
  version: string
  lease_until: number
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS state (server TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
    version TEXT NOT NULL, lease_until INTEGER NOT NULL, keep_until INTEGER, PRIMARY KEY (server, kind, id)) WITHOUT ROWID`

export class SqliteState implements State {
  readonly #db: Database.Database
  readonly #server: string

  constructor(file: string, server: string) {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    this.#db = new Database(file, { timeout: 5_000 })
    this.#server = server
    this.#db.pragma('journal_mode = WAL')
    // What was said to be kept is on the disk, also when the power goes.
    this.#db.pragma('synchronous = FULL')
    this.#db.exec(SCHEMA)
    this.#db.prepare('DELETE FROM state WHERE keep_until < ?').run(Date.now())
  }

  async read(group: string, id: string): Promise<Held | null> {
    const row = this.#db
      .prepare(`SELECT * FROM state WHERE server = ? AND kind = ? AND id = ? AND ${KEPT}`)
      .get(this.#server, group, id, Date.now())
    return row ? heldOf(row as Row) : null
  }

  async put(group: string, id: string, value: unknown, { ifVersion, leaseMs, keepMs }: Put): Promise<string | null> {
    const version = newVersion()
    const now = Date.now()
    const row = [JSON.stringify(value), version, now + (leaseMs ?? 0), keepMs === undefined ? null : now + keepMs]
    const key = [this.#server, group, id]
    const { changes } =
      ifVersion === null
        ? this.#db
            .prepare(
              `INSERT INTO state (value, version, lease_until, keep_until, server, kind, id) VALUES (?, ?, ?, ?, ?, ?, ?)
               ON CONFLICT DO UPDATE SET value = excluded.value, version = excluded.version,
                 lease_until = excluded.lease_until, keep_until = excluded.keep_until WHERE keep_until < ?`,
            )
            .run(...row, ...key, now)
        : this.#db
            .prepare(
              `UPDATE state SET value = ?, version = ?, lease_until = ?, keep_until = ?
               WHERE server = ? AND kind = ? AND id = ? AND version = ?`,
            )
            .run(...row, ...key, ifVersion)
    return changes === 1 ? version : null
  }

  async remove(group: string, id: string, ifVersion: string): Promise<boolean> {
    const sql = 'DELETE FROM state WHERE server = ? AND kind = ? AND id = ? AND version = ?'
    return this.#db.prepare(sql).run(this.#server, group, id, ifVersion).changes === 1
  }

  async list(group: string, { limit, before }: { limit: number; before?: string | undefined }) {
    const rows = this.#db
      .prepare(
        `SELECT * FROM state WHERE server = ? AND kind = ? AND (? IS NULL OR id < ?) AND ${KEPT}
         ORDER BY id DESC LIMIT ?`,
      )
      .all(this.#server, group, before ?? null, before ?? null, Date.now(), limit)
    return (rows as Row[]).map(row => ({ id: row.id, held: heldOf(row) }))
  }

  async close(): Promise<void> {
    this.#db.close()
  }
}

const KEPT = '(keep_until IS NULL OR keep_until >= ?)'

function heldOf({ value, version, lease_until }: Row): Held {
  return { value: JSON.parse(value), version, isLeased: lease_until > Date.now() }
}
