// Small single facts that need neither a table nor a seal.
import type { Db } from './open.ts'

export class Kv {
  readonly #db: Db

  constructor(db: Db) {
    this.#db = db
  }

  get(key: string): string | null {
    return this.#db.prepare<[string], { value: string }>('SELECT value FROM kv WHERE key = ?').get(key)?.value ?? null
  }

  put(key: string, value: string): void {
    this.#db.prepare('INSERT INTO kv VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value').run(key, value)
  }

  remove(key: string): void {
    this.#db.prepare('DELETE FROM kv WHERE key = ?').run(key)
  }
}
