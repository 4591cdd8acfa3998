// Charging a customer: by what, within which limits, and how a charge is found again whose answer was lost.
import type { Stripe } from 'stripe'
import { Failure } from '../kit/failure.ts'
import type { Call } from '../kit/tools.ts'
import { mustBeAllowed } from './money.ts'
import { type Cashier, KEY, moved, movementOf, newestWith } from './moving.ts'
import { paymentOf } from './shapes.ts'
import { declined, type StripeApi } from './stripe-api.ts'

export interface Charge {
  amount: number
  currency: string
  customer: string
  idempotency_key: string
  payment_method?: string | undefined
  description?: string | undefined
}

/** Throws Failure where this charge would not be made. */
export async function mayCharge({ stripe, most, kept }: Cashier, input: Charge, call: Call): Promise<string> {
  kept.refuse(input.customer)
  mustBeAllowed(input.amount, input.currency, most)
  return await wayToPay(stripe, input, call)
}

export async function charge(cashier: Cashier, input: Charge, call: Call) {
  const payment_method = await mayCharge(cashier, input, call)
  const { amount, currency, customer, idempotency_key, description } = input
  const params: Stripe.PaymentIntentCreateParams = {
    amount,
    currency: currency.toLowerCase(),
    customer,
    payment_method,
    confirm: true,
    off_session: true,
    // Nobody is there to be sent to a page of their bank; without this Stripe asks where to.
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata: { [KEY]: idempotency_key },
    ...(description ? { description } : {}),
  }
  const movement = movementOf(cashier, 'charged', input)
  return await moved(cashier, movement, call, async (api, options) =>
    paymentOf(await api.paymentIntents.create(params, options)),
  )
}

/** Throws Failure when there is none, or several and none is the default. */
async function wayToPay(stripe: StripeApi, { payment_method, customer }: Charge, { signal }: Call): Promise<string> {
  const preset = await stripe.ask(async api => {
    const found = await api.customers.retrieve(customer)
    if (found.deleted) throw new Failure('not_found', `The customer ${customer} was deleted.`, 'Use another customer.')
    return payment_method ?? found.invoice_settings.default_payment_method ?? found.default_source
  }, signal)
  if (preset) return typeof preset === 'string' ? preset : preset.id
  const { data } = await stripe.ask(api => api.customers.listPaymentMethods(customer, { limit: 2 }), signal)
  if (data.length === 1) return data[0]!.id
  const [what, suggestion] =
    data.length === 0
      ? ['has saved no way to pay', 'Ask the person: the customer must save a card first.']
      : ['has several ways to pay and none is the default', 'Choose one of list_payment_methods.']
  throw new Failure('conflict', `${customer} ${what}.`, suggestion)
}

export async function chargedUnder(stripe: StripeApi, input: Charge, { signal }: Call) {
  const { amount, customer, idempotency_key } = input
  const isAsked = (one: Stripe.PaymentIntent) => one.amount === amount && one.currency.toUpperCase() === input.currency
  const found = await newestWith(idempotency_key, isAsked, after =>
    stripe.ask(api => api.paymentIntents.list({ customer, limit: 100, ...after }), signal),
  )
  const error = found?.last_payment_error
  if (error && found.status === 'requires_payment_method')
    throw declined(error.message ?? '', error.decline_code ?? error.code, { payment: found.id })
  return found ? paymentOf(found) : null
}
