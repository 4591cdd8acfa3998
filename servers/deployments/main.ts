// Starts the deployments server on stdio: node servers/deployments/main.ts
import { serve } from '../kit/serve.ts'
import { deployments, NAME, VERSION } from './server.ts'
import { SETTINGS } from './settings.ts'

serve({ name: NAME, version: VERSION, settings: SETTINGS, make: deployments })
