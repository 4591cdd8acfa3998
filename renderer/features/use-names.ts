// What clients and servers are called today; what is gone keeps what was recorded.
import { listOf, useClients, useServers } from '../hub.ts'

export interface Names {
  client: (id: string) => string
  server: (idOrName: string) => string
}

/** Clients by title and servers by name, as they are called today; what is gone keeps what was recorded. */
export function useNames(): Names {
  const clients = listOf(useClients())
  const servers = listOf(useServers())
  return {
    client: id => clients.find(c => c.id === id)?.name ?? OWN[id] ?? id,
    server: id => servers.find(s => s.id === id)?.name ?? id,
  }
}

const OWN: Record<string, string> = { cli: 'Command line', inspector: 'Inspector', unknown: 'Unknown client' }
