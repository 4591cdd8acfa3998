// Starts the data server on stdio: node servers/data/main.ts
import { serve } from '../kit/serve.ts'
import { dataServer, NAME, VERSION } from './server.ts'

serve({ name: NAME, version: VERSION, settings: {}, make: kit => () => dataServer(kit) })
