// How long content is kept: which rows are due by age or size, and their erasing in small steps that survive a crash.
import type Database from 'better-sqlite3'
import type { Retention, RetentionState } from '../../contract/audit.ts'

type Db = Database.Database

export const DEFAULT_RETENTION: Retention = { days: 90, bytes: 1024 * 1024 * 1024 }

const DAY = 86_400_000
const STEP = 500

/** `erased_to`: content up to here is gone; `erasing_to`: a row of the log says it goes up to here. */
interface Progress {
  erased_to: number
  erasing_to: number
}

export interface Due {
  from: number
  to: number
  why: string
}

export function progress(db: Db): Progress {
  return (
    db.prepare<[], Progress>('SELECT erased_to, erasing_to FROM retention WHERE one = 1').get() ?? {
      erased_to: 0,
      erasing_to: 0,
    }
  )
}

function usedBytes(db: Db): number {
  const of = (name: string) => Number(db.pragma(name, { simple: true }))
  return (of('page_count') - of('freelist_count')) * of('page_size')
}

/**
 * Rows whose time has come, oldest first; null when none are. A row of a day that has not come was written while the clock
 * was wrong: those after it say how old it is.
 */
export function dueRows(db: Db, { days, bytes }: Retention, now: number): Due | null {
  if (!hasProgress(db)) return null
  const { erased_to } = progress(db)
  const oldest = days === null ? -1 : now - days * DAY
  let excess = bytes === null ? 0 : usedBytes(db) - bytes
  let to = erased_to
  let bySize = false
  const rows = db
    .prepare<[number], { seq: number; time: number; size: number | null }>(
      'SELECT seq, time, octet_length(content) AS size FROM audit WHERE seq > ? ORDER BY seq',
    )
    .iterate(erased_to)
  for (const { seq, time, size } of rows) {
    if (time >= oldest && time <= now && excess <= 0) break
    if (time < oldest || excess > 0) {
      bySize = time >= oldest
      to = seq
    }
    excess -= size ?? 0
  }
  if (to === erased_to) return null
  const why = bySize ? `The log is larger than ${Math.round(bytes! / 1024 / 1024)} MB.` : `Older than ${days} days.`
  return { from: erased_to + 1, to, why }
}

/** Runs in the transaction of the row that tells of it. */
export function begin(db: Db, { to }: Due): void {
  const { erased_to } = progress(db)
  db.prepare('INSERT OR REPLACE INTO retention(one, erased_to, erasing_to) VALUES (1, ?, ?)').run(erased_to, to)
}

/** Erases the next few rows that were told of. Says whether there are more. */
export function eraseSome(db: Db): boolean {
  const { erased_to, erasing_to } = progress(db)
  if (erased_to >= erasing_to) return false
  const to = Math.min(erasing_to, erased_to + STEP)
  db.transaction(() => {
    clearContent(db, erased_to + 1, to)
    db.prepare('UPDATE retention SET erased_to = ?').run(to)
  }).immediate()
  return to < erasing_to
}

/** Takes what was erased out of the -wal file, too. False while somebody reads what was there before; nobody waits for them. */
export function leavesNoCopy(db: Db): boolean {
  const timeout = db.pragma('busy_timeout', { simple: true })
  db.pragma('busy_timeout = 0')
  try {
    const [done] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]
    return done?.busy === 0
  } finally {
    db.pragma(`busy_timeout = ${timeout}`)
  }
}

/** Rows that tell about the log itself stay: without them nobody could say what was erased. */
export function clearContent(db: Db, from: number, to: number): number {
  return db
    .prepare(
      `UPDATE audit SET content = NULL WHERE seq BETWEEN ? AND ? AND content IS NOT NULL
        AND content NOT GLOB '*"what":"audit/*' AND content NOT GLOB '*"kind":"erased"*'`,
    )
    .run(from, to).changes
}

export function retentionState(db: Db): Pick<RetentionState, 'usedBytes' | 'oldestAt' | 'erasedTo'> {
  const { erased_to } = hasProgress(db) ? progress(db) : { erased_to: 0 }
  const oldest = db
    .prepare<[number], number>('SELECT time FROM audit WHERE seq > ? ORDER BY seq LIMIT 1')
    .pluck()
    .get(erased_to)
  return { usedBytes: usedBytes(db), oldestAt: oldest ?? null, erasedTo: erased_to }
}

/** A log of the first format has no such table until a hub has opened it. */
function hasProgress(db: Db): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'retention'").get() !== undefined
}

/** Would `next` keep less than `now`? */
export function keepsLess(next: Retention, now: Retention): boolean {
  const less = (a: number | null, b: number | null) => (a ?? Infinity) < (b ?? Infinity)
  return less(next.days, now.days) || less(next.bytes, now.bytes)
}
