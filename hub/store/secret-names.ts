// Names of secrets, how long each is and when it was set and used. Never a value.
import type { Db } from './open.ts'

export interface SecretNameRow {
  name: string
  chars: number
  setAt: number
  usedAt: number | null
}

const COLUMNS = 'name, chars, set_at AS setAt, used_at AS usedAt'

export class SecretNames {
  readonly #db: Db

  constructor(db: Db) {
    this.#db = db
  }

  list(): SecretNameRow[] {
    return this.#db.prepare<[], SecretNameRow>(`SELECT ${COLUMNS} FROM secrets ORDER BY name`).all()
  }

  get(name: string): SecretNameRow | null {
    return this.#db.prepare<[string], SecretNameRow>(`SELECT ${COLUMNS} FROM secrets WHERE name = ?`).get(name) ?? null
  }

  put(row: Omit<SecretNameRow, 'usedAt'>): void {
    this.#db
      .prepare(
        `INSERT INTO secrets VALUES (?, ?, ?, NULL)
         ON CONFLICT DO UPDATE SET chars = excluded.chars, set_at = excluded.set_at`,
      )
      .run(row.name, row.chars, row.setAt)
  }

  markUsed(name: string, at: number): void {
    this.#db.prepare('UPDATE secrets SET used_at = ? WHERE name = ?').run(at, name)
  }

  remove(name: string): void {
    this.#db.prepare('DELETE FROM secrets WHERE name = ?').run(name)
  }
}
