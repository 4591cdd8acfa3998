// Loosenings that somebody asked for and that wait for a person. Accepting one needs the window, so rows need no seal.
import type { Proposal } from '../../contract/policy.ts'
import type { Db } from './open.ts'

/** A proposal with what accepting it does, as JSON text. */
export interface ProposalRow extends Proposal {
  apply: string
}

const COLUMNS = 'id, at, asked_from AS "from", what, before, after, apply'

export class ProposalRows {
  readonly #db: Db

  constructor(db: Db) {
    this.#db = db
  }

  /** Oldest first. */
  list(): ProposalRow[] {
    return this.#db.prepare<[], ProposalRow>(`SELECT ${COLUMNS} FROM proposals ORDER BY at, id`).all()
  }

  get(id: string): ProposalRow | null {
    return this.#db.prepare<[string], ProposalRow>(`SELECT ${COLUMNS} FROM proposals WHERE id = ?`).get(id) ?? null
  }

  add(row: ProposalRow): void {
    this.#db.prepare('INSERT INTO proposals VALUES (:id, :at, :from, :what, :before, :after, :apply)').run(row)
  }

  /** True when it was there. */
  remove(id: string): boolean {
    return this.#db.prepare('DELETE FROM proposals WHERE id = ?').run(id).changes > 0
  }
}
