// Opens the connection a definition asks for: a child process, or a remote server over HTTP.
import { HubError } from '../error.ts'
import type { Connection, ConnectionEvents } from './connection.ts'
import { openHttp } from './http-connection.ts'
import { resolveLaunch, resolveRemote } from './launch.ts'
import type { ServerDefinition, Sources } from './needs.ts'
import { openStdio, type RunKeeper } from './stdio-connection.ts'

export interface ConnectParts {
  sources: Sources
  keeper: RunKeeper
  redact(text: string): string
}

/** Aborted before the spawn, nothing is spawned; after it, the caller closes what it got. */
export async function connect(
  { name, launch }: ServerDefinition,
  events: ConnectionEvents,
  signal: AbortSignal,
  { sources, keeper, redact }: ConnectParts,
): Promise<Connection> {
  if (launch.url !== undefined) {
    const remote = await unlessAborted(resolveRemote(name, launch, sources), signal)
    return openHttp({ ...remote, launch }, events, redact)
  }
  return openStdio(await unlessAborted(resolveLaunch(name, launch, sources), signal), keeper, events)
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(new HubError('server/cancelled', 'The start was given up.'))
    if (signal.aborted) return aborted()
    signal.addEventListener('abort', aborted, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted))
  })
}
