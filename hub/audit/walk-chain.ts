// Walks the rows in order, finds each break in the chain and names what was done there.
import type { Verification } from '../../contract/audit.ts'
import { GENESIS, rowHash, type StoredRow, sha256 } from './chain.ts'

export type Finding = Verification['problems'][number]

const REACH = 64
/** So many findings are told. */
export const MOST = 100

/** Our own rows about the log; inside a string the quotes would be escaped. */
const TELLING = /"what":"audit\/|"kind":"erased"/

/** What a whole walk saw. `erased`: rows whose content is gone; `records`: rows that tell of erasing or of breaks. */
export interface Walk {
  rows: number
  first: StoredRow | null
  last: StoredRow | null
  findings: Finding[]
  erased: { from: number; to: number }[]
  records: { seq: number; event: Record<string, unknown> }[]
}

const span = (from: number, to: number) => (from === to ? `Row ${from} is` : `Rows ${from} to ${to} are`)
const fits = (row: StoredRow, shift: number) => rowHash({ ...row, seq: row.seq + shift }) === row.hash

/** By how much the row's number was changed in all, if that is all that was done to it. */
function renumberedBy(row: StoredRow, shift: number): number | null {
  for (let d = 1; d <= REACH; d++) {
    if (fits(row, shift + d)) return shift + d
    if (fits(row, shift - d)) return shift - d
  }
  return null
}

class Walker {
  readonly walk: Walk = { rows: 0, first: null, last: null, findings: [], erased: [], records: [] }
  /** Hashes of the last rows, newest last: a row chained past its neighbour tells who was put in between. */
  #recent: string[] = []
  /** How far the numbers stored now are from those written, after rows were put in or taken out. */
  #shift = 0
  /** The row before was named already, so that its hash not being the one chained to says nothing new. */
  #named = false

  see(row: StoredRow, next: StoredRow | null): void {
    this.walk.rows++
    this.walk.first ??= row
    const gap = this.#gap(row) || this.#outOfOrder(row)
    const self = this.#self(row, next)
    if (!gap && !self && !this.#named) this.#link(row)
    this.#named = self
    this.#content(row)
    this.#recent.push(row.hash)
    if (this.#recent.length > REACH) this.#recent.shift()
    this.walk.last = row
  }

  #say(seq: number, kind: Finding['kind'], what: string): true {
    if (this.walk.findings.length < MOST) this.walk.findings.push({ seq, kind, what })
    return true
  }

  #gap(row: StoredRow): boolean {
    const expected = this.walk.last ? this.walk.last.seq + 1 : row.seq
    return row.seq > expected && this.#say(expected, 'removed', `${span(expected, row.seq - 1)} missing.`)
  }

  /** In an export rows may stand in any order. */
  #outOfOrder(row: StoredRow): boolean {
    const { last, findings } = this.walk
    if (!last || row.seq > last.seq) return false
    if (row.seq === last.seq) return this.#say(row.seq, 'inserted', `Row ${row.seq} stands there twice.`)
    // It was missed where it belongs.
    const missed = findings.findIndex(({ seq, kind }) => kind === 'removed' && seq === row.seq)
    if (missed >= 0) findings.splice(missed, 1)
    return this.#say(row.seq, 'reordered', `Row ${row.seq} stands after row ${last.seq}.`)
  }

  /** Is the row what was written, under the number it was written with? */
  #self(row: StoredRow, next: StoredRow | null): boolean {
    if (fits(row, this.#shift)) return false
    // All that can be told is: looking for what was done to each of a million rows would take hours.
    if (this.walk.findings.length >= MOST) return true
    const now = renumberedBy(row, this.#shift)
    if (now === null)
      return this.#say(row.seq, 'edited', `Row ${row.seq} was changed: its number, time or hashes are not as written.`)
    // One row in another place is moved; if the next is as far off, something before both was put in or taken out.
    if (next && !fits(next, now)) return this.#say(row.seq, 'reordered', `Row ${row.seq} was row ${row.seq + now}.`)
    const by = now - this.#shift
    this.#shift = now
    if (by > 0)
      return this.#say(
        row.seq,
        'removed',
        `${by} missing before row ${row.seq}; the rows after were given new numbers.`,
      )
    const rows = span(row.seq + by, row.seq - 1)
    return this.#say(row.seq + by, 'inserted', `${rows} not of this log; the rows after were given new numbers.`)
  }

  /** Is the row chained to the one before it? */
  #link(row: StoredRow): void {
    const before = this.walk.last
    if (before ? row.prev === before.hash : row.seq !== 1 || row.prev === GENESIS) return
    const past = this.#recent.lastIndexOf(row.prev)
    const between = past < 0 ? 0 : this.#recent.length - 1 - past
    if (between > 0) {
      const rows = span(row.seq - between, row.seq - 1)
      this.#say(row.seq - between, 'inserted', `${rows} not of this log: row ${row.seq} was chained past.`)
    } else {
      const seq = before?.seq ?? row.seq
      this.#say(seq, 'edited', `Row ${seq} was rewritten: row ${row.seq} was chained to another.`)
    }
  }

  #erased(seq: number): void {
    const range = this.walk.erased.at(-1)
    if (range?.to === seq - 1) range.to = seq
    else this.walk.erased.push({ from: seq, to: seq })
  }

  #content(row: StoredRow): void {
    if (row.content === null) this.#erased(row.seq)
    else if (sha256(row.content) !== row.content_hash)
      this.#say(row.seq, 'edited', `Row ${row.seq} was changed: its content is not what was written.`)
    else if (TELLING.test(row.content)) this.walk.records.push({ seq: row.seq, event: eventOf(row.content) })
  }
}

/** How many rows these ranges hold. */
export function count(ranges: Walk['erased']): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0)
}

function eventOf(content: string): Record<string, unknown> {
  try {
    return JSON.parse(content)
  } catch {
    return {}
  }
}

/** Takes every row once, in order, with one row of lookahead. */
export class Walking {
  readonly #walker = new Walker()
  #held: StoredRow | null = null

  see(row: StoredRow): void {
    if (this.#held) this.#walker.see(this.#held, row)
    this.#held = row
  }

  end(): Walk {
    if (this.#held) this.#walker.see(this.#held, null)
    return this.#walker.walk
  }
}

export function walkChain(rows: Iterable<StoredRow>): Walk {
  const walking = new Walking()
  for (const row of rows) walking.see(row)
  return walking.end()
}
