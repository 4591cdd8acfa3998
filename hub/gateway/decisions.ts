// What policy says of a call, with what its client is not shown: asked up to four times on its way, mostly on the same.
import type { Decision } from '../../contract/policy.ts'
import { CallArguments } from '../policy/call-arguments.ts'
import { type DecidingPolicy, decide } from '../policy/decide.ts'
import type { Call } from './call.ts'
import type { PolicyBook, ProfileBook } from './parts.ts'
import { deniedByPolicy, hiddenFrom } from './words.ts'

export interface DecisionsOptions {
  policy: PolicyBook
  isTrusted: (server: string) => boolean
  isHeld: (server: string, tool: string) => boolean
  profiles: ProfileBook
}

export type DecidedOf = Pick<Call, 'client' | 'server' | 'method' | 'tool' | 'entry' | 'argumentsText'>

/** What was decided of a call, and on what. */
interface Decided {
  policy: DecidingPolicy
  trusted: boolean
  held: boolean
  read: CallArguments
  decision: Decision
}

export class Decisions {
  readonly #o: DecisionsOptions
  readonly #decided = new WeakMap<object, Decided>()

  constructor(options: DecisionsOptions) {
    this.#o = options
  }

  of(call: DecidedOf): Decision {
    const { client, server, method, tool, entry, argumentsText } = call
    const policy = this.#o.policy.current()
    const trusted = this.#o.isTrusted(server.id)
    const held = entry !== null && this.#o.isHeld(server.id, entry.own)
    const before = this.#decided.get(call)
    const read = before?.read ?? new CallArguments(argumentsText)
    const isSame = before?.policy === policy && before.trusted === trusted && before.held === held
    // A rule may end with time alone.
    if (!isSame || policy.rules.some(rule => rule.until !== undefined)) {
      const { id, name } = server
      const definition = entry?.definition ?? null
      const facts = {
        client: client.id,
        server: { id, name, trusted },
        method,
        tool,
        definition,
        argumentsText,
        read,
        held,
      }
      this.#decided.set(call, { policy, trusted, held, read, decision: decide(facts, policy, Date.now()) })
    }
    const { decision } = this.#decided.get(call)!
    // What a client is not shown it may not call, whatever a rule or a person said of it.
    if (this.#hidden(call) === null) return decision
    return { ...decision, effect: 'deny', rule: null, reasons: [`The profile of ${client.title} hides it.`] }
  }

  /** The tool or server that this client is not shown; null when it is. */
  #hidden({ client, server, entry }: Pick<Call, 'client' | 'server' | 'entry'>): string | null {
    const profile = this.#o.profiles.of(client.id)
    if (profile?.hidesServer(server.id)) return entry?.exposed ?? server.name
    return entry && profile?.hidesTool(server.id, entry.own) ? entry.exposed : null
  }

  /** Why it is denied, for the model. */
  words(call: DecidedOf, decision: Decision): string {
    const hidden = this.#hidden(call)
    if (hidden !== null) return hiddenFrom(call.client.title, hidden)
    return deniedByPolicy(decision, this.#o.policy.current())
  }
}
