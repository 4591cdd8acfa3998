// What was charged and refunded today, by currency. Kept across restarts; a key counts once however often it is tried.
import { Failure } from '../kit/failure.ts'
import { change, type State } from '../kit/state.ts'
import { type Limits, shown } from './money.ts'

const GROUP = 'spent'
const KEEP_MS = 3 * 86_400_000

export interface Movement {
  /** Charges and refunds are counted apart, and so are test and live. */
  what: string
  key: string
  amount: number
  currency: string
}

/** Amounts by key. */
type Spent = Record<string, number>

export class Spending {
  readonly #state: State
  readonly #most: Limits

  constructor(state: State, most: Limits) {
    this.#state = state
    this.#most = most
  }

  /**
   * Throws Failure when the day has no room. Returns how to give the amount back where nothing was moved; what an
   * earlier try counted stays, since that one may have moved it.
   */
  async reserve(movement: Movement): Promise<() => Promise<void>> {
    const { key, amount } = movement
    const id = idOf(movement)
    const write = (next: (before: Spent) => Spent | null) =>
      change<Spent>(this.#state, GROUP, id, before => next(before ?? {}), { keepMs: KEEP_MS })
    let isMine = false
    await write(before => {
      this.#mustFit(before, movement)
      isMine = !Object.hasOwn(before, key)
      return isMine ? { ...before, [key]: amount } : null
    })
    return async () => {
      if (isMine) await write(({ [key]: _, ...rest }) => rest)
    }
  }

  /** The same without counting it: for a call that only asks. Throws Failure. */
  async check(movement: Movement): Promise<void> {
    const held = await this.#state.read(GROUP, idOf(movement))
    this.#mustFit((held?.value as Spent | undefined) ?? {}, movement)
  }

  #mustFit(before: Spent, { key, amount, currency }: Movement): void {
    if (Object.hasOwn(before, key)) return
    const limit = this.#most.get(currency) ?? 0
    const spent = Object.values(before).reduce((sum, one) => sum + one, 0)
    if (spent + amount <= limit) return
    throw new Failure(
      'permission_denied',
      `With ${shown(amount, currency)} more, today’s limit of ${shown(limit, currency)} would be passed: ${shown(spent, currency)} are used.`,
      'Wait for tomorrow (UTC), or ask the person, who can raise MOST_PER_DAY.',
      { limit, spent, amount, currency },
    )
  }
}

function idOf({ what, currency }: Movement): string {
  return `${what} ${new Date().toISOString().slice(0, 10)} ${currency}`
}
