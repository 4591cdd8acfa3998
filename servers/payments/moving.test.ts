import { expect, test } from 'vitest'
import { readSettings } from '../kit/settings.ts'
import type { Started } from '../kit/test-client.ts'
import { limitsOf, shown } from './money.ts'
import { SETTINGS } from './settings.ts'
import { CHARGE, testPayments } from './test-payments.ts'
import { card, customer, problem } from './test-stripe.ts'

const payments = testPayments()

test('limits of a call and of a day hold, in each currency, also after a restart', async () => {
  const limits = { MOST_PER_CALL: 'USD=20, JPY=1500', MOST_PER_DAY: 'USD=30, JPY=2000' }
  const first = await payments.start(limits)
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
  const second = await payments.start(limits)
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
  const { call } = await payments.start()
  const { text, data } = await call('create_payment', { ...CHARGE, payment_method: 'pm_slow' })
  expect([text, data.done]).toEqual([expect.stringMatching(/^Not done yet; .*processing/), false])
})

test('a refund gives back what is left at most, once for a key', async () => {
  const { call } = await payments.start()
  await call('create_payment', CHARGE)
  const refund = (key: string, more: object = {}) =>
    call('create_refund', { payment: 'pi_1', idempotency_key: key, ...more })
  expect((await refund('refund-000', { dry_run: true })).data).toEqual({ refund: null, repeated: false, done: false })
  expect((await refund('refund-001', { amount: 1000 })).data.refund.shown).toBe('10.00 USD')
  expect((await refund('refund-001', { amount: 1000 })).data.repeated).toBe(true)
  expect((await refund('refund-002', { amount: 300 })).text).toContain('has only 2.50 USD left')
  // The answer is lost, and what was made is found though nothing is left to refund.
  const limited = problem(429, { type: 'invalid_request_error', message: 'Too many' }, { 'retry-after': '60' })
  payments.stripe.faults.push({ lateMs: 0 }, 'lose-answer', limited)
  expect((await refund('refund-003')).text).toContain('same idempotency_key')
  expect((await refund('refund-003')).data.refund).toMatchObject({ id: 're_2', amount: 250 })
  expect((await refund('refund-004')).text).toContain('nothing left')
  expect(payments.stripe.refunds.map(one => one.amount)).toEqual([1000, 250])
})

test('keys that are called as members of every object count for the day as any other', async () => {
  const { call } = await payments.start({ MOST_PER_DAY: 'USD=20' })
  const keys = ['__proto__', 'constructor', 'hasOwnProperty', 'toString']
  const all = []
  for (const idempotency_key of keys) all.push(await call('create_payment', { ...CHARGE, idempotency_key }))
  expect(all.map(one => one.failed)).toEqual([false, true, true, true])
  expect(all[1]!.text).toContain('today’s limit of 20.00 USD would be passed: 12.50 USD are used')
  expect((await call('create_payment', { ...CHARGE, idempotency_key: '__proto__' })).data.repeated).toBe(true)
  expect(payments.stripe.payments).toHaveLength(1)
})

test('what nobody knows keeps its place in the day, also when the next try under its key is refused', async () => {
  const { call } = await payments.start({ MOST_PER_DAY: 'USD=20' })
  const limited = problem(429, { type: 'invalid_request_error', message: 'Too many' }, { 'retry-after': '60' })
  payments.stripe.faults.push({ lateMs: 0 }, { lateMs: 0 }, 'drop', limited)
  expect((await call('create_payment', CHARGE)).text).toContain('same idempotency_key')
  const refused = problem(400, { type: 'invalid_request_error', message: 'Not like this' })
  payments.stripe.faults.push({ lateMs: 0 }, { lateMs: 0 }, { lateMs: 0 }, refused)
  expect((await call('create_payment', CHARGE)).text).toContain('Stripe says: Not like this')
  const other = await call('create_payment', { ...CHARGE, idempotency_key: 'another-one' })
  expect(other.text).toContain('12.50 USD are used')
})

test('refunds at the same time give back no more than was paid, and what was refused counts for no day', async () => {
  const limits = { MOST_PER_DAY: 'USD=13' }
  const [one, two] = [await payments.start(limits), await payments.start(limits)]
  await one.call('create_payment', CHARGE)
  const refund = (server: Started, n: number, amount: number) =>
    server.call('create_refund', { payment: 'pi_1', idempotency_key: `at-once-${n}`, amount })
  // Both have seen that all is left when they ask for it.
  const all = await Promise.all([refund(one, 1, 700), refund(two, 2, 600)])
  expect(all.filter(({ failed }) => failed)).toHaveLength(1)
  expect(all.find(({ failed }) => failed)!.text).toMatch(/greater than unrefunded|has only .* left|would be passed/)
  const left = 1250 - payments.stripe.refunds[0]!.amount
  expect((await refund(two, 3, left)).data.refund.amount).toBe(left)
  expect(payments.stripe.refunds.reduce((sum, { amount }) => sum + amount, 0)).toBe(1250)
})

test('a charge that is not done in time is asked for again with the same key', async () => {
  const { call } = await payments.start({ CALL_TIMEOUT_MS: '1500' })
  payments.stripe.faults.push({ lateMs: 0 }, { lateMs: 0 }, { lateMs: 4_000 })
  expect((await call('create_payment', CHARGE)).text).toMatch(/not done after 1.5 s.*same idempotency_key.*timeout/)
  await expect
    .poll(async () => (await call('create_payment', CHARGE)).data.payment?.id, { timeout: 30_000 })
    .toBe('pi_1')
  expect(payments.stripe.payments).toHaveLength(1)
})

test('numbers of cards are not taken, and not told where others wrote them; no secret of a payment is told', async () => {
  const { call, log } = await payments.start({ LOG_LEVEL: 'debug' })
  const number = '4242 4242 4242 4242'
  for (const given of [
    { description: `card ${number}` },
    { description: 'card=4242424242424242 12/30' },
    { description: '４２４２４２４２４２４２４２４２' },
    { idempotency_key: '378282246310005' },
  ])
    expect([given, (await call('create_payment', { ...CHARGE, ...given })).failed]).toEqual([given, true])
  expect(payments.stripe.seen).toEqual([])
  payments.stripe.customers.push(customer('cus_eve', { name: `Eve ${number}`, description: '5555-5555-5555-4444' }))
  payments.stripe.cards.set('cus_eve', [card('pm_eve')])
  const { data } = await call('get_customer', { customer_id: 'cus_eve' })
  expect([data.name, data.description]).toEqual(['Eve •••• 4242', '•••• 4444'])
  const message = `Your card ${number} was declined.`
  payments.stripe.faults.push(
    { lateMs: 0 },
    { lateMs: 0 },
    problem(402, { type: 'card_error', code: 'card_declined', message }),
  )
  const declined = await call('create_payment', { ...CHARGE, customer: 'cus_eve', idempotency_key: 'declined-1' })
  expect(declined.text).toContain('Your card •••• 4242 was declined.')
  payments.stripe.faults.push(problem(400, { type: 'invalid_request_error', message: `What is ${number}?` }))
  const refused = await call('list_payments')
  expect(refused.text).toContain('Stripe says: What is •••• 4242?')
  // What looks alike and is none.
  const order = { ...CHARGE, description: 'Order 4242424242424243 of 2026-11-21, 1732199000000' }
  const paid = await call('create_payment', order)
  expect(paid.data.payment.description).toBe(order.description)
  const shownNow = JSON.stringify([paid, declined, refused, await call('get_payment', { payment: 'pi_1' })]) + log()
  expect(shownNow).not.toMatch(/4242 4242|_secret_/)
})

test('a dry run says what is so: of a key that was used, a customer who is not there, another currency', async () => {
  const { call } = await payments.start()
  const dry = (more: object) => call('create_payment', { ...CHARGE, ...more, dry_run: true })
  expect((await dry({})).text).toBe('Would charge 12.50 USD of cus_ada.')
  expect((await dry({ customer: 'cus_none', payment_method: 'pm_ada' })).text).toContain('No such customer')
  await call('create_payment', CHARGE)
  expect((await dry({})).data).toEqual({ payment: null, repeated: true, done: false })
  expect((await dry({ amount: 99 })).text).toContain('with other input')
  const refund = { payment: 'pi_1', idempotency_key: 'refund-001' }
  const other = await call('create_refund', { ...refund, currency: 'JPY', dry_run: true })
  expect(other.text).toContain('was paid in USD, not in JPY')
  await call('create_refund', { ...refund, currency: 'usd' })
  expect((await call('create_refund', { ...refund, currency: 'usd', dry_run: true })).data.repeated).toBe(true)
  expect([payments.stripe.payments.length, payments.stripe.refunds.length]).toEqual([1, 1])
})

test('a payment of another program under the same key is not taken for ours after a crash', async () => {
  const { call } = await payments.start()
  const limited = problem(429, { type: 'invalid_request_error', message: 'Too many' }, { 'retry-after': '60' })
  payments.stripe.faults.push({ lateMs: 0 }, { lateMs: 0 }, 'drop', limited)
  await call('create_payment', CHARGE)
  const other = { id: 'pi_other', object: 'payment_intent', amount: 5, amount_received: 5, currency: 'usd' }
  const metadata = { idempotency_key: CHARGE.idempotency_key }
  const more = { status: 'succeeded', customer: 'cus_ada', metadata, created: 1, latest_charge: null }
  payments.stripe.payments.push({ ...other, ...more, last_payment_error: null, livemode: false })
  expect((await call('create_payment', CHARGE)).data.payment).toMatchObject({ id: 'pi_2', amount: 1250 })
})

test('what was on its way is looked at again under its key', async () => {
  const { call } = await payments.start()
  const slow = { ...CHARGE, payment_method: 'pm_slow' }
  await call('create_payment', slow)
  Object.assign(payments.stripe.payments[0]!, { status: 'succeeded', amount_received: 1250 })
  const again = await call('create_payment', slow)
  expect([again.text, again.data.done]).toEqual([expect.stringMatching(/^Was asked for before\. Charged\. /), true])
  Object.assign(payments.stripe.payments[0]!, { status: 'processing' })
  const refund = { payment: 'pi_1', idempotency_key: 'refund-001' }
  const failing = { id: 're_9', object: 'refund', status: 'pending', amount: 1250, currency: 'usd' }
  payments.stripe.refunds.push({ ...failing, payment_intent: 'pi_1', reason: null, created: 1, metadata: {} })
  payments.stripe.faults.push({ lateMs: 0 }, { body: payments.stripe.refunds[0] })
  expect((await call('create_refund', refund)).text).toMatch(/^Not done yet; .*pending/)
  payments.stripe.refunds[0]!.status = 'failed'
  expect((await call('create_refund', refund)).text).toMatch(/^Was asked for before\. Not refunded\. .*failed/)
})

test('an answer of another shape is Stripe’s failure, and after a charge a reason to use the same key', async () => {
  const { call } = await payments.start()
  const odd = { body: { object: 'odd' } }
  payments.stripe.faults.push(odd, odd, odd)
  expect((await call('list_invoices')).text).toMatch(/^Stripe answered what cannot be read.*upstream_error/)
  payments.stripe.faults.push({ lateMs: 0 }, { lateMs: 0 }, odd, odd, 'garbage')
  expect((await call('create_payment', CHARGE)).text).toMatch(/^Stripe answered what cannot be read.*same idempotency/)
})

test('where the API is must be a place alone', () => {
  for (const STRIPE_URL of ['http://stripe.example', 'https://proxy.example/stripe', 'https://me@proxy.example'])
    expect(() => readSettings(SETTINGS, { STRIPE_URL })).toThrow('STRIPE_URL')
  expect(readSettings(SETTINGS, { STRIPE_URL: 'http://[::1]:4000' }).STRIPE_URL).toBe('http://[::1]:4000')
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
  for (const wrong of [
    'USD',
    'usd=1',
    'USD=-1',
    'XXX=5',
    'USD=1;EUR=2',
    'UGX=1',
    'USD=1,USD=2',
    'JPY=1.5',
    'USD=1.005',
  ])
    expect(limitsOf(wrong)).toBe(null)
})
