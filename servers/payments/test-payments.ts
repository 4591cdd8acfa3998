// For the tests of this server: each has a stand-in of its own, and the servers it starts end with it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { type Started, startServer } from '../kit/test-client.ts'
import { card, customer, startTestStripe, TEST_KEY, type TestStripe } from './test-stripe.ts'

export const CHARGE = { amount: 1250, currency: 'usd', customer: 'cus_ada', idempotency_key: 'order-4711' }

export interface TestPayments {
  stripe: TestStripe
  env: Record<string, string>
  /** All that are started in one test keep their keys in one place. */
  start(env?: Record<string, string>): Promise<Started>
}

/** With the customer cus_ada, who has saved the card pm_ada. Filled before each test. */
export function testPayments(): TestPayments {
  const started: Started[] = []
  let folder = ''
  const made = {} as TestPayments
  beforeEach(async () => {
    const stripe = await startTestStripe()
    folder = mkdtempSync(join(tmpdir(), 'payments-'))
    stripe.customers.push(customer('cus_ada'))
    stripe.cards.set('cus_ada', [card('pm_ada')])
    const place = { STRIPE_URL: stripe.url, STRIPE_API_KEY: TEST_KEY, STATE_FILE: join(folder, 'state.db') }
    const env = { ...place, RATE_LIMIT: '1000' }
    const start = async (more = {}) => {
      const one = await startServer('payments', { ...env, ...more })
      started.push(one)
      return one
    }
    Object.assign(made, { stripe, env, start })
  })
  afterEach(async () => {
    for (const one of started.splice(0)) await one.client.close()
    await made.stripe.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return made
}
