// What the gateway needs of the parts below it, no more; the real ones are handed in when it is opened.
import type { AuditEvent } from '../../contract/audit.ts'
import type { TextFinding } from '../../contract/pins.ts'
import type { ServerState } from '../../contract/servers.ts'
import type { DecidingPolicy } from '../policy/decide.ts'
import type { Outcome, Question } from '../policy/question.ts'
import type { ServerQuestion } from '../questions/person-questions.ts'
import type { InstanceFor } from '../supervisor/instances.ts'
import type { RawListing, Upstream } from '../supervisor/upstream.ts'

/** A server as configured. */
export interface KnownServer {
  id: string
  name: string
  slug: string
  enabled: boolean
}

export interface ServerBook {
  list(): KnownServer[]
  /** By id or by name; throws HubError('server/unknown'). */
  find(idOrName: string): KnownServer
  standing(id: string): { may: string }
  isTrusted(id: string): boolean
}

export interface RunningServers {
  state(id: string): ServerState
  listing(id: string): RawListing | null
  /** `who`: where the definition says per-client, its own child is the one that is woken. */
  awake(id: string, signal?: AbortSignal, who?: InstanceFor): Promise<Upstream>
  /** That link is gone: its children end. */
  leave?(key: string): void
}

export interface RecordBook {
  /** `event`: or what makes it, asked once, when it is written. */
  append(event: AuditEvent | (() => AuditEvent), options: { durable: boolean }): Promise<void>
}

export interface Asking {
  ask(question: Question): Promise<Outcome>
  endLink(link: string): void
  withdrawWhere(why: (question: Question) => string | null): void
}

/** Takes to the person, in the window, what a server asks and its client cannot answer. Resolves with the result, rejects with HubError. */
export interface AskingPeople {
  ask(question: ServerQuestion): Promise<unknown>
  /** What can be asked in a client's place, as capabilities, by this server. */
  offers(server: string): Record<string, object>
}

/** What of a server's tools nobody may see or call until a person has looked. */
export interface HeldBack {
  isHeld(server: string, tool: string): boolean
  /** Are its instructions held back? */
  isSilent(server: string): boolean
  /** What the offline check says of a tool. */
  findings(server: string, tool: string): TextFinding[]
}

/** What each client is shown. What it is not shown it may not call. */
export interface ProfileBook {
  /** Null: everything, as it is. */
  of(client: string): Shown | null
}

export interface Shown {
  hidesServer(server: string): boolean
  hidesTool(server: string, tool: string): boolean
  readonly limits: { tools: number | null; name: number | null; beyond: 'leaves-out' | 'groups' } | null
}

/** The policy in force. */
export interface PolicyBook {
  current(): DecidingPolicy
}
