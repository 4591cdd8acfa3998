// Starts the payments server on stdio: STRIPE_API_KEY=rk_test_… node servers/payments/main.ts
import { Protected } from '../kit/protected.ts'
import { serve } from '../kit/serve.ts'
import { openState } from '../kit/state.ts'
import { limitsOf } from './money.ts'
import { NAME, paymentsServer, VERSION } from './server.ts'
import { SETTINGS } from './settings.ts'
import { Spending } from './spending.ts'
import { StripeApi } from './stripe-api.ts'

serve({
  name: NAME,
  version: VERSION,
  settings: SETTINGS,
  make(kit, settings) {
    const state = openState(NAME, settings)
    const cashier = {
      state,
      stripe: new StripeApi(settings),
      most: limitsOf(settings.MOST_PER_CALL) ?? new Map(),
      spending: new Spending(state, limitsOf(settings.MOST_PER_DAY) ?? new Map()),
      kept: new Protected('customer', 'PROTECTED_CUSTOMERS', settings.PROTECTED_CUSTOMERS),
    }
    return {
      server: () => paymentsServer(kit, cashier),
      local: settings.STATE_URL ? null : 'keys and sums of the day are in a file of each. Set STATE_URL.',
      // Both: without the store no key is known to be new.
      ready: async signal => {
        await state.read('ready', 'asked')
        await cashier.stripe.ask(stripe => stripe.customers.list({ limit: 1 }), signal)
      },
      close: () => state.close(),
    }
  },
})
