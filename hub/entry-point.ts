// What AI clients' configs start: our bridge, by absolute paths, needing no PATH, no npx and no network.
import type { EntryPoint } from './clients/clients.ts'
import { programPath } from './where.ts'

export function entryPoint(): EntryPoint {
  return { command: process.execPath, args: [programPath('cli/main')] }
}
