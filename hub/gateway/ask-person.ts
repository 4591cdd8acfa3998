// Servers' questions that go to the person instead of the client whose call it is: they end with that call.
import { memberAt } from '../../contract/wire.ts'
import { HubError, problemOf } from '../error.ts'
import type { ServerQuestion } from '../questions/person-questions.ts'
import type { Upstream } from '../supervisor/upstream.ts'
import { BAD_PARAMS, errorFrame, INTERNAL_ERROR, isObject, METHOD_NOT_FOUND, resultFrame } from './frame.ts'
import { HEARTBEAT_MS } from './guard.ts'
import type { CallOf, Listener } from './listener.ts'
import type { AskingPeople, KnownServer } from './parts.ts'

interface Open {
  upstream: Upstream
  /** The server's own id, as it wrote it. */
  id: string
  owners: Set<Listener>
  /** The calls it may have been asked for: those that were under way then. */
  calls: Set<CallOf>
  abort: AbortController
}

/** The answer's frame, and the same without what a person typed, for those who watch the wire. */
export interface PersonsAnswer {
  frame: string
  shown: string
}

const PERSON_REFUSED = -1
const LONGEST_QUESTION = 2 * 1024 * 1024
const CODES: Record<string, number> = {
  'questions/unreadable': BAD_PARAMS,
  'questions/no-model': METHOD_NOT_FOUND,
  'questions/nobody-here': METHOD_NOT_FOUND,
  'questions/refused': PERSON_REFUSED,
}

export class PersonsSide {
  readonly #people: AskingPeople
  readonly #open = new Set<Open>()

  constructor(people: AskingPeople) {
    this.#people = people
  }

  /** What a server may ask for a client of these capabilities: what the person answers in its place is among it. */
  offered(server: KnownServer, capabilities: Record<string, unknown>): Record<string, unknown> {
    const { elicitation, ...others } = this.#people.offers(server.id)
    const forms = elicitation && { elicitation: { ...elicitation, ...asObject(capabilities.elicitation) } }
    return { ...others, ...capabilities, ...forms }
  }

  async ask(
    about: { server: KnownServer; upstream: Upstream; owners: readonly Listener[]; calls: CallOf[] },
    method: ServerQuestion['method'],
    text: string,
  ): Promise<PersonsAnswer> {
    const { server, upstream, owners } = about
    const [client, ...others] = owners.map(({ client: id, title }) => ({ id, title }))
    const id = memberAt(text, ['id'])
    const open: Open = {
      upstream,
      id: id ? text.slice(id.start, id.end) : '',
      owners: new Set(owners),
      calls: new Set(about.calls.filter(call => owners.includes(call.owner))),
      abort: new AbortController(),
    }
    const params = memberAt(text, ['params'])
    if (text.length > LONGEST_QUESTION) {
      const frame = errorFrame('0', BAD_PARAMS, 'This question is longer than a person can read.')
      return { frame, shown: frame }
    }
    this.#open.add(open)
    const beating = setInterval(() => {
      for (const call of open.calls) call.heartbeat?.()
    }, HEARTBEAT_MS)
    try {
      const result = await this.#people.ask({
        server: { id: server.id, name: server.name },
        client: client!,
        others: differ(others, client!.id),
        method,
        params: params ? JSON.parse(text.slice(params.start, params.end)) : undefined,
        signal: open.abort.signal,
      })
      return { frame: resultFrame('0', JSON.stringify(result)), shown: resultFrame('0', withoutContent(result)) }
    } catch (error) {
      const { message } = problemOf(error)
      const code = error instanceof HubError ? (CODES[error.code] ?? INTERNAL_ERROR) : INTERNAL_ERROR
      const frame = errorFrame('0', code, message)
      return { frame, shown: frame }
    } finally {
      clearInterval(beating)
      this.#open.delete(open)
    }
  }

  /** The server takes its question back. */
  takeBack(upstream: Upstream, id: string, server: KnownServer): void {
    for (const one of this.#open)
      if (one.upstream === upstream && one.id === id) one.abort.abort(`${server.name} took its question back.`)
  }

  /** A call ended: what was asked for it ends too, unless another that it may be for was under way as well and still is. */
  callEnded(call: CallOf): void {
    for (const one of this.#open) {
      if (one.calls.delete(call) && one.calls.size === 0) one.abort.abort(`The call of ${call.owner.title} ended.`)
    }
  }

  /** A client is gone. */
  left(owner: Listener): void {
    for (const one of this.#open)
      if (one.owners.delete(owner) && one.owners.size === 0) one.abort.abort(`${owner.title} is gone.`)
  }

  /** The server ended. */
  gone(upstream: Upstream, server: KnownServer): void {
    for (const one of this.#open) if (one.upstream === upstream) one.abort.abort(`${server.name} ended.`)
  }
}

function differ<T extends { id: string }>(others: T[], first: string): T[] {
  const known = new Set([first])
  return others.filter(one => !known.has(one.id) && known.add(one.id))
}

const asObject = (value: unknown): object => (isObject(value) ? value : {})

function withoutContent(result: unknown): string {
  const isForm = typeof result === 'object' && result !== null && 'content' in result && 'action' in result
  return JSON.stringify(isForm ? { ...result, content: 'typed in the window, not kept' } : result)
}
