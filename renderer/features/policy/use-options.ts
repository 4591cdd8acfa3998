// Whom a rule can name: clients that are there and those without an entry, servers, and whatever it names already.
import { listOf, useClients, useServers } from '../../hub.ts'
import { useNames } from '../use-names.ts'

type Options = { value: string; label: string }[]

const WITHOUT_ENTRY = ['cli', 'inspector', 'unknown']

export function useClientOptions(named: string | null): Options {
  const installed = listOf(useClients()).filter(client => client.status !== 'not-installed')
  const { client } = useNames()
  return withNamed([...installed.map(({ id }) => id), ...WITHOUT_ENTRY], named, client)
}

export function useServerOptions(named: string | null): Options {
  const servers = listOf(useServers())
  const { server } = useNames()
  return withNamed(
    servers.map(({ id }) => id),
    named,
    server,
  )
}

// What is gone by now stays chosen, and can be seen.
function withNamed(ids: string[], named: string | null, nameOf: (id: string) => string): Options {
  const all = named === null ? ids : [...ids, named]
  return [...new Set(all)].map(value => ({ value, label: nameOf(value) }))
}
