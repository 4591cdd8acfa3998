// How many requests each client may make: so many at once, and so many a second over time.
import { HttpRefusal } from './refusal.ts'

export interface Rate {
  burst: number
  perSecond: number
}

/** No honest client comes near it for longer than a moment. */
const RATE: Rate = { burst: 4_000, perSecond: 2_000 }

export class Allowance {
  readonly #rate: Rate
  readonly #left = new Map<string, { left: number; atMs: number }>()

  constructor(rate: Rate = RATE) {
    this.#rate = rate
  }

  /** Throws HttpRefusal when the client has none left. */
  take(client: string): void {
    const { burst, perSecond } = this.#rate
    const now = performance.now()
    const { left, atMs } = this.#left.get(client) ?? { left: burst, atMs: now }
    const has = Math.min(burst, left + ((now - atMs) / 1_000) * perSecond)
    if (has < 1) throw new HttpRefusal(429, 'Too many requests at once.', -32000, { 'retry-after': '1' })
    this.#left.set(client, { left: has - 1, atMs: now })
  }
}
