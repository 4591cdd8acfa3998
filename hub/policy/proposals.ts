// Loosenings that wait for a person. What accepting one does is sealed with its words, so that neither can be swapped.
import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Proposal } from '../../contract/policy.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import type { Db } from '../store/open.ts'
import { type ProposalRow, ProposalRows } from '../store/proposals.ts'
import type { Sealed } from '../store/sealed.ts'

export interface NewProposal {
  from: string
  what: string
  before: string | null
  after: string
  /** What accepting does; kept as JSON. */
  apply: unknown
}

const KIND = 'proposal'
const MOST = 50

export class Proposals {
  readonly #rows: ProposalRows
  readonly #sealed: Pick<Sealed, 'get' | 'put' | 'remove'>
  readonly #announcer: Announcer
  readonly #onForged: (id: string) => void
  readonly #reported = new Set<string>()
  readonly #accepting = new Set<string>()

  /** `onForged`: told once of each row that Gatehouse did not write, or cannot tell whether it did. */
  constructor(options: {
    db: Db
    sealed: Pick<Sealed, 'get' | 'put' | 'remove'>
    announcer: Announcer
    onForged?: (id: string) => void
  }) {
    this.#rows = new ProposalRows(options.db)
    this.#sealed = options.sealed
    this.#announcer = options.announcer
    this.#onForged = options.onForged ?? (() => {})
  }

  /** Those that Gatehouse wrote itself, oldest first. A row edited or added in the file by hand is not there. */
  list(): Proposal[] {
    return this.#genuine().map(withoutApply)
  }

  /** Keeps it for a person. The same wish twice is one proposal. */
  propose(wish: NewProposal): Proposal {
    const apply = JSON.stringify(wish.apply)
    const waiting = this.#genuine()
    const same = waiting.find(one => one.apply === apply && one.after === wish.after)
    if (same) return withoutApply(same)
    if (waiting.length >= MOST)
      throw new HubError('proposals/too-many', `${MOST} proposals wait for a person already.`, {
        hint: 'Answer them in the window first.',
      })
    const row: ProposalRow = { id: randomUUID(), at: Date.now(), ...wish, apply }
    this.#sealed.put(KIND, row.id, sealOf(row))
    this.#rows.add(row)
    this.#announcer.emit('proposals/changed')
    return withoutApply(row)
  }

  /** Has it applied, once, and takes it away; where that fails it goes on waiting. For windows only. */
  async accept(id: string, apply: (what: unknown) => Promise<unknown>): Promise<void> {
    const row = this.#find(id)
    if (this.#accepting.has(id)) throw unknown()
    this.#accepting.add(id)
    try {
      await apply(JSON.parse(row.apply))
      this.withdraw(id)
    } finally {
      this.#accepting.delete(id)
    }
  }

  refuse(id: string): void {
    this.#find(id)
    this.withdraw(id)
  }

  /** Takes it away if it is there. */
  withdraw(id: string): void {
    this.#sealed.remove(KIND, id)
    if (this.#rows.remove(id)) this.#announcer.emit('proposals/changed')
  }

  #find(id: string): ProposalRow {
    const row = this.#genuine().find(one => one.id === id)
    if (!row) throw unknown()
    return row
  }

  #genuine(): ProposalRow[] {
    return this.#rows.list().filter(row => {
      const isGenuine = this.#sealed.get(KIND, row.id, z.string()) === sealOf(row)
      if (!isGenuine && !this.#reported.has(row.id)) {
        this.#reported.add(row.id)
        this.#onForged(row.id)
      }
      return isGenuine
    })
  }
}

function unknown(): HubError {
  return new HubError('proposals/unknown', 'No such proposal waits.', { hint: 'It may have been answered already.' })
}

function withoutApply({ apply: _, ...proposal }: ProposalRow): Proposal {
  return proposal
}

function sealOf(row: ProposalRow): string {
  const { id, at, from, what, before, after, apply } = row
  return createHash('sha256')
    .update(JSON.stringify([id, at, from, what, before, after, apply]))
    .digest('hex')
}
