// Giving money back: how much is left of a payment, within which limits, and how a refund is found again.
import type { Stripe } from 'stripe'
import { Failure } from '../kit/failure.ts'
import type { Call } from '../kit/tools.ts'
import { mustBeAllowed, shown } from './money.ts'
import { type Cashier, KEY, moved, movementOf, newestWith } from './moving.ts'
import { paymentOf, refundOf } from './shapes.ts'
import type { StripeApi } from './stripe-api.ts'

export interface Refund {
  payment: string
  amount?: number | undefined
  currency?: string | undefined
  idempotency_key: string
  reason?: 'duplicate' | 'fraudulent' | 'requested_by_customer' | undefined
}

export async function refund(cashier: Cashier, input: Refund, call: Call) {
  const { amount, currency } = await mayRefund(cashier, input, call)
  const { payment, idempotency_key, reason } = input
  const params: Stripe.RefundCreateParams = {
    payment_intent: payment,
    amount,
    metadata: { [KEY]: idempotency_key },
    ...(reason ? { reason } : {}),
  }
  const movement = movementOf(cashier, 'refunded', { amount, currency, idempotency_key })
  return await moved(cashier, movement, call, async (api, options) =>
    refundOf(await api.refunds.create(params, options)),
  )
}

/** How much it would be. Throws Failure where this refund would not be made. */
export async function mayRefund(cashier: Cashier, { payment, ...input }: Refund, { signal }: Call) {
  const expand = ['latest_charge']
  const { customer, currency, amountReceived, amountRefunded } = await cashier.stripe.ask(
    async api => paymentOf(await api.paymentIntents.retrieve(payment, { expand })),
    signal,
  )
  if (customer) cashier.kept.refuse(customer)
  if (input.currency && input.currency !== currency) {
    const words = `${payment} was paid in ${currency}, not in ${input.currency}.`
    throw new Failure('conflict', words, 'Say the amount in that currency.', { currency })
  }
  const left = amountReceived - amountRefunded
  const amount = input.amount ?? left
  if (left === 0 || amount > left) {
    const words = left === 0 ? 'has nothing left to refund' : `has only ${shown(left, currency)} left to refund`
    throw new Failure('conflict', `${payment} ${words}.`, 'Look at it with get_payment.', { left })
  }
  mustBeAllowed(amount, currency, cashier.most)
  return { amount, currency }
}

export async function refundedUnder(stripe: StripeApi, { payment, amount, idempotency_key }: Refund, { signal }: Call) {
  const isAsked = (one: Stripe.Refund) => amount === undefined || one.amount === amount
  const found = await newestWith(idempotency_key, isAsked, after =>
    stripe.ask(api => api.refunds.list({ payment_intent: payment, limit: 100, ...after }), signal),
  )
  return found ? refundOf(found) : null
}
