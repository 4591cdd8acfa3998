import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHARGE, testPayments } from './test-payments.ts'
import { card, customer, invoice, problem, READING_KEY, TEST_KEY } from './test-stripe.ts'

const payments = testPayments()

test('without a key it lists its tools, and a call says what to set; a live key is refused until it is allowed', async () => {
  const none = await payments.start({ STRIPE_API_KEY: '' })
  const { tools } = await none.client.listTools()
  expect(Object.fromEntries(tools.map(one => [one.name, one.annotations?.destructiveHint]))).toEqual({
    ...{ get_customer: false, find_customer: false, list_payment_methods: false, list_invoices: false },
    ...{ get_payment: false, list_payments: false, create_payment: true, create_refund: true },
  })
  expect((await none.call('get_customer', { customer_id: 'cus_ada' })).text).toContain('set STRIPE_API_KEY')
  const live = await payments.start({ STRIPE_API_KEY: 'sk_live_51Real' })
  const all = ['get_customer', 'create_payment', 'create_refund'] as const
  const args = {
    get_customer: { customer_id: 'cus_ada' },
    create_payment: CHARGE,
    create_refund: { payment: 'pi_1', idempotency_key: 'refund-1' },
  }
  for (const tool of all) expect((await live.call(tool, args[tool])).text).toContain('This is a live key')
  const restricted = await payments.start({ STRIPE_API_KEY: 'rk_live_51Real' })
  expect((await restricted.call('create_payment', CHARGE)).text).toContain('This is a live key')
  expect(payments.stripe.seen).toEqual([])
  const allowed = await payments.start({ STRIPE_API_KEY: 'sk_live_51Real', ALLOW_LIVE: 'true' })
  expect((await allowed.call('get_customer', { customer_id: 'cus_ada' })).text).toContain('does not know this key')
})

test('customers, payments and invoices are read page by page', async () => {
  const { call } = await payments.start()
  payments.stripe.invoices.push(...Array.from({ length: 25 }, (_, n) => invoice(`in_${n}`)))
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const { data } = await call('list_invoices', { customer: 'cus_ada', limit: 10, ...(cursor ? { cursor } : {}) })
    seen.push(...data.invoices.map((one: { id: string }) => one.id))
    cursor = data.nextCursor
    if (cursor) expect((await call('list_payments', { cursor })).text).toContain('of another list')
  } while (cursor)
  expect(seen).toEqual(payments.stripe.invoices.map(one => one.id))
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
  payments.stripe.customers.push({ id: 'cus_gone', object: 'customer', deleted: true })
  expect((await call('get_customer', { customer_id: 'cus_gone' })).text).toContain('was deleted')
})

test('ids cannot lead to other places of the API', async () => {
  const { call } = await payments.start()
  for (const id of ['cus_/../charges', 'cus_a/sources', 'pi_1', 'cus_a?x=1', 'cus_a#', '../cus_a', 'cus_%2e%2e'])
    expect([id, (await call('get_customer', { customer_id: id })).failed]).toEqual([id, true])
  for (const id of ['pi_1/cancel', 'ch_1', '']) expect((await call('get_payment', { payment: id })).failed).toBe(true)
  expect(payments.stripe.seen).toEqual([])
})

test('an amount is a whole number in the smallest unit, and the answer to another one says so', async () => {
  const { call } = await payments.start()
  for (const amount of [12.5, '1250', 0, -5, 1e9, null])
    expect([amount, (await call('create_payment', { ...CHARGE, amount })).failed]).toEqual([amount, true])
  expect((await call('create_payment', { ...CHARGE, amount: 12.5 })).text).toContain('1250 are 12.50 USD')
  const most = 'KWD=5000, ISK=100000'
  const other = await payments.start({ MOST_PER_CALL: most, MOST_PER_DAY: most })
  const pay = (amount: number, currency: string) =>
    other.call('create_payment', { ...CHARGE, amount, currency, idempotency_key: `in-${currency}-${amount}` })
  expect((await pay(5121, 'KWD')).text).toContain('multiples of 10')
  expect((await pay(150, 'isk')).text).toContain('multiples of 100')
  expect((await pay(5120, 'KWD')).data.payment.shown).toBe('5.120 KWD')
  expect(payments.stripe.payments.map(one => [one.amount, one.currency])).toEqual([[5120, 'kwd']])
})

test('the same key charges once, also for many at once; with another amount it is a conflict', async () => {
  const [one, two] = [await payments.start(), await payments.start()]
  const all = await Promise.all([one, two, one, two].map(server => server.call('create_payment', CHARGE)))
  expect(all.map(({ data }) => data.payment.id)).toEqual(Array(4).fill('pi_1'))
  expect(all.filter(({ data }) => data.repeated)).toHaveLength(3)
  expect(payments.stripe.payments).toHaveLength(1)
  for (const other of [{ amount: 1251 }, { currency: 'eur' }, { customer: 'cus_bob' }, { payment_method: 'pm_x' }])
    expect((await one.call('create_payment', { ...CHARGE, ...other })).text).toContain('with other input')
  const refund = await one.call('create_refund', { payment: 'pi_1', idempotency_key: CHARGE.idempotency_key })
  expect(refund.text).toContain('with other input')
  expect([payments.stripe.payments.length, payments.stripe.refunds.length]).toEqual([1, 0])
})

test('killed in the middle of a charge, the next start gives the payment that was made and charges nothing again', async () => {
  const env = { ...payments.env, PATH: process.env.PATH ?? '' }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const clientInfo = { name: 'test', version: '1' }
  // Customer and card are answered; the charge is made, and its answer comes too late.
  payments.stripe.faults.push({ lateMs: 0 }, { lateMs: 0 }, { lateMs: 600_000 })
  say({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } })
  say({ method: 'notifications/initialized' })
  say({ id: 2, method: 'tools/call', params: { name: 'create_payment', arguments: CHARGE } })
  await expect.poll(() => payments.stripe.payments.length, { timeout: 30_000 }).toBe(1)
  child.kill('SIGKILL')
  await new Promise(resolve => child.once('close', resolve))

  const { call } = await payments.start()
  const again = await call('create_payment', CHARGE)
  expect(again.data).toMatchObject({ payment: { id: 'pi_1', status: 'succeeded' }, done: true })
  expect((await call('create_payment', CHARGE)).data).toMatchObject({ payment: { id: 'pi_1' }, repeated: true })
  expect(payments.stripe.payments).toHaveLength(1)
})

test('an answer that is lost, cut or garbage is asked for again under the same key of Stripe', async () => {
  const { call } = await payments.start()
  for (const [n, fault] of (['lose-answer', 'garbage', 'cut', 'drop'] as const).entries()) {
    const key = `lost-${fault}`
    payments.stripe.faults.push({ lateMs: 0 }, { lateMs: 0 }, fault)
    const first = await call('create_payment', { ...CHARGE, idempotency_key: key })
    const then = first.failed ? await call('create_payment', { ...CHARGE, idempotency_key: key }) : first
    expect([fault, then.failed, payments.stripe.payments.length]).toEqual([fault, false, n + 1])
  }
  const sent = payments.stripe.seen.filter(one => one.method === 'POST').map(one => one.headers['idempotency-key'])
  expect(new Set(sent)).toEqual(new Set(['lost-lose-answer', 'lost-garbage', 'lost-cut', 'lost-drop']))
})

test('while nobody knows, the key is kept: a refusal after a lost answer does not free it', async () => {
  const { call } = await payments.start()
  const limited = problem(
    429,
    { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many' },
    { 'retry-after': '60' },
  )
  payments.stripe.faults.push({ lateMs: 0 }, { lateMs: 0 }, 'lose-answer', limited)
  const first = await call('create_payment', CHARGE)
  expect(first.text).toContain('Call again with the same idempotency_key')
  expect((await call('create_payment', { ...CHARGE, amount: 999 })).text).toContain('with other input')
  // Stripe forgets keys after a day: what was made is looked for first.
  const posts = () => payments.stripe.seen.filter(one => one.method === 'POST').length
  const before = posts()
  expect((await call('create_payment', CHARGE)).data.payment.id).toBe('pi_1')
  expect([posts(), payments.stripe.payments.length]).toEqual([before, 1])
})

test('a key that Stripe still works on is waited for', async () => {
  const { call } = await payments.start()
  let release = () => {}
  payments.stripe.held.set('slow-one', new Promise(resolve => (release = resolve)))
  // Another program uses the same key at Stripe at this moment.
  const body = new URLSearchParams({
    amount: '1250',
    currency: 'usd',
    customer: 'cus_ada',
    payment_method: 'pm_ada',
    confirm: 'true',
    off_session: 'true',
    'automatic_payment_methods[enabled]': 'true',
    'automatic_payment_methods[allow_redirects]': 'never',
    'metadata[idempotency_key]': 'slow-one',
  })
  const headers = { authorization: `Bearer ${TEST_KEY}`, 'idempotency-key': 'slow-one' }
  const other = fetch(`${payments.stripe.url}/v1/payment_intents`, { method: 'POST', headers, body: `${body}` })
  await expect.poll(() => payments.stripe.seen.length).toBe(1)
  const mine = call('create_payment', { ...CHARGE, idempotency_key: 'slow-one' })
  await expect
    .poll(() => payments.stripe.seen.filter(one => one.method === 'POST').length, { timeout: 20_000 })
    .toBeGreaterThan(1)
  release()
  expect((await other).status).toBe(200)
  const answer = await mine
  expect(answer.failed ? answer.text : answer.data.payment.id).toMatch(/pi_1|with other input/)
  expect(payments.stripe.payments).toHaveLength(1)
})

test('a declined card is said with its reason, counts for no limit, and is not tried again under the same key', async () => {
  const { call } = await payments.start({ MOST_PER_DAY: 'USD=20' })
  const poor = { ...CHARGE, payment_method: 'pm_poor' }
  const first = await call('create_payment', poor)
  expect(first.text).toMatch(/declined \(insufficient_funds\).*new idempotency key.*permission_denied/)
  expect((await call('create_payment', poor)).text).toContain('insufficient_funds')
  expect((await call('create_payment', { ...poor, payment_method: 'pm_ada' })).text).toContain('with other input')
  expect((await call('create_payment', { ...CHARGE, idempotency_key: 'another-1' })).failed).toBe(false)
})

test('protected customers are never charged or refunded, a restricted key says what it lacks', async () => {
  const open = await payments.start()
  await open.call('create_payment', CHARGE)
  const { call } = await payments.start({ PROTECTED_CUSTOMERS: 'cus_a*' })
  expect((await call('create_payment', { ...CHARGE, idempotency_key: 'protected-1' })).text).toContain(
    'PROTECTED_CUSTOMERS',
  )
  expect((await call('create_refund', { payment: 'pi_1', idempotency_key: 'protected-2' })).text).toContain(
    'is protected',
  )
  const reading = await payments.start({ STRIPE_API_KEY: READING_KEY })
  const refused = await reading.call('create_payment', { ...CHARGE, idempotency_key: 'restricted-1' })
  expect(refused.text).toMatch(/rak_payment_intent_write.*permission_denied/)
  const wrong = await payments.start({ STRIPE_API_KEY: 'sk_test_51WrongSecretKey' })
  const said = await wrong.call('list_payments')
  expect(said.text).toContain('does not know this key')
  expect(JSON.stringify(said) + wrong.log()).not.toContain('WrongSecretKey')
  expect([payments.stripe.payments.length, payments.stripe.refunds.length]).toEqual([1, 0])
})

test('a customer without a card or with several says so before anything is charged', async () => {
  const { call } = await payments.start()
  payments.stripe.customers.push(
    customer('cus_none'),
    customer('cus_two'),
    customer('cus_set', { invoice_settings: { default_payment_method: 'pm_set' } }),
  )
  payments.stripe.cards.set('cus_two', [card('pm_1'), card('pm_2')])
  const pay = (of: string, more: object = {}) =>
    call('create_payment', { ...CHARGE, customer: of, idempotency_key: `for-${of}`, ...more })
  expect((await pay('cus_none')).text).toContain('has saved no way to pay')
  expect((await pay('cus_two')).text).toContain('list_payment_methods')
  expect((await pay('cus_set', { dry_run: true })).text).toBe('Would charge 12.50 USD of cus_set.')
  expect(payments.stripe.payments).toEqual([])
  expect((await pay('cus_set')).data.payment.paymentMethod).toBe('pm_set')
})

test('Stripe down, slow to answer, throttling: each in words; reading is tried again', async () => {
  const { call } = await payments.start({ CALL_TIMEOUT_MS: '3000' })
  const down = problem(503, { type: 'api_error', message: 'Stripe is down' })
  payments.stripe.faults.push(down)
  expect((await call('list_payments')).failed).toBe(false)
  payments.stripe.faults.push(down, down, down)
  expect((await call('list_payments')).text).toMatch(/Stripe failed \(HTTP 503\).*upstream_error/)
  payments.stripe.faults.push(
    problem(429, { type: 'invalid_request_error', message: 'Too many' }, { 'retry-after': '60' }),
  )
  expect((await call('list_payments')).text).toMatch(/asked too often.*rate_limited/)
  payments.stripe.faults.push('silence')
  expect((await call('list_payments')).text).toMatch(/not done after 3 s.*timeout/)
})
