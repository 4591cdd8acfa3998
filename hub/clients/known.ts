// The clients there are, by id.
import { HubError } from '../error.ts'
import { KNOWN_CLIENTS, type KnownClient } from './table.ts'

export function isKnown(id: string): boolean {
  return KNOWN_CLIENTS.some(client => client.id === id)
}

/** The client of that id; throws where there is none. */
export function known(id: string): KnownClient {
  const client = KNOWN_CLIENTS.find(each => each.id === id)
  if (client) return client
  const names = KNOWN_CLIENTS.map(each => each.id).join(', ')
  throw new HubError('clients/unknown', `No client is called ${JSON.stringify(id)}.`, { hint: `Known are: ${names}.` })
}
