import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Started, startServer } from '../kit/test-client.ts'
import { limitsOf, shown } from './money.ts'
import {
  card,
  customer,
  invoice,
  problem,
  READING_KEY,
  startTestStripe,
  TEST_KEY,
  type TestStripe,
} from './test-stripe.ts'

let stripe: TestStripe
let folder: string
const started: Started[] = []

beforeEach(async () => {
  stripe = await startTestStripe()
  folder = mkdtempSync(join(tmpdir(), 'payments-'))
  stripe.customers.push(customer('cus_ada'))
  stripe.cards.set('cus_ada', [card('pm_ada')])
})
afterEach(async () => {
  for (const one of started.splice(0)) await one.client.close()
  await stripe.close()
  rmSync(folder, { recursive: true, force: true })
})

async function start(env: Record<string, string> = {}): Promise<Started> {
  const own = {
    STRIPE_URL: stripe.url,
    STRIPE_API_KEY: TEST_KEY,
    STATE_FILE: join(folder, 'state.db'),
    RATE_LIMIT: '1000',
  }
  const one = await startServer('payments', { ...own, ...env })
  started.push(one)
  return one
}

const CHARGE = { amount: 1250, currency: 'usd', customer: 'cus_ada', idempotency_key: 'order-4711' }

test('without a key it lists its tools, and a call says what to set; a live key is refused until it is allowed', async () => {
  const none = await start({ STRIPE_API_KEY: '' })
  const { tools } = await none.client.listTools()
  expect(Object.fromEntries(tools.map(one => [one.name, one.annotations?.destructiveHint]))).toEqual({
    ...{ get_customer: false, find_customer: false, list_payment_methods: false, list_invoices: false },
    ...{ get_payment: false, list_payments: false, create_payment: true, create_refund: true },
  })
  expect((await none.call('get_customer', { customer_id: 'cus_ada' })).text).toContain('set STRIPE_API_KEY')
  const live = await start({ STRIPE_API_KEY: 'sk_live_51Real' })
  const all = ['get_customer', 'create_payment', 'create_refund'] as const
  const args = {
    get_customer: { customer_id: 'cus_ada' },
    create_payment: CHARGE,
    create_refund: { payment: 'pi_1', idempotency_key: 'refund-1' },
  }
  for (const tool of all) expect((await live.call(tool, args[tool])).text).toContain('This is a live key')
  const restricted = await start({ STRIPE_API_KEY: 'rk_live_51Real' })
  expect((await restricted.call('create_payment', CHARGE)).text).toContain('This is a live key')
  expect(stripe.seen).toEqual([])
  const allowed = await start({ STRIPE_API_KEY: 'sk_live_51Real', ALLOW_LIVE: 'true' })
  expect((await allowed.call('get_customer', { customer_id: 'cus_ada' })).text).toContain('does not know this key')
})

test('customers, payments and invoices are read page by page', async () => {
  const { call } = await start()
  stripe.invoices.push(...Array.from({ length: 25 }, (_, n) => invoice(`in_${n}`)))
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const { data } = await call('list_invoices', { customer: 'cus_ada', limit: 10, ...(cursor ? { cursor } : {}) })
    seen.push(...data.invoices.map((one: { id: string }) => one.id))
    cursor = data.nextCursor
  } while (cursor)
  expect(seen).toEqual(stripe.invoices.map(one => one.id))
  expect((await call('find_customer', { email: 'ada@example.com' })).data.customers).toEqual([
    expect.objectContaining({ id: 'cus_ada', name: 'Ada', live: false }),
  ])
  expect((await call('find_customer', { email: 'eve@example.com' })).text).toBe('No customer has this address.')
  expect((await call('list_payment_methods', { customer: 'cus_ada' })).text).toBe('pm_ada: visa •••• 4242, 04/2030')
  await call('create_payment', CHARGE)
  expect((await call('get_payment', { payment: 'pi_1' })).data).toMatchObject({
    amount: 1250,
    shown: '12.50 USD',
    customer: 'cus_ada',
  })
  expect((await call('list_payments', {})).text).toBe('pi_1: 12.50 USD, succeeded, of cus_ada')
  expect((await call('get_customer', { customer_id: 'cus_none' })).text).toMatch(/No such customer.*not_found/)
  stripe.customers.push({ id: 'cus_gone', object: 'customer', deleted: true })
  expect((await call('get_customer', { customer_id: 'cus_gone' })).text).toContain('was deleted')
})

test('ids cannot lead to other places of the API', async () => {
  const { call } = await start()
  for (const id of ['cus_/../charges', 'cus_a/sources', 'pi_1', 'cus_a?x=1', 'cus_a#', '../cus_a', 'cus_%2e%2e'])
    expect([id, (await call('get_customer', { customer_id: id })).failed]).toEqual([id, true])
  for (const id of ['pi_1/cancel', 'ch_1', '']) expect((await call('get_payment', { payment: id })).failed).toBe(true)
  expect(stripe.seen).toEqual([])
})

test('the same key charges once, also for many at once; with another amount it is a conflict', async () => {
  const [one, two] = [await start(), await start()]
  const all = await Promise.all([one, two, one, two].map(server => server.call('create_payment', CHARGE)))
  expect(all.map(({ data }) => data.payment.id)).toEqual(Array(4).fill('pi_1'))
  expect(all.filter(({ data }) => data.repeated)).toHaveLength(3)
  expect(stripe.payments).toHaveLength(1)
  for (const other of [{ amount: 1251 }, { currency: 'eur' }, { customer: 'cus_bob' }, { payment_method: 'pm_x' }])
    expect((await one.call('create_payment', { ...CHARGE, ...other })).text).toContain('with other input')
  const refund = await one.call('create_refund', { payment: 'pi_1', idempotency_key: CHARGE.idempotency_key })
  expect(refund.text).toContain('with other input')
  expect([stripe.payments.length, stripe.refunds.length]).toEqual([1, 0])
})

test('killed in the middle of a charge, the next start gives the payment that was made and charges nothing again', async () => {
  const env = {
    STRIPE_URL: stripe.url,
    STRIPE_API_KEY: TEST_KEY,
    STATE_FILE: join(folder, 'state.db'),
    PATH: process.env.PATH ?? '',
  }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const clientInfo = { name: 'test', version: '1' }
  // Customer and card are answered; the charge is made, and its answer comes too late.
  stripe.faults.push({ lateMs: 0 }, { lateMs: 0 }, { lateMs: 600_000 })
  say({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } })
  say({ method: 'notifications/initialized' })
  say({ id: 2, method: 'tools/call', params: { name: 'create_payment', arguments: CHARGE } })
  await expect.poll(() => stripe.payments.length, { timeout: 30_000 }).toBe(1)
  child.kill('SIGKILL')
  await new Promise(resolve => child.once('close', resolve))

  const { call } = await start()
  const again = await call('create_payment', CHARGE)
  expect(again.data).toMatchObject({ payment: { id: 'pi_1', status: 'succeeded' }, done: true })
  expect((await call('create_payment', CHARGE)).data).toMatchObject({ payment: { id: 'pi_1' }, repeated: true })
  expect(stripe.payments).toHaveLength(1)
})

test('an answer that is lost, cut or garbage is asked for again under the same key of Stripe', async () => {
  const { call } = await start()
  for (const [n, fault] of (['lose-answer', 'garbage', 'cut', 'drop'] as const).entries()) {
    const key = `lost-${fault}`
    stripe.faults.push({ lateMs: 0 }, { lateMs: 0 }, fault)
    const first = await call('create_payment', { ...CHARGE, idempotency_key: key })
    const then = first.failed ? await call('create_payment', { ...CHARGE, idempotency_key: key }) : first
    expect([fault, then.failed, stripe.payments.length]).toEqual([fault, false, n + 1])
  }
  const sent = stripe.seen.filter(one => one.method === 'POST').map(one => one.headers['idempotency-key'])
  expect(new Set(sent)).toEqual(new Set(['lost-lose-answer', 'lost-garbage', 'lost-cut', 'lost-drop']))
})

test('while nobody knows, the key is kept: a refusal after a lost answer does not free it', async () => {
  const { call } = await start()
  const limited = problem(
    429,
    { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many' },
    { 'retry-after': '60' },
  )
  stripe.faults.push({ lateMs: 0 }, { lateMs: 0 }, 'lose-answer', limited)
  const first = await call('create_payment', CHARGE)
  expect(first.text).toContain('Call again with the same idempotency_key')
  expect((await call('create_payment', { ...CHARGE, amount: 999 })).text).toContain('with other input')
  // Stripe forgets keys after a day: what was made is looked for first.
  const posts = () => stripe.seen.filter(one => one.method === 'POST').length
  const before = posts()
  expect((await call('create_payment', CHARGE)).data.payment.id).toBe('pi_1')
  expect([posts(), stripe.payments.length]).toEqual([before, 1])
})

test('a key that Stripe still works on is waited for', async () => {
  const { call } = await start()
  let release = () => {}
  stripe.held.set('slow-one', new Promise(resolve => (release = resolve)))
  // Another program uses the same key at Stripe at this moment.
  const body = new URLSearchParams({
    amount: '1250',
    currency: 'usd',
    customer: 'cus_ada',
    payment_method: 'pm_ada',
    confirm: 'true',
    off_session: 'true',
    'metadata[idempotency_key]': 'slow-one',
  })
  const headers = { authorization: `Bearer ${TEST_KEY}`, 'idempotency-key': 'slow-one' }
  const other = fetch(`${stripe.url}/v1/payment_intents`, { method: 'POST', headers, body: `${body}` })
  await expect.poll(() => stripe.seen.length).toBe(1)
  const mine = call('create_payment', { ...CHARGE, idempotency_key: 'slow-one' })
  await expect
    .poll(() => stripe.seen.filter(one => one.method === 'POST').length, { timeout: 20_000 })
    .toBeGreaterThan(1)
  release()
  expect((await other).status).toBe(200)
  const answer = await mine
  expect(answer.failed ? answer.text : answer.data.payment.id).toMatch(/pi_1|with other input/)
  expect(stripe.payments).toHaveLength(1)
})

test('a declined card is said with its reason, counts for no limit, and is not tried again under the same key', async () => {
  const { call } = await start({ MOST_PER_DAY: 'USD=20' })
  const poor = { ...CHARGE, payment_method: 'pm_poor' }
  const first = await call('create_payment', poor)
  expect(first.text).toMatch(/declined \(insufficient_funds\).*new idempotency key.*permission_denied/)
  expect((await call('create_payment', poor)).text).toContain('insufficient_funds')
  expect((await call('create_payment', { ...poor, payment_method: 'pm_ada' })).text).toContain('with other input')
  expect((await call('create_payment', { ...CHARGE, idempotency_key: 'another-1' })).failed).toBe(false)
})

test('limits of a call and of a day hold, in each currency, also after a restart', async () => {
  const limits = { MOST_PER_CALL: 'USD=20, JPY=1500', MOST_PER_DAY: 'USD=30, JPY=2000' }
  const first = await start(limits)
  const pay = (server: Started, amount: number, currency: string, key: string) =>
    server.call('create_payment', { ...CHARGE, amount, currency, idempotency_key: key })
  expect((await pay(first, 2001, 'usd', 'too-much-1')).text).toContain(
    '20.01 USD is more than one call may move: 20.00 USD',
  )
  expect((await pay(first, 1501, 'jpy', 'too-much-2')).text).toContain(
    '1501 JPY is more than one call may move: 1500 JPY',
  )
  expect((await pay(first, 100, 'eur', 'too-much-3')).text).toContain('EUR is not allowed here')
  expect((await pay(first, 2000, 'usd', 'first-0001')).data.payment.shown).toBe('20.00 USD')
  const second = await start(limits)
  expect((await pay(second, 1001, 'usd', 'second-001')).text).toContain('today’s limit of 30.00 USD would be passed')
  const asked = { ...CHARGE, amount: 1001, idempotency_key: 'second-001', dry_run: true }
  expect((await second.call('create_payment', asked)).text).toContain('today’s limit of 30.00 USD would be passed')
  expect((await pay(second, 1000, 'usd', 'second-002')).failed).toBe(false)
  expect((await pay(second, 1500, 'jpy', 'second-003')).data.payment.shown).toBe('1500 JPY')
  // Many at once pass it no more than one after the other.
  const many = await Promise.all(
    Array.from({ length: 5 }, (_, n) => pay(n % 2 ? first : second, 250, 'jpy', `at-once-${n}`)),
  )
  expect(many.filter(one => !one.failed)).toHaveLength(2)
  // What was done before is said again, though there is no room today.
  expect((await pay(second, 2000, 'usd', 'first-0001')).data.repeated).toBe(true)
})

test('money that is on its way is not called charged', async () => {
  const { call } = await start()
  const { text, data } = await call('create_payment', { ...CHARGE, payment_method: 'pm_slow' })
  expect([text, data.done]).toEqual([expect.stringMatching(/^Not done yet; .*processing/), false])
})

test('a refund gives back what is left at most, once for a key', async () => {
  const { call } = await start()
  await call('create_payment', CHARGE)
  const refund = (key: string, more: object = {}) =>
    call('create_refund', { payment: 'pi_1', idempotency_key: key, ...more })
  expect((await refund('refund-000', { dry_run: true })).data).toEqual({ refund: null, repeated: false, done: false })
  expect((await refund('refund-001', { amount: 1000 })).data.refund.shown).toBe('10.00 USD')
  expect((await refund('refund-001', { amount: 1000 })).data.repeated).toBe(true)
  expect((await refund('refund-002', { amount: 300 })).text).toContain('has only 2.50 USD left')
  // The answer is lost, and what was made is found though nothing is left to refund.
  const limited = problem(429, { type: 'invalid_request_error', message: 'Too many' }, { 'retry-after': '60' })
  stripe.faults.push({ lateMs: 0 }, 'lose-answer', limited)
  expect((await refund('refund-003')).text).toContain('same idempotency_key')
  expect((await refund('refund-003')).data.refund).toMatchObject({ id: 're_2', amount: 250 })
  expect((await refund('refund-004')).text).toContain('nothing left')
  expect(stripe.refunds.map(one => one.amount)).toEqual([1000, 250])
})

test('protected customers are never charged or refunded, a restricted key says what it lacks', async () => {
  const open = await start()
  await open.call('create_payment', CHARGE)
  const { call } = await start({ PROTECTED_CUSTOMERS: 'cus_a*' })
  expect((await call('create_payment', { ...CHARGE, idempotency_key: 'protected-1' })).text).toContain(
    'PROTECTED_CUSTOMERS',
  )
  expect((await call('create_refund', { payment: 'pi_1', idempotency_key: 'protected-2' })).text).toContain(
    'is protected',
  )
  const reading = await start({ STRIPE_API_KEY: READING_KEY })
  const refused = await reading.call('create_payment', { ...CHARGE, idempotency_key: 'restricted-1' })
  expect(refused.text).toMatch(/rak_payment_intent_write.*permission_denied/)
  const wrong = await start({ STRIPE_API_KEY: 'sk_test_51WrongSecretKey' })
  const said = await wrong.call('list_payments')
  expect(said.text).toContain('does not know this key')
  expect(JSON.stringify(said) + wrong.log()).not.toContain('WrongSecretKey')
  expect([stripe.payments.length, stripe.refunds.length]).toEqual([1, 0])
})

test('a customer without a card or with several says so before anything is charged', async () => {
  const { call } = await start()
  stripe.customers.push(
    customer('cus_none'),
    customer('cus_two'),
    customer('cus_set', { invoice_settings: { default_payment_method: 'pm_set' } }),
  )
  stripe.cards.set('cus_two', [card('pm_1'), card('pm_2')])
  const pay = (of: string, more: object = {}) =>
    call('create_payment', { ...CHARGE, customer: of, idempotency_key: `for-${of}`, ...more })
  expect((await pay('cus_none')).text).toContain('has saved no way to pay')
  expect((await pay('cus_two')).text).toContain('list_payment_methods')
  expect((await pay('cus_set', { dry_run: true })).text).toBe('Would charge 12.50 USD of cus_set.')
  expect(stripe.payments).toEqual([])
  expect((await pay('cus_set')).data.payment.paymentMethod).toBe('pm_set')
})

test('Stripe down, slow to answer, throttling: each in words; reading is tried again', async () => {
  const { call } = await start({ CALL_TIMEOUT_MS: '3000' })
  const down = problem(503, { type: 'api_error', message: 'Stripe is down' })
  stripe.faults.push(down)
  expect((await call('list_payments')).failed).toBe(false)
  stripe.faults.push(down, down, down)
  expect((await call('list_payments')).text).toMatch(/Stripe failed \(HTTP 503\).*upstream_error/)
  stripe.faults.push(problem(429, { type: 'invalid_request_error', message: 'Too many' }, { 'retry-after': '60' }))
  expect((await call('list_payments')).text).toMatch(/asked too often.*rate_limited/)
  stripe.faults.push('silence')
  expect((await call('list_payments')).text).toMatch(/not done after 3 s.*timeout/)
})

test('amounts as people write them, and limits as people set them', () => {
  const table: [number, string, string][] = [
    ...([
      [1250, 'usd', '12.50 USD'],
      [500, 'jpy', '500 JPY'],
      [5120, 'kwd', '5.120 KWD'],
    ] as [number, string, string][]),
    ...([
      [500, 'isk', '5.00 ISK'],
      [5, 'ugx', '5 smallest units of UGX'],
    ] as [number, string, string][]),
  ]
  expect(table.map(([amount, currency]) => shown(amount, currency))).toEqual(table.map(row => row[2]))
  expect([...limitsOf('USD=100, JPY=15000,KWD=1.5')!]).toEqual([
    ['USD', 10_000],
    ['JPY', 15_000],
    ['KWD', 1_500],
  ])
  for (const wrong of ['USD', 'usd=1', 'USD=-1', 'XXX=5', 'USD=1;EUR=2', 'UGX=1']) expect(limitsOf(wrong)).toBe(null)
})
