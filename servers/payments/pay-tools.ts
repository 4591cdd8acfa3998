// The tools that move money: create_payment and create_refund. Under one key nothing moves twice, whatever crashes.
import type { McpServer } from '@modelcontextprotocol/server'
import type { Stripe } from 'stripe'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { once } from '../kit/once.ts'
import type { Protected } from '../kit/protected.ts'
import type { State } from '../kit/state.ts'
import type { Call, Kit } from '../kit/tools.ts'
import { customerId, lineOf, paymentId } from './look-tools.ts'
import { type Limits, mustBeAllowed, shown } from './money.ts'
import { PAYMENT, paymentOf, REFUND, refundOf } from './shapes.ts'
import type { Movement, Spending } from './spending.ts'
import { declined, isUnsure, type StripeApi } from './stripe-api.ts'

export interface Cashier {
  stripe: StripeApi
  state: State
  /** Of one call. */
  most: Limits
  spending: Spending
  kept: Protected
}

const MOVES = { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true }
/** A crashed call holds its key so long. */
const LEASE_MS = 5_000
const MOST_PAGES = 20
/** On every object that is made, so that it is found again without asking twice. */
const KEY = 'idempotency_key'

const amount = z.int().min(1).max(99_999_999).describe('In the smallest unit: 1250 are 12.50 USD, 500 are 500 JPY')
const key = z
  .string()
  .regex(/^[\x21-\x7e]{8,255}$/, 'is 8 to 255 letters, digits and signs without spaces')
  .describe('Yours to choose, one for each payment you want; the same again gives the same payment')
const dry_run = z.boolean().default(false).describe('True: says whether it would be done, and does nothing')
const description = z.string().max(500).optional()

export function registerPayTools(kit: Kit, server: McpServer, cashier: Cashier): void {
  kit.tool(
    server,
    'create_payment',
    {
      title: 'Charge a customer',
      description:
        'Charges the card that a customer has saved. The same idempotency_key never charges twice, also after a crash: after a timeout call again with the same key.',
      input: z.object({
        amount,
        currency: z
          .string()
          .regex(/^[A-Za-z]{3}$/, 'is a code as USD')
          .describe('USD, EUR, GBP, JPY, …'),
        customer: customerId,
        idempotency_key: key,
        payment_method: z
          .string()
          .regex(/^(pm|card|src)_\w{1,250}$/, 'is an id as pm_…')
          .optional()
          .describe('Without it the default of the customer, or the only one'),
        description,
        dry_run,
      }),
      output: z.object({ payment: PAYMENT.nullable(), repeated: z.boolean(), done: z.boolean() }),
      annotations: MOVES,
    },
    async ({ dry_run, ...asked }, call) => {
      const input = { ...asked, currency: asked.currency.toUpperCase() }
      const words = `${shown(input.amount, input.currency)} of ${input.customer}`
      if (dry_run) {
        mayCharge(cashier, input)
        await wayToPay(cashier.stripe, input, call)
        await cashier.spending.check(movementOf(cashier, 'charged', input))
        return { text: `Would charge ${words}.`, data: { payment: null, repeated: false, done: false } }
      }
      const { result, repeated } = await cashierOnce(cashier, 'create_payment', input, call, {
        find: () => chargedUnder(cashier.stripe, input, call),
        run: () => charge(cashier, input, call),
      })
      const text = `${begins(repeated, result.status, 'Charged')}${lineOf(result)}`
      return { text, data: { payment: result, repeated, done: result.status === 'succeeded' } }
    },
  )

  kit.tool(
    server,
    'create_refund',
    {
      title: 'Refund a payment',
      description:
        'Gives money of a payment back, all that is left of it or less. The same idempotency_key never refunds twice.',
      input: z.object({
        payment: paymentId,
        amount: amount.optional(),
        idempotency_key: key,
        reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
        dry_run,
      }),
      output: z.object({ refund: REFUND.nullable(), repeated: z.boolean(), done: z.boolean() }),
      annotations: MOVES,
    },
    async ({ dry_run, ...input }, call) => {
      if (dry_run) {
        const { amount, currency } = await refundable(cashier, input, call)
        await cashier.spending.check(movementOf(cashier, 'refunded', { ...input, amount, currency }))
        const text = `Would refund ${shown(amount, currency)} of ${input.payment}.`
        return { text, data: { refund: null, repeated: false, done: false } }
      }
      const { result, repeated } = await cashierOnce(cashier, 'create_refund', input, call, {
        find: () => refundedUnder(cashier.stripe, input, call),
        run: () => refund(cashier, input, call),
      })
      const text = `${begins(repeated, result.status, 'Refunded')}${result.id}: ${result.shown}, ${result.status}`
      return { text, data: { refund: result, repeated, done: result.status === 'succeeded' } }
    },
  )
}

/** Money that is still on its way is not there yet. */
function begins(repeated: boolean, status: string | null, done: string): string {
  if (repeated) return 'Was asked for before: '
  return status === 'succeeded' ? `${done}. ` : 'Not done yet; look at it again with get_payment. '
}

function movementOf(
  { stripe }: Cashier,
  what: 'charged' | 'refunded',
  { amount, currency, idempotency_key: key }: { amount: number; currency: string; idempotency_key: string },
): Movement {
  return { what: `${stripe.mode} ${what}`, key, amount, currency }
}

interface Charge {
  amount: number
  currency: string
  customer: string
  idempotency_key: string
  payment_method?: string | undefined
  description?: string | undefined
}

interface Refund {
  payment: string
  amount?: number | undefined
  idempotency_key: string
  reason?: 'duplicate' | 'fraudulent' | 'requested_by_customer' | undefined
}

/** After a crash it is looked for first, since Stripe itself forgets a key after a day. */
function cashierOnce<T>(
  { state, stripe }: Cashier,
  tool: string,
  input: { idempotency_key: string },
  { signal }: Call,
  { find, run }: { find: () => Promise<T | null>; run: () => Promise<T> },
) {
  const afterCrash = async () => (await find()) ?? (await run())
  return once(state, `${stripe.mode} ${input.idempotency_key}`, { tool, ...input }, run, {
    signal,
    afterCrash,
    leaseMs: LEASE_MS,
  })
}

function mayCharge({ most, kept }: Cashier, { amount, currency, customer }: Charge): void {
  kept.refuse(customer)
  mustBeAllowed(amount, currency, most)
}

async function charge(cashier: Cashier, input: Charge, call: Call) {
  mayCharge(cashier, input)
  const { amount, currency, customer, idempotency_key, description } = input
  const { stripe } = cashier
  const payment_method = await wayToPay(stripe, input, call)
  const params: Stripe.PaymentIntentCreateParams = {
    amount,
    currency: currency.toLowerCase(),
    customer,
    payment_method,
    confirm: true,
    off_session: true,
    metadata: { [KEY]: idempotency_key },
    ...(description ? { description } : {}),
  }
  const movement = movementOf(cashier, 'charged', input)
  const made = await moved(cashier, movement, call, (api, options) => api.paymentIntents.create(params, options))
  return paymentOf(made)
}

/** Throws Failure when there is none, or several and none is the default. */
async function wayToPay(stripe: StripeApi, { payment_method, customer }: Charge, { signal }: Call): Promise<string> {
  if (payment_method) return payment_method
  const found = await stripe.ask(api => api.customers.retrieve(customer), signal)
  if (found.deleted) throw new Failure('not_found', `The customer ${customer} was deleted.`, 'Use another customer.')
  const preset = found.invoice_settings.default_payment_method ?? found.default_source
  if (preset) return typeof preset === 'string' ? preset : preset.id
  const { data } = await stripe.ask(api => api.customers.listPaymentMethods(customer, { limit: 2 }), signal)
  if (data.length === 1) return data[0]!.id
  const [what, suggestion] =
    data.length === 0
      ? ['has saved no way to pay', 'Ask the person: the customer must save a card first.']
      : ['has several ways to pay and none is the default', 'Choose one of list_payment_methods.']
  throw new Failure('conflict', `${customer} ${what}.`, suggestion)
}

async function refund(cashier: Cashier, input: Refund, call: Call) {
  const { amount, currency } = await refundable(cashier, input, call)
  const { payment, idempotency_key, reason } = input
  const params: Stripe.RefundCreateParams = {
    payment_intent: payment,
    amount,
    metadata: { [KEY]: idempotency_key },
    ...(reason ? { reason } : {}),
  }
  const movement = movementOf(cashier, 'refunded', { amount, currency, idempotency_key })
  const made = await moved(cashier, movement, call, (api, options) => api.refunds.create(params, options))
  return refundOf(made)
}

/** How much it would be, within the limits of one call. Throws Failure. */
async function refundable(cashier: Cashier, { payment, amount }: Refund, { signal }: Call) {
  const expand = ['latest_charge']
  const found = await cashier.stripe.ask(api => api.paymentIntents.retrieve(payment, { expand }), signal)
  const { customer, currency, amountReceived, amountRefunded } = paymentOf(found)
  if (customer) cashier.kept.refuse(customer)
  const left = amountReceived - amountRefunded
  const wanted = amount ?? left
  if (left === 0 || wanted > left) {
    const words = left === 0 ? 'has nothing left to refund' : `has only ${shown(left, currency)} left to refund`
    throw new Failure('conflict', `${payment} ${words}.`, 'Look at it with get_payment.', { left })
  }
  mustBeAllowed(wanted, currency, cashier.most)
  return { amount: wanted, currency }
}

/** Asks Stripe to move it, counted for today. What was surely not moved is not counted. */
async function moved<T>(
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
  const suggestion =
    'Whether it was done is not known. Call again with the same idempotency_key: it is never done twice.'
  return new Failure('upstream_error', message, suggestion, details)
}

async function chargedUnder(stripe: StripeApi, { customer, idempotency_key }: Charge, { signal }: Call) {
  const found = await firstWith(idempotency_key, after =>
    stripe.ask(api => api.paymentIntents.list({ customer, limit: 100, ...after }), signal),
  )
  const error = found?.last_payment_error
  if (error) throw declined(error.message ?? '', error.decline_code ?? error.code, { payment: found.id })
  return found ? paymentOf(found) : null
}

async function refundedUnder(stripe: StripeApi, { payment, idempotency_key }: Refund, { signal }: Call) {
  const found = await firstWith(idempotency_key, after =>
    stripe.ask(api => api.refunds.list({ payment_intent: payment, limit: 100, ...after }), signal),
  )
  return found ? refundOf(found) : null
}

async function firstWith<T extends { id: string; metadata: Stripe.Metadata | null }>(
  key: string,
  list: (after: { starting_after?: string }) => Promise<Stripe.ApiList<T>>,
): Promise<T | null> {
  let after = {}
  for (let page = 0; page < MOST_PAGES; page++) {
    const { data, has_more } = await list(after)
    const found = data.find(one => one.metadata?.[KEY] === key)
    if (found) return found
    const last = data.at(-1)
    if (!has_more || !last) return null
    after = { starting_after: last.id }
  }
  const words = `Among the newest ${MOST_PAGES * 100} of this customer none has the key ${key}.`
  throw new Failure('upstream_error', words, 'Ask the person to look into the Stripe dashboard.')
}
