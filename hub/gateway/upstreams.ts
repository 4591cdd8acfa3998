// What servers say by themselves, and to whom it goes: an answer, a question or a message reaches the client it belongs
// to, and where that cannot be told, nobody's private matter reaches another.
import { setTimeout as sleep } from 'node:timers/promises'
import { memberAt, splice } from '../../contract/wire.ts'
import { atMost } from '../at-most.ts'
import type { Upstream } from '../supervisor/upstream.ts'
import { type PersonsAnswer, PersonsSide } from './ask-person.ts'
import { errorFrame, INTERNAL_ERROR, METHOD_NOT_FOUND } from './frame.ts'
import { withoutMembers } from './json-edit.ts'
import { type CallOf, type Listener, LOG_LEVELS, NEEDS } from './listener.ts'
import { isAcknowledged, SUBSCRIPTION_KEY } from './modern.ts'
import type { AskingPeople, KnownServer, ProfileBook, RecordBook } from './parts.ts'
import { Subscriptions } from './subscriptions.ts'
import type { Tap } from './tap.ts'

interface Attached {
  server: KnownServer
  upstream: Upstream
  inFlight: Map<Listener, number>
  /** Each call under way, as a thing of its own. */
  calls: Set<CallOf>
  users: Set<Listener>
  detach: (() => void)[]
  /** The stream on which a modern server says what changed of the resources that are watched. */
  stream: AbortController | undefined
  /** Called once that stream is acknowledged. */
  waiting: Set<() => void>
}

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
/** Longer than any server takes that says anything at all. */
export const SAID_WITHIN_MS = 5_000

export class Upstreams {
  readonly #attached = new Map<Upstream, Attached>()
  /** Who watches which resource; outlives a restart of the server. */
  readonly subscriptions = new Subscriptions<Listener>()
  readonly #tap: Tap
  readonly #audit: RecordBook
  readonly #person: PersonsSide
  readonly #profiles: ProfileBook

  constructor(tap: Tap, audit: RecordBook, people: AskingPeople, profiles: ProfileBook) {
    this.#tap = tap
    this.#profiles = profiles
    this.#audit = audit
    this.#person = new PersonsSide(people)
  }

  /** Listens to this upstream from now on; once is enough. True the first time. */
  attach(server: KnownServer, upstream: Upstream): boolean {
    if (this.#attached.has(upstream)) return false
    const sets = {
      inFlight: new Map(),
      calls: new Set<CallOf>(),
      users: new Set<Listener>(),
      waiting: new Set<() => void>(),
    }
    const attached: Attached = { server, upstream, ...sets, detach: [], stream: undefined }
    this.#attached.set(upstream, attached)
    attached.detach.push(upstream.onNotification(text => this.#notified(attached, text)))
    attached.detach.push(upstream.onRequest((text, owners) => this.#asked(attached, text, owners as Listener[])))
    void upstream.closed.then(() => {
      this.#attached.delete(upstream)
      this.#person.gone(upstream, server)
    })
    return true
  }

  /** Runs a request as one of this client's, so that what the server says meanwhile finds its way. */
  async during<T>(upstream: Upstream, listener: Listener, run: () => Promise<T>, heartbeat?: () => void): Promise<T> {
    const attached = this.#attached.get(upstream)
    if (!attached) return run()
    attached.users.add(listener)
    attached.inFlight.set(listener, (attached.inFlight.get(listener) ?? 0) + 1)
    const call: CallOf = { owner: listener, heartbeat }
    attached.calls.add(call)
    try {
      return await run()
    } finally {
      const left = attached.inFlight.get(listener)! - 1
      if (left > 0) attached.inFlight.set(listener, left)
      else attached.inFlight.delete(listener)
      attached.calls.delete(call)
      this.#person.callEnded(call)
    }
  }

  /** Those that are running and that this client has used; or all that are. */
  running(listener?: Listener): { server: KnownServer; upstream: Upstream }[] {
    return [...this.#attached.values()].filter(a => !listener || a.users.has(listener))
  }

  /** A child of this scope is listened to. */
  isAttached(scope: string): boolean {
    return [...this.#attached.keys()].some(one => one.scope === scope)
  }

  /** The server that runs for this link: its own child of it, or the one for all. */
  of({ id }: KnownServer, link: string): Upstream | undefined {
    const all = [...this.#attached.keys()]
    return all.find(one => one.scope === `${id}/${link}`) ?? all.find(one => one.scope === id)
  }

  /** Tells a modern server anew which of its resources are watched; done when it has acknowledged, or takes too long. */
  async listen(upstream: Upstream): Promise<void> {
    const attached = this.#attached.get(upstream)
    if (!attached) return
    attached.stream?.abort()
    attached.stream = new AbortController()
    const { signal } = attached.stream
    // A stream that another takes the place of says nothing: who waits for it waits for that other.
    const heard = () => {
      if (signal.aborted) return
      for (const go of attached.waiting) go()
      attached.waiting.clear()
    }
    const acknowledged = new Promise<void>(resolve => attached.waiting.add(resolve))
    void this.#stream(attached, signal, heard).finally(heard)
    await atMost(SAID_WITHIN_MS, acknowledged)
  }

  /** What this server may ask for a client of these capabilities. */
  offered(server: KnownServer, capabilities: Record<string, unknown>): Record<string, unknown> {
    return this.#person.offered(server, capabilities)
  }

  /** Asks the client whose call it is, or whoever answers in its place. Settles with a whole answer frame. */
  async ask(upstream: Upstream, method: string, text: string, owner: Listener): Promise<string> {
    const attached = this.#attached.get(upstream)
    if (!attached) return errorFrame('0', INTERNAL_ERROR, 'The server ended.')
    return (await this.#answer(attached, method, text, [owner])).frame
  }

  /** The call is over for which this was asked. */
  unask(upstream: Upstream, id: string, owner: Listener): void {
    const attached = this.#attached.get(upstream)
    if (attached) this.#person.takeBack(upstream, id, attached.server)
    const params = `{"requestId":${id},"reason":"The call it was for is over."}`
    owner.unquestion(upstream, id, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`)
  }

  /** The client is gone: its subscriptions end, and those nobody else holds are told to their servers. */
  leave(listener: Listener): void {
    for (const attached of this.#attached.values()) {
      attached.users.delete(listener)
      attached.inFlight.delete(listener)
    }
    this.#person.left(listener)
    const fewer = new Set<Upstream>()
    for (const { scope, uri } of this.subscriptions.leave(listener)) {
      for (const { upstream } of this.running().filter(a => a.upstream.scope === scope)) {
        if (upstream.era === 'modern') fewer.add(upstream)
        else void upstream.request(ownRequest('resources/unsubscribe', { uri })).catch(() => {})
      }
    }
    for (const upstream of fewer) void this.listen(upstream)
  }

  close(): void {
    for (const attached of this.#attached.values()) for (const detach of attached.detach) detach()
    this.#attached.clear()
  }

  /** Opens it again when it ends, with growing pauses. */
  async #stream(attached: Attached, signal: AbortSignal, acknowledged: () => void): Promise<void> {
    const { upstream } = attached
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted && this.#attached.has(upstream); ) {
      const resourceSubscriptions = this.subscriptions.of(upstream.scope).map(([uri]) => uri)
      if (resourceSubscriptions.length === 0) return
      const params = { notifications: { resourceSubscriptions }, _meta: upstream.envelope }
      const onNotification = (text: string) => {
        if (isAcknowledged(text)) acknowledged()
        else return this.#notified(attached, offStream(text))
      }
      const began = performance.now()
      try {
        const answer = await upstream.request(ownRequest('subscriptions/listen', params), { signal, onNotification })
        if (memberAt(answer, ['error'])) return
      } catch {
        if (signal.aborted) return
      }
      if (performance.now() - began > LONGEST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS
      await sleep(pauseMs, undefined, { ref: false })
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
  }

  #notified(attached: Attached, text: string): void | Promise<void> {
    const method = stringAt(text, ['method'])
    // The supervisor lists again and says so once the new listing is verified.
    if (method?.endsWith('/list_changed')) return
    this.#tap.push(attached.server.name, 'Gatehouse', text)
    const audience = this.#audience(attached, text, method).filter(l => this.#sees(l, attached.server))
    return waitFor(audience.map(l => l.tell(attached.server, text)))
  }

  /** A client that a server was hidden from meanwhile hears nothing more of it. */
  #sees(listener: Listener, server: KnownServer): boolean {
    return this.#profiles.of(listener.client)?.hidesServer(server.id) !== true
  }

  #audience(attached: Attached, text: string, method: string | undefined): Listener[] {
    const { server, upstream, inFlight, users } = attached
    if (method === 'notifications/resources/updated') {
      const uri = stringAt(text, ['params', 'uri'])
      return uri === undefined ? [] : this.subscriptions.listeners(upstream.scope, uri)
    }
    if (method === 'notifications/cancelled') {
      const id = memberAt(text, ['params', 'requestId'])
      if (id) {
        for (const user of users) user.unquestion(upstream, text.slice(id.start, id.end), text)
        this.#person.takeBack(upstream, text.slice(id.start, id.end), server)
      }
      return []
    }
    const belongs = inFlight.size > 0 ? [...inFlight.keys()] : [...users]
    if (method !== 'notifications/message') return belongs.length === 1 ? belongs : [...users]
    const level = LOG_LEVELS.indexOf(stringAt(text, ['params', 'level']) ?? '')
    const wants = (l: Listener) => l.logLevel === null || level < 0 || level >= l.logLevel
    // Nothing on the wire says which call a message belongs to; with several, those get it who asked for messages.
    return (belongs.length === 1 ? belongs : belongs.filter(l => l.logLevel !== null)).filter(wants)
  }

  async #asked(attached: Attached, text: string, calling: Listener[]): Promise<string> {
    const { server, users } = attached
    // With no call in flight it can only be meant for the one client that uses this server, if there is but one.
    const owners = calling.length > 0 || users.size > 1 ? calling : [...users].filter(l => this.#sees(l, server))
    const method = stringAt(text, ['method']) ?? ''
    const { frame, shown } = await this.#answer(attached, method, text, owners)
    this.#tap.push('Gatehouse', server.name, shown, { method })
    return frame
  }

  async #answer(
    { server, upstream, calls }: Attached,
    method: string,
    text: string,
    owners: Listener[],
  ): Promise<PersonsAnswer> {
    this.#tap.push(server.name, 'Gatehouse', text, { method })
    const no = (code: number, message: string) => {
      this.#note(server, method, undefined, message)
      const frame = errorFrame('0', code, message)
      return { frame, shown: frame }
    }
    const needs = NEEDS[method]
    if (!needs) return no(METHOD_NOT_FOUND, `Gatehouse does not pass ${method} on to clients.`)
    const [owner, other] = owners
    if (!owner) return no(INTERNAL_ERROR, `No call is in flight that ${method} could belong to.`)
    // Any of them could be given another's question; the person may see them all.
    if (other && method !== 'elicitation/create')
      return no(
        INTERNAL_ERROR,
        `Calls of ${owners.length} clients are in flight; it cannot be told whom ${method} is for.`,
      )
    const mode = method === 'elicitation/create' ? (stringAt(text, ['params', 'mode']) ?? 'form') : undefined
    if (!other && owner.offers(needs, mode)) {
      this.#note(server, method, owner.client)
      const frame = await owner.question(server, upstream, text)
      return { frame, shown: frame }
    }
    if (method === 'elicitation/create' || method === 'sampling/createMessage')
      return this.#person.ask({ server, upstream, owners, calls: [...calls] }, method, text)
    return no(METHOD_NOT_FOUND, `${owner.title} does not offer ${needs}.`)
  }

  #note(server: KnownServer, method: string, client: string | undefined, detail?: string): void {
    const who = { server: server.id, tool: method, ...(client ? { client } : {}), ...(detail ? { detail } : {}) }
    const what = detail ? 'server/question-refused' : 'server/question-passed-on'
    void this.#audit.append({ kind: 'server', what, by: 'gatehouse', ...who }, { durable: false }).catch(() => {})
  }
}

let lastOwn = 0

/** A request that Gatehouse makes for itself. */
export function ownRequest(method: string, params: Record<string, unknown>): string {
  return JSON.stringify({ jsonrpc: '2.0', id: `gatehouse-${++lastOwn}`, method, params })
}

/** A notification as it would be without its subscription. */
function offStream(text: string): string {
  const meta = memberAt(text, ['params', '_meta'])
  if (!meta) return text
  return splice(text, [{ ...meta, text: withoutMembers(text.slice(meta.start, meta.end), [SUBSCRIPTION_KEY]) }])
}

function stringAt(text: string, path: string[]): string | undefined {
  const at = memberAt(text, path)
  const value: unknown = at && JSON.parse(text.slice(at.start, at.end))
  return typeof value === 'string' ? value : undefined
}

function waitFor(sent: (void | Promise<void>)[]): Promise<void> | undefined {
  const waiting = sent.filter(s => s instanceof Promise)
  return waiting.length > 0 ? Promise.allSettled(waiting).then(() => undefined) : undefined
}
