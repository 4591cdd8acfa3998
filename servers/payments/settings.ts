// What the payments server can be told by its environment.
import { z } from 'zod'
import { protectedNames } from '../kit/protected.ts'
import { STATE_SETTINGS } from '../kit/state.ts'
import { limitsOf } from './money.ts'

const limits = (text: string) => limitsOf(text) !== null
const wrong = 'is a list as USD=100, JPY=15000 of currencies that Stripe knows, each once'

export const SETTINGS = {
  STRIPE_API_KEY: z
    .string()
    .regex(/^(sk|rk)_(test|live)_\w+$/, 'begins with sk_test_, rk_test_, sk_live_ or rk_live_')
    .optional()
    .describe('Key of your Stripe account, best a restricted test key; needed for every call')
    .meta({ secret: true }),
  ALLOW_LIVE: z
    .enum(['true', 'false'])
    .default('false')
    .describe('Whether a live key may be used, which moves real money'),
  MOST_PER_CALL: z
    .string()
    .refine(limits, wrong)
    .default('USD=100, EUR=100, GBP=100, CHF=100, CAD=150, AUD=150, JPY=15000')
    .describe('Most that one call may charge or refund, in whole units; other currencies are refused'),
  MOST_PER_DAY: z
    .string()
    .refine(limits, wrong)
    .default('USD=1000, EUR=1000, GBP=1000, CHF=1000, CAD=1500, AUD=1500, JPY=150000')
    .describe('Most that is charged, and most that is refunded, in a day (UTC), in whole units'),
  PROTECTED_CUSTOMERS: protectedNames('none', 'Customers (cus_…) that are never charged or refunded'),
  STRIPE_URL: z
    .url({ protocol: /^https?$/, abort: true })
    .refine(isSafe, 'is https, or http on this computer, without a path')
    .default('https://api.stripe.com')
    .describe('Where the API is'),
  ...STATE_SETTINGS,
}

/** A key goes there with every request. */
function isSafe(text: string): boolean {
  const { protocol, hostname, pathname, search, username } = new URL(text)
  if (pathname !== '/' || search !== '' || username !== '') return false
  return protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
}
