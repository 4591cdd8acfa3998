// Starts the monitoring server on stdio: node servers/monitoring/main.ts
import { serve } from '../kit/serve.ts'
import { monitoring, NAME, VERSION } from './server.ts'
import { SETTINGS } from './settings.ts'

serve({ name: NAME, version: VERSION, settings: SETTINGS, make: monitoring })
