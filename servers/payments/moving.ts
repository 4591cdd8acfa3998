// Moving money once: under one key nothing moves twice, whatever crashes, and what moves is counted for its day.
import type { Stripe } from 'stripe'
import { Failure } from '../kit/failure.ts'
import { once } from '../kit/once.ts'
import type { Protected } from '../kit/protected.ts'
import type { State } from '../kit/state.ts'
import type { Call } from '../kit/tools.ts'
import type { Limits } from './money.ts'
import type { Movement, Spending } from './spending.ts'
import { isUnsure, type StripeApi } from './stripe-api.ts'

export interface Cashier {
  stripe: StripeApi
  state: State
  /** Of one call. */
  most: Limits
  spending: Spending
  kept: Protected
}

/** A crashed call holds its key so long. */
const LEASE_MS = 5_000
const MOST_PAGES = 20
/** On every object that is made, so that it is found again without asking twice. */
export const KEY = 'idempotency_key'
/** Whenever it is not known whether it was done. */
export const SAME_KEY =
  'Whether it was done is not known. Call again with the same idempotency_key: it is never done twice.'

export function movementOf(
  { stripe }: Cashier,
  what: 'charged' | 'refunded',
  { amount, currency, idempotency_key: key }: { amount: number; currency: string; idempotency_key: string },
): Movement {
  return { what: `${stripe.mode} ${what}`, key, amount, currency }
}

/** As `once` knows it. */
export function nameOf({ stripe }: Cashier, { idempotency_key }: { idempotency_key: string }): string {
  return `${stripe.mode} ${idempotency_key}`
}

/** After a crash it is looked for first, since Stripe itself forgets a key after a day. */
export function moveOnce<T>(
  cashier: Cashier,
  tool: string,
  input: { idempotency_key: string },
  { signal }: Call,
  { find, run }: { find: () => Promise<T | null>; run: () => Promise<T> },
) {
  const afterCrash = async () => (await find()) ?? (await run())
  return once(cashier.state, nameOf(cashier, input), { tool, ...input }, run, {
    signal,
    afterCrash,
    leaseMs: LEASE_MS,
  })
}

/** Asks Stripe to move it, counted for today. What was surely not moved is not counted. */
export async function moved<T>(
  { spending, stripe }: Cashier,
  movement: Movement,
  { signal }: Call,
  move: (api: Stripe, options: Stripe.RequestOptions) => Promise<T>,
): Promise<T> {
  const giveBack = await spending.reserve(movement)
  let isUnclear = false
  try {
    return await stripe.ask(async api => {
      try {
        return await move(api, { idempotencyKey: movement.key })
      } catch (error) {
        isUnclear ||= isUnsure(error)
        throw error
      }
    }, signal)
  } catch (error) {
    // A refusal says nothing of a try before it that was not answered; of the card it does: that is Stripe's answer to the key.
    const isRefused = error instanceof Failure && error.details.type === 'StripeCardError'
    if (isUnclear && !isRefused) throw unclear(error)
    await giveBack().catch(() => {})
    throw error
  }
}

function unclear(error: unknown): Failure {
  const { message, details } =
    error instanceof Failure ? error : { message: 'The request was not answered.', details: {} }
  return new Failure('upstream_error', message, SAME_KEY, details)
}

/** The newest that carries the key and is what was asked for: others may have written the same key on theirs. */
export async function newestWith<T extends { id: string; metadata: Stripe.Metadata | null }>(
  key: string,
  isAsked: (one: T) => boolean,
  list: (after: { starting_after?: string }) => Promise<Stripe.ApiList<T>>,
): Promise<T | null> {
  let after = {}
  for (let page = 0; page < MOST_PAGES; page++) {
    const { data, has_more } = await list(after)
    const found = data.find(one => one.metadata?.[KEY] === key && isAsked(one))
    if (found) return found
    const last = data.at(-1)
    if (!has_more || !last) return null
    after = { starting_after: last.id }
  }
  const words = `Among the newest ${MOST_PAGES * 100} of this customer none has the key ${key}.`
  throw new Failure('upstream_error', words, 'Ask the person to look into the Stripe dashboard.')
}
