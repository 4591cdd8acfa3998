// Starts the monitoring server on stdio: node servers/monitoring/main.ts
import { serve } from '../kit/serve.ts'
import { AllowedAddresses } from './addresses.ts'
import { monitoringServer, NAME, VERSION } from './server.ts'
import { SETTINGS } from './settings.ts'

serve({
  name: NAME,
  version: VERSION,
  settings: SETTINGS,
  make: (kit, settings) => {
    const allowed = new AllowedAddresses(settings.HEALTH_ALLOW)
    return () => monitoringServer(kit, { allowed })
  },
})
