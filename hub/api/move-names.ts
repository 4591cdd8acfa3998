// What keys found in a client's file are called in the vault: by their variable, with the server's name where that is taken.
import type { FoundServer, FoundValue } from '../clients/move-entry.ts'
import type { TakenServer } from '../clients/moved.ts'
import { HubError } from '../error.ts'

export interface Kept {
  server: FoundServer
  value: FoundValue
  secret: string
}

interface Names {
  isTaken: (name: string) => boolean
  /** Taken from there before: the same place keeps its name. */
  before: readonly TakenServer[]
  /** Names of before that hold another value now. */
  not?: ReadonlySet<string>
  /** The name that a person gave it. */
  chosen?: (server: FoundServer, value: FoundValue) => string | undefined
}

/** A name for each wanted value; equal values of one name share it. */
export function keepAs(
  servers: readonly FoundServer[],
  wanted: (server: FoundServer, value: FoundValue) => boolean,
  { isTaken, before, not, chosen }: Names,
): Kept[] {
  const given = new Map<string, string>()
  return servers.flatMap(server =>
    server.values
      .filter(value => wanted(server, value))
      .map(value => {
        const was = before
          .find(one => one.name === server.name)
          ?.keys.find(key => key.path.join('\n') === value.path.join('\n'))?.secret
        const isFree = (name: string) =>
          given.has(name) ? given.get(name) === value.value : (name === was && !not?.has(name)) || !isTaken(name)
        const own = chosen?.(server, value)
        // A name that is set is never tried out: whether it holds the same value is nobody's to ask.
        if (own !== undefined && !isFree(own))
          throw new HubError('clients/name-taken', `${own} is the name of another credential.`, {
            hint: 'Nothing was taken. Choose another name for it.',
          })
        const secret = own ?? namesOf(was, server, value).find(isFree)!
        given.set(secret, value.value)
        return { server, value, secret }
      }),
  )
}

function* namesOf(was: string | undefined, server: FoundServer, value: FoundValue): Generator<string> {
  if (was !== undefined) yield was
  yield* namesFor(server, value)
}

function* namesFor({ name: server }: FoundServer, { where, name }: FoundValue): Generator<string> {
  const own = /^authorization$/i.test(name) ? 'TOKEN' : name
  const long = plain(`${server}_${own}`)
  if (where === 'env') yield plain(own)
  yield long
  for (let n = 2; ; n++) yield `${long}_${n}`
}

function plain(text: string): string {
  return text
    .replace(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^(?![A-Za-z_])/, '_')
    .slice(0, 90)
    .toUpperCase()
}
