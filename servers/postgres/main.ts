// Starts the postgres server on stdio: DATABASE_URL=postgresql://… node servers/postgres/main.ts
import { serve } from '../kit/serve.ts'
import { openDatabase } from './database.ts'
import { NAME, postgresServer, VERSION } from './server.ts'
import { SETTINGS } from './settings.ts'

serve({
  name: NAME,
  version: VERSION,
  settings: SETTINGS,
  make(kit, settings) {
    const database = openDatabase(settings)
    return {
      server: () => postgresServer(kit, database),
      local: settings.DATABASE_URL ? null : 'the embedded database is in each alone. Set DATABASE_URL.',
      ready: signal => database.transaction({ readOnly: true, keep: false, signal }, ask => ask('SELECT 1')),
      close: () => database.close(),
    }
  },
})
