// One connection of an AI client: reads its frames, answers what Gatehouse answers itself, and takes every other request
// past the guard to its server and its answer back.
import { randomUUID } from 'node:crypto'
import type { LinkInfo } from '../../contract/hub.ts'
import type { Tool } from '../../contract/servers.ts'
import { memberAt } from '../../contract/wire.ts'
import type { Upstream } from '../supervisor/upstream.ts'
import { ApprovedFlows } from './approved-flows.ts'
import { EmittedLinks } from './emitted.ts'
import {
  BAD_PARAMS,
  type ClientFrame,
  errorFrame,
  INTERNAL_ERROR,
  idKey,
  isObject,
  readFrame,
  resultFrame,
  toolErrorFrame,
} from './frame.ts'
import type { House } from './house.ts'
import type { LinkOptions } from './link-options.ts'
import { type Listener, LOG_LEVELS } from './listener.ts'
import { envelopeOf } from './modern.ts'
import { offersIn } from './modern-caller.ts'
import { type LinkSide, ModernSide } from './modern-link.ts'
import { passLevelOn, passNotification } from './notify.ts'
import { Outgoing } from './outgoing.ts'
import type { KnownServer } from './parts.ts'
import { Questions } from './questions.ts'
import { type Asker, callOf, type Flight, relay } from './relay.ts'
import { Requests } from './requests.ts'
import { RpcError, route, type Target } from './route.ts'
import { ToldLists } from './told-lists.ts'
import type { View } from './view.ts'
import { greetingOf, isOffered, LISTS, pageOf, viewOf, whyNotOffered } from './what-it-sees.ts'

const CHANGE_PAUSE_MS = 1_000

export class GatewayLink implements Listener {
  readonly id = `link_${randomUUID().slice(0, 8)}`
  readonly client: string
  readonly place: string
  readonly title: string
  readonly kind: LinkOptions['kind']
  logLevel: number | null = null
  readonly #house: House
  readonly server: KnownServer | null
  readonly #outgoing: Outgoing
  readonly #requests: Requests
  readonly #questions = new Questions()
  readonly #told = new ToldLists()
  readonly #flows = new ApprovedFlows()
  readonly #emitted = new EmittedLinks()
  readonly #modern: ModernSide
  readonly #since = Date.now()
  #capabilities: Record<string, unknown> = {}
  #clientInfo: unknown
  #says: string | null = null
  #version: string | null = null
  /** It began with `initialize`, so that it is told of changes unasked. */
  #greeted = false
  #calls = 0
  #lastCallAt: number | null = null
  #closed = false
  #changeTimer: NodeJS.Timeout | undefined

  constructor(house: House, options: LinkOptions) {
    this.#house = house
    this.client = options.client
    this.place = options.place ?? options.client
    // Who is not connected by us is called as it calls itself.
    this.title = house.redact(options.title)
    this.kind = options.kind
    this.server = options.server
    this.#outgoing = new Outgoing(house, this, options.send, () => this.close('it cannot be written to'))
    this.#requests = new Requests(house, this, this.#outgoing, (frame, flight, correlation) =>
      this.#answer(frame, flight, correlation),
    )
    this.#modern = new ModernSide(house, this.#side())
  }

  get info(): LinkInfo {
    const { id, client, place, title } = this
    const [calls, lastCallAt, since] = [this.#calls, this.#lastCallAt, this.#since]
    return { id, client, place, title, says: this.#says, since, protocolVersion: this.#version, calls, lastCallAt }
  }

  /** One line of the client. */
  receive(line: string): void {
    if (this.#closed) return
    const frame = readFrame(line)
    if (frame.kind === 'refused') {
      this.#house.tap.push(this.title, 'Gatehouse', line)
      if (frame.id !== null && this.#questions.answered(frame.id, errorFrame('0', INTERNAL_ERROR, frame.message)))
        return
      this.#house.guard.refused.record(this.client, frame.message)
      void this.#outgoing.out(errorFrame(frame.id, frame.code, frame.message), {}, frame.id ?? undefined)
    } else if (frame.kind === 'request') void this.#requests.take(frame)
    else if (frame.kind === 'notification') void this.#notification(frame).catch(() => {})
    else {
      this.#house.tap.push(this.title, 'Gatehouse', line)
      // A client must not answer in a person's place, nor a question of another's.
      if (!this.#questions.answered(idKey(frame.id!), frame.text))
        this.#house.guard.refused.record(this.client, 'It answered a question that nobody asked it.', 'refused/answer')
    }
  }

  close(why: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#outgoing.close()
    clearTimeout(this.#changeTimer)
    this.#requests.abort(why)
    this.#house.endApprovals(this.id)
    this.#questions.close(`${this.title} disconnected.`)
    this.#modern.close(`${this.title} disconnected.`)
    this.#house.upstreams.leave(this)
    this.#house.supervisor.leave?.(this.id)
    this.#house.closed(this)
  }

  /** Lists may differ from what this client was told; it hears of it at most once a second. */
  listsMayHaveChanged(): void {
    if (this.#closed || this.#changeTimer) return
    this.#changeTimer = setTimeout(() => {
      this.#changeTimer = undefined
      this.#tellChanges()
    }, CHANGE_PAUSE_MS)
  }

  offers(capability: string, mode?: string): boolean {
    return offersIn(this.#capabilities, capability, mode)
  }

  tell(server: KnownServer, text: string): void | Promise<void> {
    return this.#outgoing.note(text, { name: server.name }, this.#requests.only)
  }

  question(server: KnownServer, upstream: Upstream, text: string): Promise<string> {
    const asked = this.#questions.ask(upstream, text)
    void this.#outgoing.out(asked.text, { name: server.name }, this.#requests.only)
    return asked.answer
  }

  unquestion(upstream: Upstream, requestId: string, text: string): void {
    const told = this.#questions.takeBack(upstream, requestId, text)
    if (told) void this.#outgoing.out(told, {}, this.#requests.only)
  }

  /** The tool of this name as its server defines it; null when this client sees none. */
  definition(name: string): Tool['definition'] | null {
    const view = this.#view()
    return (view.named('tools', name) ?? view.ownTool(name))?.definition ?? null
  }

  #view(): View {
    return this.#house.catalog.view(this.server?.id ?? null, this.client)
  }

  #side(): LinkSide {
    const link = this
    return {
      id: this.id,
      client: this.client,
      title: this.title,
      server: this.server,
      get says() {
        return link.#says
      },
      view: signal => viewOf(this.#house, this, signal),
      notOffered: (frame, view, flight, correlation) => this.#notOffered(frame, view, flight, correlation),
      page: (kind, view, frame, era) => pageOf(this.#house, this, this.#told, { kind, view, frame, era }),
      relay: (asker, frame, target, flight, correlation) => this.#relay(asker, frame, target, flight, correlation),
      common: () => this.#common(),
      note: (text, about, request) => this.#outgoing.note(text, about, request),
    }
  }

  #common(): Pick<Asker, 'link' | 'client' | 'flows' | 'tasks' | 'emitted'> {
    const { id, client, title } = this
    return {
      link: id,
      client: { id: client, title, says: this.#says },
      flows: this.#flows,
      tasks: this.#house.tasks.of(client),
      emitted: this.#emitted,
    }
  }

  /** The answer's frame; null when the client took its request back. */
  async #answer(frame: ClientFrame, flight: Flight, correlation: string): Promise<string | null> {
    const id = frame.id!
    const list = LISTS[frame.method]
    const envelope = envelopeOf(frame)
    if (envelope) {
      this.#heardOf(envelope.clientInfo, envelope.version)
      return this.#modern.answer(frame, envelope, list, flight, correlation)
    }
    switch (frame.method) {
      case 'ping':
        return resultFrame(id, '{}')
      case 'initialize':
        return resultFrame(id, await this.#greet(frame, flight.abort.signal))
      case 'logging/setLevel':
        return this.#setLevel(frame, correlation)
    }
    const view = this.server ? await viewOf(this.#house, this, flight.abort.signal) : this.#view()
    if (list) return resultFrame(id, pageOf(this.#house, this, this.#told, { kind: list, view, frame, era: 'legacy' }))
    const closed = isOffered(frame, view) ? null : await this.#notOffered(frame, view, flight, correlation)
    if (closed) return toolErrorFrame(id, closed)
    const target =
      this.#house.tasks.of(this.client).target(frame, this.server?.id) ??
      route(frame, view, this.server !== null, this.#emitted)
    return this.#relay(this.#asker(), frame, target, flight, correlation)
  }

  /** Words for the model, and a row of the log, for a call whose server may not be called now; null when there is nothing to say. */
  async #notOffered(frame: ClientFrame, view: View, flight: Flight, correlation: string): Promise<string | null> {
    if (frame.method !== 'tools/call') return null
    const closed = await whyNotOffered(this.#house, this, frame, view, flight.abort.signal)
    if (!closed) return null
    return this.#house.guard.closed(callOf(this.#asker(), frame, closed.target, flight, correlation), closed.words)
  }

  #relay(
    asker: Asker,
    frame: ClientFrame,
    target: Target,
    flight: Flight,
    correlation: string,
  ): Promise<string | null> {
    this.#calls++
    this.#lastCallAt = Date.now()
    this.#house.changed()
    return relay(this.#house, asker, frame, target, flight, correlation)
  }

  #asker(): Asker {
    const progress = (text: string, correlation: string, request: string | undefined) =>
      this.#outgoing.note(text, { correlation }, request)
    const who = { key: this.id, client: this.client, capabilities: this.#capabilities, clientInfo: this.#clientInfo }
    const level = this.logLevel === null ? null : LOG_LEVELS[this.logLevel]!
    const legacy = { version: '', capabilities: this.#capabilities, clientInfo: this.#clientInfo, logLevel: level }
    return { ...this.#common(), listener: this, who, legacy, progress }
  }

  async #greet(frame: ClientFrame, signal: AbortSignal): Promise<string> {
    const { capabilities, clientInfo } = frame.value
    if (isObject(capabilities)) this.#capabilities = capabilities
    this.#clientInfo = clientInfo
    const greeting = await greetingOf(this.#house, this, frame, signal)
    const version = memberAt(greeting, ['protocolVersion'])
    this.#heardOf(clientInfo, version ? String(JSON.parse(greeting.slice(version.start, version.end))) : null)
    this.#greeted = true
    this.#told.sawAll(this.#view())
    this.#house.changed()
    return greeting
  }

  /** What the client says of itself, for people to read; nothing is decided by it. */
  #heardOf(clientInfo: unknown, version: string | null): void {
    this.#version = version
    if (!isObject(clientInfo)) return
    const words = `${String(clientInfo.name ?? '')} ${String(clientInfo.version ?? '')}`.trim()
    this.#says = this.#house.redact(words.slice(0, 2_000)).slice(0, 200)
  }

  #tellChanges(): void {
    if (this.#closed) return
    const view = this.#view()
    this.#modern.listsChanged(view)
    if (!this.#greeted) return
    for (const noun of this.#told.changes(view))
      void this.#outgoing.out(`{"jsonrpc":"2.0","method":"notifications/${noun}/list_changed"}`)
  }

  async #notification(frame: ClientFrame): Promise<void> {
    this.#house.tap.push(this.title, 'Gatehouse', frame.text)
    if (frame.method === 'notifications/cancelled') return this.#requests.cancel(frame)
    if (frame.method !== 'notifications/progress') return passNotification(this.#house, this, this.#asker(), frame)
    const progress = this.#questions.progressOf(frame.text)
    // Servers of the modern era ask by ending the call: nobody is there to be told.
    if (progress?.upstream.era === 'legacy') progress.upstream.notify(progress.text)
  }

  async #setLevel(frame: ClientFrame, correlation: string): Promise<string> {
    const level = LOG_LEVELS.indexOf(String(frame.value.level))
    if (level < 0) throw new RpcError(BAD_PARAMS, `"level" must be one of ${LOG_LEVELS.join(', ')}.`)
    this.logLevel = level
    await passLevelOn(this.#house, this, this.#asker(), frame, correlation)
    return resultFrame(frame.id!, '{}')
  }
}
