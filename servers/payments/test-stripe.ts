// A stand-in for Stripe's API, for tests: its shapes, errors, pages, and its own idempotency keys.
import { createHash } from 'node:crypto'
import { type Reply, type Seen, startTestApi, type TestApi } from '../kit/test-api.ts'

export interface TestStripe extends TestApi {
  /** What was really moved, in order. */
  payments: Entry[]
  refunds: Entry[]
  customers: Entry[]
  invoices: Entry[]
  cards: Map<string, Entry[]>
  /** Requests under a key that are held until this settles. */
  held: Map<string, Promise<void>>
}

// biome-ignore lint/suspicious/noExplicitAny: Stripe's objects, as open as they are on the wire
type Entry = Record<string, any> & { id: string }

export const TEST_KEY = 'sk_test_51StandInKey'
/** Of a restricted key that may only look. */
export const READING_KEY = 'rk_test_51StandInReads'
const CREATED = 1_760_000_000

export async function startTestStripe(): Promise<TestStripe> {
  const [payments, refunds, customers, invoices]: [Entry[], Entry[], Entry[], Entry[]] = [[], [], [], []]
  const cards = new Map<string, Entry[]>()
  const held = new Map<string, Promise<void>>()
  const kept = new Map<string, { print: string; reply: Reply | null }>()
  const store = { payments, refunds, customers, invoices, cards }
  let requests = 0
  const api = await startTestApi(async seen => {
    const headers = { 'request-id': `req_${++requests}`, 'stripe-version': `${seen.headers['stripe-version']}` }
    const reply = refusedKey(seen) ?? (await underKey(seen))
    return { ...reply, headers: { ...headers, ...reply.headers } }
  })
  async function underKey(seen: Seen): Promise<Reply> {
    const key = seen.headers['idempotency-key']
    if (seen.method !== 'POST' || typeof key !== 'string') return answer(store, seen)
    const print = createHash('sha256').update(`${seen.path} ${seen.body}`).digest('hex')
    const known = kept.get(key)
    if (known?.reply === null) {
      const message = `There is currently another in-progress request using this Stripe Idempotency Key (${key}).`
      return problem(409, { type: 'idempotency_error', code: 'idempotency_key_in_use', message })
    }
    if (known && known.print !== print) {
      const message = `Keys for idempotent requests can only be used with the same parameters they were first used with (${key}).`
      return problem(400, { type: 'idempotency_error', message })
    }
    if (known?.reply) return { ...known.reply, headers: { 'idempotent-replayed': 'true' } }
    kept.set(key, { print, reply: null })
    await held.get(key)
    const reply = answer(store, seen)
    // What fails before it is begun is not kept.
    if (reply.status === 400 || reply.status === 404) kept.delete(key)
    else kept.set(key, { print, reply })
    return reply
  }
  return Object.assign(api, store, { held })
}

export function customer(id: string, more: object = {}): Entry {
  const invoice_settings = { default_payment_method: null }
  return {
    ...{
      id,
      object: 'customer',
      name: 'Ada',
      email: 'ada@example.com',
      description: null,
      currency: 'usd',
      balance: 0,
    },
    ...{ delinquent: false, invoice_settings, default_source: null, created: CREATED, livemode: false, metadata: {} },
    ...more,
  }
}

export function card(id: string, last4 = '4242'): Entry {
  return {
    id,
    object: 'payment_method',
    type: 'card',
    created: CREATED,
    card: { brand: 'visa', last4, exp_month: 4, exp_year: 2030 },
  }
}

export function invoice(id: string, more: object = {}): Entry {
  return {
    ...{ id, object: 'invoice', number: `N-${id}`, status: 'open', customer: 'cus_ada', currency: 'usd', total: 1250 },
    ...{ amount_due: 1250, amount_paid: 0, amount_remaining: 1250, created: CREATED, due_date: null },
    ...more,
  }
}

type Store = Pick<TestStripe, 'payments' | 'refunds' | 'customers' | 'invoices' | 'cards'>

function answer(store: Store, { method, path, query, body }: Seen): Reply {
  const form = new URLSearchParams(body)
  const [, , noun, id, more] = path.split('/')
  if (method === 'GET' && noun === 'customers' && id && more === 'payment_methods')
    return page(path, store.cards.get(id) ?? [], query)
  if (method === 'GET' && noun === 'customers' && id) return one(store.customers, id, 'customer')
  if (method === 'GET' && noun === 'customers') return page(path, store.customers.filter(by(query, 'email')), query)
  if (method === 'GET' && noun === 'invoices')
    return page(
      path,
      store.invoices.filter(one => by(query, 'customer')(one) && by(query, 'status')(one)),
      query,
    )
  if (method === 'GET' && noun === 'payment_intents' && id) return one(store.payments, id, 'payment_intent')
  if (method === 'GET' && noun === 'payment_intents')
    return page(path, store.payments.filter(by(query, 'customer')).toReversed(), query)
  if (method === 'GET' && noun === 'refunds' && id) return one(store.refunds, id, 'refund')
  if (method === 'GET' && noun === 'refunds')
    return page(path, store.refunds.filter(by(query, 'payment_intent')).toReversed(), query)
  if (method === 'POST' && noun === 'payment_intents') return charge(store, form)
  if (method === 'POST' && noun === 'refunds') return refund(store, form)
  return problem(404, { type: 'invalid_request_error', message: `Unrecognized request URL (${method}: ${path}).` })
}

const by = (query: URLSearchParams, name: string) => (one: Entry) => !query.has(name) || one[name] === query.get(name)

function one(list: Entry[], id: string, what: string): Reply {
  const found = list.find(one => one.id === id)
  if (found) return { body: found }
  const message = `No such ${what}: '${id}'`
  return problem(404, { type: 'invalid_request_error', code: 'resource_missing', param: 'id', message })
}

function page(url: string, list: Entry[], query: URLSearchParams): Reply {
  const after = query.get('starting_after')
  const from = after ? list.findIndex(one => one.id === after) + 1 : 0
  const limit = Number(query.get('limit') ?? 10)
  const data = list.slice(from, from + limit)
  return { body: { object: 'list', url, has_more: from + limit < list.length, data } }
}

const DECLINES: Record<string, string> = { pm_poor: 'insufficient_funds', pm_lost: 'lost_card' }

function charge({ payments, customers }: Store, form: URLSearchParams): Reply {
  const [amount, currency] = [Number(form.get('amount')), form.get('currency') ?? '']
  if (!customers.some(one => one.id === form.get('customer')))
    return problem(404, {
      type: 'invalid_request_error',
      code: 'resource_missing',
      param: 'customer',
      message: `No such customer: '${form.get('customer')}'`,
    })
  if (amount < 50 && currency === 'usd')
    return problem(400, {
      type: 'invalid_request_error',
      code: 'amount_too_small',
      param: 'amount',
      message: 'Amount must be at least $0.50 usd',
    })
  // It depends on how the account is set up; an account that takes methods with redirects refuses.
  if (form.get('automatic_payment_methods[allow_redirects]') !== 'never' && !form.has('return_url'))
    return problem(400, {
      type: 'invalid_request_error',
      message:
        'This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`.',
    })
  const id = `pi_${payments.length + 1}`
  const method = form.get('payment_method') ?? ''
  const made: Entry = {
    ...{
      id,
      client_secret: `${id}_secret_standIn`,
      object: 'payment_intent',
      status: 'succeeded',
      amount,
      amount_received: amount,
      currency,
      livemode: false,
    },
    ...{
      customer: form.get('customer'),
      description: form.get('description'),
      payment_method: method,
      created: CREATED,
    },
    ...{ metadata: { idempotency_key: form.get('metadata[idempotency_key]') }, last_payment_error: null },
    latest_charge: { id: `ch_${payments.length + 1}`, object: 'charge', amount_refunded: 0 },
  }
  payments.push(made)
  if (method === 'pm_slow') Object.assign(made, { status: 'processing', amount_received: 0 })
  const decline_code = DECLINES[method]
  if (!decline_code) return { body: made }
  const error = { type: 'card_error', code: 'card_declined', decline_code, message: 'Your card was declined.' }
  Object.assign(made, { status: 'requires_payment_method', amount_received: 0, last_payment_error: error })
  return problem(402, { ...error, payment_intent: made })
}

function refund({ payments, refunds }: Store, form: URLSearchParams): Reply {
  const payment = payments.find(one => one.id === form.get('payment_intent'))
  const amount = Number(form.get('amount'))
  if (!payment || payment.latest_charge.amount_refunded + amount > payment.amount_received)
    return problem(400, {
      type: 'invalid_request_error',
      code: 'charge_already_refunded',
      message: 'Refund amount is greater than unrefunded amount on charge',
    })
  payment.latest_charge.amount_refunded += amount
  const metadata = { idempotency_key: form.get('metadata[idempotency_key]') }
  const { currency, id: payment_intent } = payment
  const made = {
    id: `re_${refunds.length + 1}`,
    object: 'refund',
    status: 'succeeded',
    amount,
    currency,
    payment_intent,
  }
  refunds.push({ ...made, reason: form.get('reason'), created: CREATED, metadata })
  return { body: refunds.at(-1) }
}

function refusedKey({ headers, method }: Seen): Reply | undefined {
  const key = `${headers.authorization}`.replace('Bearer ', '')
  if (key === TEST_KEY || (key === READING_KEY && method === 'GET')) return undefined
  if (key !== READING_KEY)
    return problem(401, {
      type: 'invalid_request_error',
      message: `Invalid API Key provided: sk_test_*******${key.slice(-4)}`,
    })
  const message = `The provided key 'rk_test_********eads' does not have the required permissions for this endpoint on account 'acct_1'. Having the 'rak_payment_intent_write' permission would allow this request to continue.`
  return problem(403, { type: 'invalid_request_error', message })
}

export function problem(status: number, error: object, headers: Record<string, string> = {}): Reply {
  return { status, body: { error: { doc_url: 'https://docs.stripe.com/error-codes', ...error } }, headers }
}
