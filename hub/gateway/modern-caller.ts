// One request of a modern client, as servers reach it. Such a client takes no requests: what a legacy server asks in the
// middle of a call ends the client's request, and the client brings the answer with its next one.
import { memberAt, members, splice } from '../../contract/wire.ts'
import type { Upstream } from '../supervisor/upstream.ts'
import { errorFrame, INTERNAL_ERROR, isObject, resultFrame } from './frame.ts'
import { type Listener, LOG_LEVELS } from './listener.ts'
import type { Envelope } from './modern.ts'
import type { KnownServer } from './parts.ts'

interface Pending {
  upstream: Upstream
  /** The server's own id, as it wrote it. */
  id: string
  /** Method and params as one object's text. */
  request: string
  settle(answer: string): void
}

export class ModernCaller implements Listener {
  readonly client: string
  readonly title: string
  readonly envelope: Envelope
  readonly logLevel: number | null
  /** Where its notifications go now: a later round has another request. */
  send: (text: string, server: KnownServer) => void | Promise<void>
  /** Its progress token, as it wrote it; null when it wants no progress. */
  token: string | null = null
  readonly #pending = new Map<string, Pending>()
  #last = 0
  #wake = () => {}
  #asked: Promise<void>

  constructor(who: { client: string; title: string }, envelope: Envelope, send: ModernCaller['send']) {
    this.client = who.client
    this.title = who.title
    this.envelope = envelope
    const level = envelope.logLevel === null ? -1 : LOG_LEVELS.indexOf(envelope.logLevel)
    this.logLevel = level < 0 ? null : level
    this.send = send
    this.#asked = this.#nextAsked()
  }

  /** Settles when a server asks something. */
  get asked(): Promise<void> {
    return this.#pending.size > 0 ? Promise.resolve() : this.#asked
  }

  offers(capability: string, mode?: string): boolean {
    return offersIn(this.envelope.capabilities, capability, mode)
  }

  tell(server: KnownServer, text: string): void | Promise<void> {
    // Only who asked for messages gets any.
    if (this.logLevel === null && text.includes('notifications/message')) return
    return this.send(text, server)
  }

  /** `text`: with the token of the first round. */
  progress(text: string, server: KnownServer): void | Promise<void> {
    const at = memberAt(text, ['params', 'progressToken'])
    if (this.token !== null && at) return this.send(splice(text, [{ ...at, text: this.token }]), server)
  }

  question(_server: KnownServer, upstream: Upstream, text: string): Promise<string> {
    const id = memberAt(text, ['id'])!
    const request = `{${members(text)
      .filter(m => m.key === 'method' || m.key === 'params')
      .map(m => `"${m.key}":${text.slice(m.start, m.end)}`)
      .join(',')}}`
    return new Promise(settle => {
      this.#pending.set(`r${++this.#last}`, { upstream, id: text.slice(id.start, id.end), request, settle })
      const wake = this.#wake
      this.#asked = this.#nextAsked()
      wake()
    })
  }

  unquestion(upstream: Upstream, requestId: string): void {
    for (const [key, one] of this.#pending) {
      if (one.upstream !== upstream || one.id !== requestId) continue
      this.#pending.delete(key)
      one.settle(errorFrame('0', INTERNAL_ERROR, 'Taken back.'))
    }
  }

  /** The result that asks the client for all of it. */
  inputRequired(state: string): string {
    const requests = [...this.#pending].map(([key, { request }]) => `${JSON.stringify(key)}:${request}`)
    return `{"resultType":"input_required","inputRequests":{${requests.join(',')}},"requestState":${JSON.stringify(state)}}`
  }

  /** `responses`: text of the client's inputResponses. What it leaves out stays asked. */
  answered(responses: string): void {
    for (const { key, start, end } of members(responses)) {
      const one = this.#pending.get(key)
      const said = responses.slice(start, end)
      if (!one || !isObject(JSON.parse(said))) continue
      this.#pending.delete(key)
      one.settle(resultFrame('0', said))
    }
  }

  /** The client will not come back. */
  abandon(why: string): void {
    for (const one of this.#pending.values()) {
      const isForm = one.request.includes('elicitation/create')
      one.settle(isForm ? resultFrame('0', '{"action":"cancel"}') : errorFrame('0', INTERNAL_ERROR, why))
    }
    this.#pending.clear()
  }

  #nextAsked(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}

/** True when these capabilities include one; an elicitation without modes means forms. */
export function offersIn(capabilities: Record<string, unknown>, capability: string, mode?: string): boolean {
  const offered = capabilities[capability]
  if (!isObject(offered) || mode === undefined) return isObject(offered)
  return mode === 'form' ? isObject(offered.form) || !isObject(offered.url) : isObject(offered[mode])
}
