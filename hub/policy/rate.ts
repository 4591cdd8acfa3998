// How many calls a client made of a tool in the running minute, and whether one more is within the limits.
import type { RateLimit } from '../../contract/policy.ts'
import { fitsName } from './globs.ts'

const MINUTE_MS = 60_000
const MOST_KEPT = 10_000

export interface Caller {
  client: string
  server: string
  tool: string
}

/** `isFirst`: of this minute, so that a flood leaves one record of it and not a flood of records. */
export type Rated = { kind: 'within' } | { kind: 'over'; perMinute: number; retryInMs: number; isFirst: boolean }

interface Minute {
  from: number
  calls: number
  isTold: boolean
}

export class Rate {
  readonly #minutes = new Map<string, Minute>()

  /** Counts one call. `now`: a monotonic clock, in ms. */
  take(call: Caller, limits: readonly RateLimit[], now: number): Rated {
    const perMinute = lowest(call, limits)
    if (perMinute === undefined) return { kind: 'within' }
    const key = JSON.stringify([call.client, call.server, call.tool])
    let minute = this.#minutes.get(key)
    if (!minute || now - minute.from >= MINUTE_MS) {
      if (!minute && this.#minutes.size >= MOST_KEPT) this.#forget(now)
      minute = { from: now, calls: 0, isTold: false }
      this.#minutes.set(key, minute)
    }
    if (minute.calls < perMinute) {
      minute.calls++
      return { kind: 'within' }
    }
    const isFirst = !minute.isTold
    minute.isTold = true
    return { kind: 'over', perMinute, retryInMs: minute.from + MINUTE_MS - now, isFirst }
  }

  // Made-up tool names must not fill the memory, nor make room for a name that is over its limit.
  #forget(now: number): void {
    for (const [key, { from }] of this.#minutes) if (now - from >= MINUTE_MS) this.#minutes.delete(key)
    for (const [key, { isTold }] of this.#minutes) {
      if (this.#minutes.size < MOST_KEPT) return
      if (!isTold) this.#minutes.delete(key)
    }
    if (this.#minutes.size >= MOST_KEPT) this.#minutes.clear()
  }
}

function lowest(call: Caller, limits: readonly RateLimit[]): number | undefined {
  let found: number | undefined
  for (const limit of limits) {
    if (limit.server !== undefined && limit.server !== call.server) continue
    if (limit.client !== undefined && !fitsName(limit.client, call.client)) continue
    if (limit.tool !== undefined && !fitsName(limit.tool, call.tool)) continue
    if (found === undefined || limit.perMinute < found) found = limit.perMinute
  }
  return found
}
