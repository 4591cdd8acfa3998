// The tools that move money: create_payment and create_refund.
import type { McpServer } from '@modelcontextprotocol/server'
import type { Stripe } from 'stripe'
import { z } from 'zod'
import { dryRun } from '../kit/meant.ts'
import { known } from '../kit/once.ts'
import type { Call, Kit } from '../kit/tools.ts'
import { holdsCard } from './card-numbers.ts'
import { charge, chargedUnder, mayCharge } from './charging.ts'
import { customerId, lineOf, paymentId } from './look-tools.ts'
import { shown } from './money.ts'
import { type Cashier, movementOf, moveOnce, nameOf, SAME_KEY } from './moving.ts'
import { mayRefund, refund, refundedUnder } from './refunding.ts'
import { PAYMENT, paymentOf, REFUND, refundOf } from './shapes.ts'

const MOVES = {
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  ifLate: SAME_KEY,
}

const withoutCard = (text: string) => !holdsCard(text)
const amount = z
  .int('is a whole number in the smallest unit of the currency: 1250 are 12.50 USD, 500 are 500 JPY')
  .min(1)
  .max(99_999_999)
  .describe('In the smallest unit: 1250 are 12.50 USD, 500 are 500 JPY')
const currency = z
  .string()
  .regex(/^[A-Za-z]{3}$/, 'is a code as USD')
  .transform(code => code.toUpperCase())
const key = z
  .string()
  .regex(/^[\x21-\x7e]{8,255}$/, 'is 8 to 255 letters, digits and signs without spaces')
  .refine(withoutCard, 'looks like the number of a card: choose another')
  .describe('Yours to choose, one for each payment you want; the same again gives the same payment')
const dry_run = dryRun('it is said whether it would be done')
const description = z
  .string()
  .max(500)
  .refine(withoutCard, 'holds the number of a card: leave it out')
  .optional()
  .describe('The customer may see it, on a receipt')

export function registerPayTools(kit: Kit, server: McpServer, cashier: Cashier): void {
  kit.tool(
    server,
    'create_payment',
    {
      ...MOVES,
      title: 'Charge a customer',
      description:
        'Charges the card that a customer has saved. The same idempotency_key never charges twice, also after a crash: after a timeout call again with the same key.',
      input: z.object({
        amount,
        currency: currency.describe('USD, EUR, GBP, JPY, …'),
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
    },
    async ({ dry_run, ...input }, call) => {
      if (dry_run) {
        const isKnown = await usedBefore(cashier, 'create_payment', input)
        if (!isKnown) {
          await mayCharge(cashier, input, call)
          await cashier.spending.check(movementOf(cashier, 'charged', input))
        }
        const text = isKnown ? USED : `Would charge ${shown(input.amount, input.currency)} of ${input.customer}.`
        return { text, data: { payment: null, repeated: isKnown, done: false } }
      }
      const { result: then, repeated } = await moveOnce(cashier, 'create_payment', input, call, {
        find: () => chargedUnder(cashier.stripe, input, call),
        run: () => charge(cashier, input, call),
      })
      const result = await asOfNow(cashier, repeated, then, call, async api => {
        return paymentOf(await api.paymentIntents.retrieve(then.id, { expand: ['latest_charge'] }))
      })
      const text = `${begins(repeated, result.status, 'Charged')}${lineOf(result)}`
      return { text, data: { payment: result, repeated, done: result.status === 'succeeded' } }
    },
  )

  kit.tool(
    server,
    'create_refund',
    {
      ...MOVES,
      title: 'Refund a payment',
      description:
        'Gives money of a payment back, all that is left of it or less. The same idempotency_key never refunds twice.',
      input: z.object({
        payment: paymentId,
        amount: amount.optional(),
        currency: currency.optional().describe('In which the amount is meant: refused if the payment was in another'),
        idempotency_key: key,
        reason: z
          .enum(['duplicate', 'fraudulent', 'requested_by_customer'])
          .optional()
          .describe('fraudulent: Stripe also blocks that card and address from now on'),
        dry_run,
      }),
      output: z.object({ refund: REFUND.nullable(), repeated: z.boolean(), done: z.boolean() }),
    },
    async ({ dry_run, ...input }, call) => {
      if (dry_run) {
        if (await usedBefore(cashier, 'create_refund', input))
          return { text: USED, data: { refund: null, repeated: true, done: false } }
        const { amount, currency } = await mayRefund(cashier, input, call)
        await cashier.spending.check(movementOf(cashier, 'refunded', { ...input, amount, currency }))
        const text = `Would refund ${shown(amount, currency)} of ${input.payment}.`
        return { text, data: { refund: null, repeated: false, done: false } }
      }
      const { result: then, repeated } = await moveOnce(cashier, 'create_refund', input, call, {
        find: () => refundedUnder(cashier.stripe, input, call),
        run: () => refund(cashier, input, call),
      })
      const result = await asOfNow(cashier, repeated, then, call, async api => {
        return refundOf(await api.refunds.retrieve(then.id))
      })
      const text = `${begins(repeated, result.status, 'Refunded')}${result.id}: ${result.shown}, ${result.status}`
      return { text, data: { refund: result, repeated, done: result.status === 'succeeded' } }
    },
  )
}

const USED = 'Would move nothing: this key was used before. Without dry_run it says what was done under it.'

function usedBefore(cashier: Cashier, tool: string, input: { idempotency_key: string }): Promise<boolean> {
  return known(cashier.state, nameOf(cashier, input), { tool, ...input })
}

const ENDED: readonly (string | null)[] = ['succeeded', 'failed', 'canceled', 'requires_payment_method']

/** What was on its way when it was noted may have ended since. */
async function asOfNow<T extends { status: string | null }>(
  { stripe }: Cashier,
  repeated: boolean,
  then: T,
  { signal }: Call,
  look: (api: Stripe) => Promise<T>,
): Promise<T> {
  if (!repeated || ENDED.includes(then.status)) return then
  return await stripe.ask(look, signal).catch(() => then)
}

/** Money that is still on its way is not there yet. */
function begins(repeated: boolean, status: string | null, done: string): string {
  const now =
    status === 'succeeded'
      ? `${done}. `
      : ENDED.includes(status)
        ? `Not ${done.toLowerCase()}. `
        : 'Not done yet; call again with the same key to see how it goes on. '
  return `${repeated ? 'Was asked for before. ' : ''}${now}`
}
