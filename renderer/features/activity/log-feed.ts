// The rows a page shows: asked of the hub, older ones on demand, new ones as they are written.
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import type { AuditRow } from '../../../contract/audit.ts'
import type { Problem } from '../../../contract/procedure.ts'
import { Watched } from '../../connection/store.ts'
import { hub, problemFrom, useHub } from '../../hub.ts'
import { asked, type Filter, passes } from './filter.ts'
import { isPart, type Line, mergeRows } from './lines.ts'

/** Rows beyond these are let go of while new ones come, and asked for again by whoever scrolls there. */
const MOST_FOLLOWED = 5_000
const KEPT_FOLLOWED = 4_000

export type Log =
  | { kind: 'loading' }
  | { kind: 'failed'; error: Problem }
  | { kind: 'ready'; rows: AuditRow[]; held: AuditRow[]; complete: boolean; asking: boolean; problem: Problem | null }

/** One filter's rows. `hold` keeps new lines back while older ones are being read. */
export class LogFeed {
  readonly log = new Watched<Log>({ kind: 'loading' })
  readonly #filter: Filter
  readonly #filled = new Set<string>()
  #holding = false

  constructor(filter: Filter) {
    this.#filter = filter
  }

  /** Asks, then follows, until the signal ends it. */
  async open(signal: AbortSignal): Promise<void> {
    const early: AuditRow[] = []
    void this.#follow(signal, early)
    try {
      const filter = asked(this.#filter, Date.now())
      const rows = await hub.audit.list(filter, { signal })
      if (signal.aborted) return
      const complete = rows.length < filter.limit
      this.log.set({ kind: 'ready', rows: mergeRows(rows, early), held: [], complete, asking: false, problem: null })
    } catch (error) {
      if (!signal.aborted && this.log.get().kind !== 'ready')
        this.log.set({ kind: 'failed', error: problemFrom(error) })
    }
  }

  /** The next page of older rows. */
  async older(): Promise<void> {
    const log = this.log.get()
    const oldest = log.kind === 'ready' ? log.rows.at(-1) : undefined
    if (log.kind !== 'ready' || log.complete || log.asking || !oldest) return
    this.log.set({ ...log, asking: true })
    const filter = asked(this.#filter, Date.now(), oldest.seq)
    const more = await hub.audit.list(filter).catch(error => problemFrom(error))
    const now = this.log.get()
    if (now.kind !== 'ready') return
    if (!Array.isArray(more)) return this.log.set({ ...now, asking: false, problem: more })
    this.log.set({
      ...now,
      rows: mergeRows(now.rows, more),
      complete: more.length < filter.limit,
      asking: false,
      problem: null,
    })
  }

  hold(on: boolean): void {
    this.#holding = on
    if (!on) this.release()
  }

  /** Shows what was held back. */
  release(): void {
    const log = this.log.get()
    if (log.kind === 'ready' && log.held.length > 0) {
      this.log.set({ ...log, rows: mergeRows(log.rows, log.held), held: [] })
    }
  }

  async #follow(signal: AbortSignal, early: AuditRow[]): Promise<void> {
    try {
      for await (const batch of await hub.audit.tail(undefined, { signal })) {
        this.#eraseWhat(batch)
        const wanted = batch.filter(row => passes(row, asked(this.#filter, Date.now())))
        if (this.log.get().kind === 'ready') this.#take(wanted)
        else early.push(...wanted)
      }
    } catch {
      // The connection ended; the page opens the feed again when the hub is back.
    }
  }

  /** Calls of which the filter left something out: the rest is asked for, once. */
  async fill(lines: readonly Line[]): Promise<void> {
    const wanted = lines.flatMap(line => {
      const correlation = isPart(line) ? line.rows.find(row => row.event?.correlation)?.event?.correlation : undefined
      return correlation === undefined || this.#filled.has(correlation) ? [] : [correlation]
    })
    for (const correlation of wanted) this.#filled.add(correlation)
    const calls = await Promise.all(wanted.map(correlation => hub.audit.call({ correlation }).catch(() => null)))
    const rows = calls.flatMap(call => call?.rows ?? [])
    const log = this.log.get()
    if (log.kind === 'ready' && rows.length > 0) this.log.set({ ...log, rows: mergeRows(log.rows, rows) })
  }

  /** What was erased, here or elsewhere, is not shown any longer. */
  #eraseWhat(batch: readonly AuditRow[]): void {
    const spans = batch.flatMap(row => (row.event?.kind === 'erased' ? (row.event.rows ?? []) : []))
    const log = this.log.get()
    if (spans.length === 0 || log.kind !== 'ready') return
    const isErased = ({ seq }: AuditRow) => spans.some(({ from, to }) => seq >= from && seq <= to)
    const without = (rows: AuditRow[]) => rows.map(row => (isErased(row) ? { ...row, event: null } : row))
    this.log.set({ ...log, rows: without(log.rows), held: without(log.held) })
  }

  /** A row of a call that is already on the page goes there at once: it moves nothing. */
  #take(batch: AuditRow[]): void {
    const log = this.log.get()
    if (log.kind !== 'ready' || batch.length === 0) return
    const shown = new Set(log.rows.flatMap(row => row.event?.correlation ?? []))
    const joins = (row: AuditRow) => row.event?.correlation !== undefined && shown.has(row.event.correlation)
    const now = this.#holding ? batch.filter(joins) : batch
    const held = this.#holding ? batch.filter(row => !joins(row)) : []
    const rows = now.length ? mergeRows(log.rows, now) : log.rows
    // A window may be open for days: whoever reads at the top is not read to from the bottom.
    const isMuch = !this.#holding && rows.length > MOST_FOLLOWED
    this.log.set({
      ...log,
      rows: isMuch ? rows.slice(0, KEPT_FOLLOWED) : rows,
      complete: log.complete && !isMuch,
      held: mergeRows(log.held, held),
    })
  }
}

/** The feed for a filter; it opens again whenever the hub comes back, with what was shown still there. */
export function useLogFeed(filter: Filter): { feed: LogFeed; log: Log } {
  const key = JSON.stringify(filter)
  const feed = useMemo(() => new LogFeed(JSON.parse(key) as Filter), [key])
  const state = useHub()
  const since = state.kind === 'live' ? state.since : null
  useEffect(() => {
    if (since === null) return
    const ended = new AbortController()
    void feed.open(ended.signal)
    return () => ended.abort()
  }, [feed, since])
  return { feed, log: useSyncExternalStore(feed.log.subscribe, feed.log.get) }
}
