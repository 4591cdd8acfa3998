// Which of a client's servers are taken over, and which values in them are kept in the vault, under which names.
import type { ClientServer, ClientServers } from '../../../contract/client-move.ts'

type Value = ClientServer['values'][number]

export interface Choice {
  servers: ReadonlySet<string>
  /** By place; `secret`: the name as typed, empty: the proposed one. */
  keys: ReadonlyMap<string, { keep: boolean; secret: string }>
}

export const placeOf = (server: string, { where, name }: Pick<Value, 'where' | 'name'>): string =>
  JSON.stringify([server, where, name])

/** All that can be taken and is not here already, with what looks like a key in the vault. */
export function freshChoice({ servers }: ClientServers): Choice {
  return {
    servers: new Set(servers.flatMap(one => (one.cannot ? [] : [one.name]))),
    keys: new Map(
      servers.flatMap(one =>
        one.values.map(value => [
          placeOf(one.name, value),
          { keep: value.isKey && value.tooPlain === null, secret: '' },
        ]),
      ),
    ),
  }
}

/** As the hub takes it. A name that was not touched stays the hub's to choose. */
export function keysOf({ servers, keys }: Choice, found: ClientServers) {
  return found.servers
    .filter(one => servers.has(one.name))
    .flatMap(one =>
      one.values.flatMap(value => {
        const key = keys.get(placeOf(one.name, value))
        if (!key?.keep) return []
        const own = key.secret.trim()
        const secret = own === '' || own === value.secret ? {} : { secret: own }
        return [{ server: one.name, where: value.where, name: value.name, ...secret }]
      }),
    )
}
