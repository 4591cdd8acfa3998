// Each server's last verified listing, so that its tools are known while it sleeps.
import type { Db } from './open.ts'

/** `json`: the whole listing as JSON text; `digest`: of the definition it came from. */
export interface ListingRow {
  digest: string
  at: number
  json: string
}

export class Listings {
  readonly #db: Db

  constructor(db: Db) {
    this.#db = db
  }

  get(server: string): ListingRow | null {
    return (
      this.#db.prepare<[string], ListingRow>('SELECT digest, at, json FROM listings WHERE server_id = ?').get(server) ??
      null
    )
  }

  put(server: string, digest: string, json: string, at = Date.now()): void {
    this.#db
      .prepare(
        `INSERT INTO listings VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET digest = excluded.digest, at = excluded.at, json = excluded.json`,
      )
      .run(server, digest, at, json)
  }

  remove(server: string): void {
    this.#db.prepare('DELETE FROM listings WHERE server_id = ?').run(server)
  }
}
