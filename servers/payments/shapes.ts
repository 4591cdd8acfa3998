// Stripe's objects as they are handed on: what a model needs of them, times as text, amounts also as people write them.
import type { Stripe } from 'stripe'
import { z } from 'zod'
import { withoutCards } from './card-numbers.ts'
import { shown } from './money.ts'

const amount = z.int().describe('In the smallest unit of the currency')

export const CUSTOMER = z.object({
  id: z.string(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  description: z.string().nullable(),
  currency: z.string().nullable(),
  balance: amount,
  delinquent: z.boolean(),
  defaultPaymentMethod: z.string().nullable(),
  created: z.string(),
  live: z.boolean(),
})

export const PAYMENT = z.object({
  id: z.string(),
  status: z.string(),
  amount,
  currency: z.string(),
  shown: z.string().describe('As 12.50 USD'),
  amountReceived: amount,
  amountRefunded: amount,
  customer: z.string().nullable(),
  description: z.string().nullable(),
  paymentMethod: z.string().nullable(),
  created: z.string(),
  live: z.boolean(),
  failure: z.object({ code: z.string(), declineCode: z.string().nullable(), message: z.string() }).nullable(),
})

export const INVOICE = z.object({
  id: z.string(),
  number: z.string().nullable(),
  status: z.string().nullable(),
  customer: z.string().nullable(),
  currency: z.string(),
  total: amount,
  amountDue: amount,
  amountPaid: amount,
  amountRemaining: amount,
  shown: z.string(),
  created: z.string(),
  due: z.string().nullable(),
})

export const REFUND = z.object({
  id: z.string(),
  status: z.string().nullable(),
  amount,
  currency: z.string(),
  shown: z.string(),
  payment: z.string().nullable(),
  reason: z.string().nullable(),
  created: z.string(),
})

export const PAYMENT_METHOD = z.object({
  id: z.string(),
  type: z.string(),
  title: z.string().describe('As visa •••• 4242, 04/2030'),
  created: z.string(),
})

/** What people wrote. */
const text = (written: string | null | undefined) =>
  written === null || written === undefined ? null : withoutCards(written)
const time = (seconds: number) => new Date(seconds * 1000).toISOString()
const idOf = (value: string | { id: string } | null | undefined) =>
  typeof value === 'string' ? value : (value?.id ?? null)

export function customerOf(one: Stripe.Customer): z.output<typeof CUSTOMER> {
  return {
    id: one.id,
    name: text(one.name),
    email: one.email,
    description: text(one.description),
    currency: one.currency?.toUpperCase() ?? null,
    balance: one.balance,
    delinquent: one.delinquent ?? false,
    defaultPaymentMethod: idOf(one.invoice_settings.default_payment_method),
    created: time(one.created),
    live: one.livemode,
  }
}

export function paymentOf(one: Stripe.PaymentIntent): z.output<typeof PAYMENT> {
  const error = one.last_payment_error
  const charge = typeof one.latest_charge === 'object' ? one.latest_charge : null
  return {
    id: one.id,
    status: one.status,
    amount: one.amount,
    currency: one.currency.toUpperCase(),
    shown: shown(one.amount, one.currency),
    amountReceived: one.amount_received,
    amountRefunded: charge?.amount_refunded ?? 0,
    customer: idOf(one.customer),
    description: text(one.description),
    paymentMethod: idOf(one.payment_method),
    created: time(one.created),
    live: one.livemode,
    failure: error
      ? { code: error.code ?? error.type, declineCode: error.decline_code ?? null, message: text(error.message) ?? '' }
      : null,
  }
}

export function invoiceOf(one: Stripe.Invoice): z.output<typeof INVOICE> {
  return {
    id: one.id,
    number: one.number,
    status: one.status,
    customer: idOf(one.customer),
    currency: one.currency.toUpperCase(),
    total: one.total,
    amountDue: one.amount_due,
    amountPaid: one.amount_paid,
    amountRemaining: one.amount_remaining,
    shown: shown(one.total, one.currency),
    created: time(one.created),
    due: one.due_date === null ? null : time(one.due_date),
  }
}

export function refundOf(one: Stripe.Refund): z.output<typeof REFUND> {
  return {
    id: one.id,
    status: one.status,
    amount: one.amount,
    currency: one.currency.toUpperCase(),
    shown: shown(one.amount, one.currency),
    payment: idOf(one.payment_intent),
    reason: one.reason,
    created: time(one.created),
  }
}

export function paymentMethodOf(one: Stripe.PaymentMethod): z.output<typeof PAYMENT_METHOD> {
  const { card } = one
  const until = card ? `, ${String(card.exp_month).padStart(2, '0')}/${card.exp_year}` : ''
  return {
    id: one.id,
    type: one.type,
    title: card ? `${card.brand} •••• ${card.last4}${until}` : one.type,
    created: time(one.created),
  }
}
