// A call that policy asks about, and what came of asking.
import type { Scope } from '../../contract/policy.ts'
import type { Risk } from '../../contract/servers.ts'
import type { Asked } from './allowances.ts'

/** A call that policy asks about. */
export interface Question {
  /** What joins the call's records. */
  correlation?: string
  client: { id: string; title: string; says: string | null }
  link: string
  server: { id: string; name: string }
  tool: string
  risk: Risk
  reasons: string[]
  /** A protected value it names: who allows it types this. */
  typed?: string | undefined
  /** A path outside the folders is why it asks. */
  outside?: boolean | undefined
  /** Id of the rule that asks; null when the preset does. */
  rule: string | null
  argumentsText: string
  description: string
  definitionHash: string
  /** Null: its client waits as long as the question stays. */
  clientDeadlineMs: number | null
  signal?: AbortSignal | undefined
}

/** `pending`: the client's time is over, the question stays, and a later yes covers one identical repeat. */
export type Outcome =
  | { kind: 'allowed'; by: string; scope: Scope }
  | { kind: 'denied'; by: string; word: string | null }
  | { kind: 'expired' }
  | { kind: 'pending' }
  | { kind: 'withdrawn'; why: string }

export function tookBack(question: Question): string {
  return `${question.client.title} took this call back.`
}

export function identityOf({ client, server, tool, definitionHash }: Question) {
  return { client: client.id, server: server.id, tool, definitionHash }
}

export function asked(question: Question, digest: string): Asked {
  const { link, risk, rule, outside = false } = question
  return { ...identityOf(question), link, risk, rule, outside, digest }
}

export function toolKey(question: Question): string {
  return JSON.stringify([question.client.id, question.server.id, question.tool])
}
