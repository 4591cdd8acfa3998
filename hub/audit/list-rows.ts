// Answers questions about the log: the newest rows that fit a filter, found by the index where it says more than numbers.
import type Database from 'better-sqlite3'
import {
  AuditEvent,
  type AuditFilter,
  type AuditRow,
  type Retention,
  type RetentionState,
} from '../../contract/audit.ts'
import { HubError } from '../error.ts'
import { type StoredRow, toTime } from './chain.ts'
import { COLUMNS, isDamage, openForReading } from './log-file.ts'
import { type Due, dueRows, retentionState } from './retention.ts'
import { numbers, type Range, SearchIndex, searched } from './search-index.ts'
import { fitsDuration, fitsTags, matchOf } from './search-terms.ts'

/** The row as told to others. Content that is no event (tampered with) is shown as erased. */
export function toAuditRow(row: StoredRow): AuditRow {
  let event: AuditEvent | null = null
  try {
    event = row.content === null ? null : AuditEvent.parse(JSON.parse(row.content))
  } catch {}
  return { seq: row.seq, time: toTime(row.time), event, contentHash: row.content_hash, hash: row.hash }
}

/** How many rows a question itself may wait for to be taken into the index. */
const CATCH_UP = 20_000
const STEP = 2_000

/** Answers questions about one log; keeps its index open between them. */
export class LogReader {
  readonly #folder: string
  #index: SearchIndex | null = null

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The newest rows that fit, newest first. */
  list(filter: AuditFilter): AuditRow[] {
    return this.#reading<AuditRow[]>([], log => {
      const isTimed = filter.since !== undefined || filter.until !== undefined
      if (!isTimed && matchOf(filter) === null) return firstThat(between(log, numbers(filter)), filter)
      const index = this.#indexOf(log)
      catchUp(log, index)
      const range = index.range(filter)
      const near = lookNear(log, range, filter)
      if (near) return near
      const short = withoutDuration(log, index, filter, range)
      if (short) return short
      const seqs = index.find(filter, range)
      return firstThat(seqs ? byNumber(log, seqs) : between(log, range), filter)
    })
  }

  /** Takes some rows into the index. Says whether there is more to do. */
  index(): boolean {
    return this.#reading(false, log => this.#indexOf(log).step(log, STEP))
  }

  due(retention: Retention): Due | null {
    return this.#reading<Due | null>(null, log => dueRows(log, retention, Date.now()))
  }

  retention(): Pick<RetentionState, 'usedBytes' | 'oldestAt' | 'erasedTo'> {
    return this.#reading({ usedBytes: 0, oldestAt: null, erasedTo: 0 }, retentionState)
  }

  close(): void {
    this.#index?.close()
    this.#index = null
  }

  #indexOf(log: Database.Database): SearchIndex {
    if (this.#index && !this.#index.isOf(log)) this.close()
    this.#index ??= SearchIndex.open(this.#folder, log)
    return this.#index
  }

  /** The log is opened for each question: it may have been moved aside since. A damaged index is made anew. */
  #reading<T>(none: T, use: (log: Database.Database) => T): T {
    for (let tries = 0; ; tries++) {
      const log = openForReading(this.#folder)
      if (!log) return none
      try {
        return use(log)
      } catch (error) {
        if (!isDamage(error) || tries > 0) throw error
        this.#index?.discard()
        this.#index = null
      } finally {
        log.close()
      }
    }
  }
}

function catchUp(log: Database.Database, index: SearchIndex): void {
  const behind = index.behind(log)
  if (behind > CATCH_UP)
    throw new HubError('audit/indexing', `The search is being made ready: ${behind} rows are not in it yet.`, {
      hint: 'Try again in a moment. The list without filters works meanwhile.',
    })
  try {
    for (let left = behind; left > 0; left -= STEP) index.step(log, STEP)
  } catch (error) {
    // On a full disk what is known already can still be found.
    if (isDamage(error)) throw error
  }
}

function* byNumber(log: Database.Database, seqs: Iterable<number>): Generator<StoredRow> {
  const read = log.prepare<[number], StoredRow>(`SELECT ${COLUMNS} FROM audit WHERE seq = ?`)
  for (const seq of seqs) {
    const row = read.get(seq)
    if (row) yield row
  }
}

const BETWEEN = `SELECT ${COLUMNS} FROM audit WHERE seq >= ? AND seq <= ? ORDER BY seq DESC`

function between(log: Database.Database, { from, to }: Range): IterableIterator<StoredRow> {
  return log.prepare<[number, number], StoredRow>(BETWEEN).iterate(from, to)
}

const LOOKED_AT = 500
/** One row of so many must fit, or the index is quicker. */
const DENSE = 5

/**
 * Of what most rows have, the index knows long lists, and walks from their end to a page in the middle. There the rows
 * themselves are looked at first; null when too few of them fit.
 */
function lookNear(log: Database.Database, range: Range, filter: AuditFilter): AuditRow[] | null {
  if (filter.text?.trim() || (filter.until === undefined && filter.before === undefined)) return null
  return firstDense(between(log, range), filter)
}

/** The first rows that fit; null when too few of those looked at do. */
function firstDense(rows: Iterable<StoredRow>, filter: AuditFilter): AuditRow[] | null {
  const found: AuditRow[] = []
  let looked = 0
  for (const row of rows) {
    if (row.time < (filter.since ?? 0) || row.time > (filter.until ?? Infinity)) continue
    const event = searched(row.content)
    if (event && fitsTags(event, filter)) found.push(toAuditRow(row))
    if (found.length >= filter.limit) return found
    looked++
    if (looked >= LOOKED_AT && found.length * DENSE < looked) return null
  }
  return found
}

/** A span of durations is dozens of lists to the index; of rows that fit all else, reading it from them is quicker, if many fit. */
function withoutDuration(
  log: Database.Database,
  index: SearchIndex,
  filter: AuditFilter,
  range: Range,
): AuditRow[] | null {
  const { minMs, maxMs, ...others } = filter
  if ((minMs ?? maxMs) === undefined) return null
  const seqs = index.find(others, range)
  return seqs && firstDense(byNumber(log, seqs), filter)
}

/** Minutes are all that the index knows of times, and of long durations that they are long; here both are exact. */
function firstThat(rows: Iterable<StoredRow>, filter: AuditFilter): AuditRow[] {
  const { since = 0, until = Infinity, limit } = filter
  const found: AuditRow[] = []
  for (const row of rows) {
    if (row.time < since || row.time > until) continue
    const told = toAuditRow(row)
    if (!fitsDuration(told.event, filter)) continue
    found.push(told)
    if (found.length >= limit) break
  }
  return found
}
