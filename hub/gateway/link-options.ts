// What is known of an AI client's connection when it opens.
import type { KnownServer } from './parts.ts'

export interface LinkOptions {
  client: string
  /** Where its entry stands, when that is in a project. */
  place?: string
  title: string
  /** One server alone, without prefixes. */
  server: KnownServer | null
  /** `request`: source text of the client's id that the frame belongs to; none: it belongs to no request. */
  send: (text: string, request?: string) => Promise<void> | void
  kind: 'bridge' | 'cli' | 'inspector' | 'http'
}
