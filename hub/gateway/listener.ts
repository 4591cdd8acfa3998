// A client as servers reach it, and what it must offer to be asked.
import type { Upstream } from '../supervisor/upstream.ts'
import type { KnownServer } from './parts.ts'

/** A client's side, as far as servers reach it. */
export interface Listener {
  readonly client: string
  readonly title: string
  /** Least severe level it wants, as its number; null when it never said. */
  readonly logLevel: number | null
  /** `mode`: of an elicitation, where it offers only some. */
  offers(capability: string, mode?: string): boolean
  /** Sends a notification of a server. */
  tell(server: KnownServer, text: string): void | Promise<void>
  /** Passes a server's request on; settles with the client's answer frame. */
  question(server: KnownServer, upstream: Upstream, text: string): Promise<string>
  /** The server takes a question back. */
  unquestion(upstream: Upstream, requestId: string, text: string): void
}

export const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']

/** Which capability of a client each of a server's requests needs. */
export const NEEDS: Record<string, string> = {
  'roots/list': 'roots',
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
}

/** A call under way, and whose it is. */
export interface CallOf {
  readonly owner: Listener
  /** Tells its client that it is still waited for, where it asked to be told. */
  readonly heartbeat: (() => void) | undefined
}
