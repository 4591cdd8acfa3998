// One request on its way past the guard, and how it went.
import type { HubError } from '../error.ts'
import type { InstanceFor } from '../supervisor/instances.ts'
import type { KnownServer } from './parts.ts'
import type { Entry } from './view.ts'

/** One request on its way to a server. */
export interface Call {
  correlation: string
  client: { id: string; title: string; says: string | null }
  link: string
  server: KnownServer
  method: string
  /** The server's own name of the tool; for other requests the method. */
  tool: string
  entry: Entry | null
  argumentsText: string
  signal: AbortSignal
  /** A person's yes to the same call, whose next round this is. */
  allowedBy?: string | undefined
  /** Whose child is woken, where each client has one. */
  who?: InstanceFor
  /** For a client that takes a task instead of an answer: called when it would not wait any longer for a person. */
  asTask?: (() => void) | undefined
  /** Told every 10 s while a person is asked, with what is waited for. */
  heartbeat: (why: string) => void
}

/** How it went. `refused`: nothing reached the server, and the words say why. `failed`: it may have been run. */
export type Passage =
  /** `by`: who allowed it. */
  | { kind: 'answered'; text: string; ms: number; by: string }
  | { kind: 'refused'; words: string }
  | { kind: 'failed'; error: HubError }
  | { kind: 'cancelled' }
