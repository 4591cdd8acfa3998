// Servers and clients by the names people know; globs and unknown ids stay as they are.
import { listOf, useClients, useServers } from '../../hub.ts'

export function useNames(): (id: string) => string {
  const named = [...listOf(useServers()), ...listOf(useClients())]
  return id => named.find(each => each.id === id)?.name ?? id
}
