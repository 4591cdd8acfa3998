// One JSON-RPC peer as the gateway sees it: a server behind a connection, shared by many clients.
import type { HubError } from '../error.ts'

/** `modern`: 2026-07-28 and later, where each request says what it needs; `legacy`: what begins with `initialize`. */
export type Era = 'legacy' | 'modern'

export interface RequestOptions {
  /** Aborted: the server is told (`notifications/cancelled`, with the reason when it is a string) and the request rejects. */
  signal?: AbortSignal
  /** The asker's own `notifications/cancelled`, where it sent one: told to the server as it is, but for the id. */
  cancellation?: () => string | undefined
  /** Progress of this request, with the asker's own token put back. A promise holds the server's output back. */
  onProgress?: (text: string) => void | Promise<void>
  /** Notifications that name this request as their subscription, with the asker's own id put back. */
  onNotification?: (text: string) => void | Promise<void>
  /** It was answered with a result: called before anything that the server says after it is looked at. */
  onResult?: (() => void) | undefined
  /** Whoever asks: named to those who answer the server's own requests meanwhile. */
  owner?: unknown
  /** Housekeeping of the hub's own: does not count as use. */
  isOurs?: boolean
}

export interface Upstream {
  /** Whose it is, the same after a restart: the server's id; of a child that serves one link alone, `id/link`. */
  readonly scope: string
  readonly era: Era
  /** As the server wrote it: the result of `initialize`, or in the modern era of `server/discover`. */
  readonly initialize: string
  readonly protocolVersion: string
  /** What Gatehouse's own requests say in `_meta` to a server of the modern era. */
  readonly envelope: Record<string, unknown>
  /** Sends the frame under an id of our own; resolves with the answer under the asker's id. Rejects with HubError 'server/gone' when the server ends. */
  request(text: string, options?: RequestOptions): Promise<string>
  notify(text: string): void
  /** Requests of the server (ping is answered inside). Answer with a whole frame; its id is set here. */
  onRequest(answer: (text: string, owners: unknown[]) => Promise<string>): () => void
  onNotification(listener: (text: string) => void | Promise<void>): () => void
  readonly closed: Promise<HubError>
}

export type ListName = 'tools' | 'prompts' | 'resources' | 'resourceTemplates'

/** A server's last verified listing: JSON text of each entry, as the server wrote it. `at`: epoch ms. */
export interface RawListing {
  at: number
  era: Era
  /** When the era was last asked for; epoch ms. */
  probedAt: number
  initialize: string
  tools: string[]
  prompts: string[]
  resources: string[]
  resourceTemplates: string[]
  /** What else each list's first page said beside the entries: JSON text of one object. */
  around: Partial<Record<ListName, string>>
  warnings: string[]
}
