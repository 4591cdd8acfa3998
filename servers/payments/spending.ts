// What was charged and refunded today, by currency. Kept across restarts; a key counts once however often it is tried.
import { Failure } from '../kit/failure.ts'
import { change, type State } from '../kit/state.ts'
import { type Limits, shown } from './money.ts'

const KEEP_MS = 3 * 86_400_000

export interface Movement {
  /** Charges and refunds are counted apart, and so are test and live. */
  what: string
  key: string
  amount: number
  currency: string
}

export class Spending {
  readonly #state: State
  readonly #most: Limits

  constructor(state: State, most: Limits) {
    this.#state = state
    this.#most = most
  }

  /** Throws Failure when the day has no room. Returns how to give the amount back where nothing was moved. */
  async reserve({ what, key, amount, currency }: Movement): Promise<() => Promise<void>> {
    const limit = this.#most.get(currency) ?? 0
    const id = `${what} ${new Date().toISOString().slice(0, 10)} ${currency}`
    const write = (next: (before: Record<string, number>) => Record<string, number> | null) =>
      change<Record<string, number>>(this.#state, 'spent', id, before => next(before ?? {}), { keepMs: KEEP_MS })
    await write(before => {
      if (before[key] !== undefined) return null
      const spent = Object.values(before).reduce((sum, one) => sum + one, 0)
      if (spent + amount <= limit) return { ...before, [key]: amount }
      throw new Failure(
        'permission_denied',
        `With ${shown(amount, currency)} more, today’s limit of ${shown(limit, currency)} would be passed: ${shown(spent, currency)} are used.`,
        'Wait for tomorrow (UTC), or ask the person, who can raise MOST_PER_DAY.',
        { limit, spent, amount, currency },
      )
    })
    return async () => {
      await write(({ [key]: _, ...rest }) => rest)
    }
  }
}
