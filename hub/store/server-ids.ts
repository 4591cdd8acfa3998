// Which lasting id and slug belong to which name of config.json.
import type { Db } from './open.ts'

/** `digest`: of the definition when it was last read; an unknown name with a gone one's digest is a rename. */
export interface ServerIdRow {
  id: string
  name: string
  slug: string
  digest: string
}

export class ServerIds {
  readonly #db: Db

  constructor(db: Db) {
    this.#db = db
  }

  list(): ServerIdRow[] {
    return this.#db.prepare<[], ServerIdRow>('SELECT id, name, slug, digest FROM server_ids').all()
  }

  rename(id: string, name: string): void {
    this.#db.transaction(() => {
      // A row that is kept for a server long gone gives way.
      this.#db.prepare('DELETE FROM server_ids WHERE name = ? AND id <> ?').run(name, id)
      this.#db.prepare('UPDATE server_ids SET name = ? WHERE id = ?').run(name, id)
    })()
  }

  /** Replaces all rows at once: names may swap, and no two may meet on the way. */
  replaceAll(rows: readonly ServerIdRow[]): void {
    this.#db.transaction(() => {
      this.#db.prepare('DELETE FROM server_ids').run()
      const insert = this.#db.prepare('INSERT INTO server_ids VALUES (:id, :name, :slug, :digest)')
      for (const row of rows) insert.run(row)
    })()
  }
}
