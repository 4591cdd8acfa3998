// Answers kept for a while, by a clock that nobody sets: what was asked for lately is not asked for again.
import { LRUCache } from 'lru-cache'

const MOST = 100

export class Kept<T extends object> {
  readonly #answers: LRUCache<string, T>

  /** `now`: milliseconds of a clock that only goes on. */
  constructor(keepMs: number, now = () => performance.now()) {
    this.#answers = new LRUCache({ max: MOST, ttl: keepMs, ttlResolution: 0, perf: { now } })
  }

  /** The answer that is kept, or that of `ask`; one that failed is not kept. */
  async get(key: string, ask: () => Promise<T>): Promise<T> {
    const kept = this.#answers.get(key)
    if (kept) return kept
    const answer = await ask()
    this.#answers.set(key, answer)
    return answer
  }
}
