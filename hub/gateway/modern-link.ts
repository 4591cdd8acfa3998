// What a link answers to requests of the modern era: each stands for itself, with its own capabilities and log level.
import { memberAt } from '../../contract/wire.ts'
import type { Upstream } from '../supervisor/upstream.ts'
import { type ClientFrame, resultFrame, toolErrorFrame } from './frame.ts'
import { aggregateDiscovery, singleDiscovery } from './greeting.ts'
import type { House } from './link.ts'
import { ListenStream } from './listen.ts'
import type { Envelope } from './modern.ts'
import { ModernCaller } from './modern-caller.ts'
import { asModernAnswer } from './modern-to-legacy.ts'
import type { KnownServer } from './parts.ts'
import { type Asker, callOf, type Flight } from './relay.ts'
import { Rounds } from './rounds.ts'
import { RpcError, route, type Target } from './route.ts'
import { ownRequest } from './upstreams.ts'
import type { ListKind, View } from './view.ts'

/** The link, as far as its modern side needs it. */
export interface LinkSide {
  readonly id: string
  readonly client: string
  readonly title: string
  readonly server: KnownServer | null
  readonly says: string | null
  view(signal: AbortSignal): Promise<View>
  whyNotOffered(frame: ClientFrame, view: View, signal: AbortSignal): Promise<string | null>
  page(kind: ListKind, view: View, frame: ClientFrame, era: 'modern'): string
  relay(asker: Asker, frame: ClientFrame, target: Target, flight: Flight, correlation: string): Promise<string | null>
  /** What the asker of a legacy request is, without what is the listener's own. */
  common(): Pick<Asker, 'link' | 'client' | 'flows' | 'tasks'>
  /** `request`: source text of the id that the frame belongs to. */
  out(text: string, about: { name?: string; correlation?: string }, request: string): void | Promise<void>
}

export class ModernSide {
  readonly #house: House
  readonly #link: LinkSide
  readonly #rounds: Rounds
  readonly #streams = new Set<ListenStream>()

  constructor(house: House, link: LinkSide) {
    this.#house = house
    this.#link = link
    this.#rounds = new Rounds(link.client)
  }

  /** The answer's frame; null when there is none to give. */
  async answer(
    frame: ClientFrame,
    envelope: Envelope,
    list: ListKind | undefined,
    flight: Flight,
    correlation: string,
  ): Promise<string | null> {
    const id = frame.id!
    const { signal } = flight.abort
    if (frame.method === 'server/discover') return resultFrame(id, await this.#discover(signal))
    const view = await this.#link.view(signal)
    if (list) return resultFrame(id, this.#link.page(list, view, frame, 'modern'))
    if (frame.method === 'subscriptions/listen') return this.#listen(frame, envelope, view, flight, correlation)
    let request = frame
    const send = (text: string, server: KnownServer) =>
      this.#link.out(text, { name: server.name, correlation }, request.id!)
    const resumed = this.#rounds.resume(frame, flight, send)
    if (resumed) return resumed
    const closed = frame.method === 'tools/call' ? await this.#link.whyNotOffered(frame, view, signal) : null
    if (closed) return asModernAnswer(toolErrorFrame(id, closed), frame.method, undefined)
    const target = this.#link.common().tasks.target(frame) ?? route(frame, view, this.#link.server !== null)
    request = frame
    const caller = new ModernCaller(this.#link, envelope, send)
    caller.token = frame.token
    const asker = this.#asker(caller, target.server)
    const answer = this.#link
      .relay(asker, frame, target, flight, correlation)
      .finally(() => this.#house.upstreams.leave(caller))
    return this.#rounds.first(frame, caller, flight, answer)
  }

  listsChanged(view: View): void {
    for (const stream of this.#streams) stream.listsChanged(view)
  }

  close(why: string): void {
    this.#rounds.close(why)
    for (const stream of this.#streams) this.#house.upstreams.leave(stream)
    this.#streams.clear()
  }

  #asker(caller: ModernCaller, server: KnownServer): Asker {
    const { capabilities, clientInfo } = caller.envelope
    const who = { key: this.#link.id, client: this.#link.client, capabilities, clientInfo }
    const progress = (text: string) => caller.progress(text, server)
    return { ...this.#link.common(), listener: caller, who, legacy: null, progress }
  }

  async #discover(signal: AbortSignal): Promise<string> {
    const { server } = this.#link
    const { supervisor, catalog } = this.#house
    if (server) return singleDiscovery(supervisor.listing(server.id) ?? (await supervisor.awake(server.id, signal)))
    const { servers } = catalog.view(null)
    return aggregateDiscovery(
      servers.map(one => ({ server: one, initialize: supervisor.listing(one.id)?.initialize ?? '{}' })),
    )
  }

  /** Stays open until the client takes it back or goes. */
  async #listen(
    frame: ClientFrame,
    envelope: Envelope,
    view: View,
    flight: Flight,
    correlation: string,
  ): Promise<null> {
    const { signal } = flight.abort
    const stream = new ListenStream(this.#link, frame, view, text => this.#link.out(text, { correlation }, frame.id!))
    const caller = new ModernCaller(this.#link, envelope, () => {})
    const watched: { uri: string; begin: () => Promise<void> }[] = []
    for (const uri of stream.uris) {
      const begin = await this.#mayWatch(frame, caller, view, uri, flight, correlation)
      if (begin) watched.push({ uri, begin: () => begin(stream) })
    }
    if (signal.aborted) return null
    stream.acknowledge(watched.map(({ uri }) => uri))
    this.#streams.add(stream)
    for (const { begin } of watched) await begin().catch(() => {})
    await new Promise<void>(resolve => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
    this.#streams.delete(stream)
    this.#house.upstreams.leave(stream)
    return null
  }

  /** Null when it may not be watched, or nobody offers it. Policy decides as on any read of its server. */
  async #mayWatch(
    frame: ClientFrame,
    caller: ModernCaller,
    view: View,
    uri: string,
    flight: Flight,
    correlation: string,
  ): Promise<((stream: ListenStream) => Promise<void>) | null> {
    const { guard, supervisor, upstreams } = this.#house
    const asked: ClientFrame = { ...frame, method: 'resources/subscribe', value: { uri }, fields: [] }
    let target: Target
    try {
      target = route(asked, view, this.#link.server !== null)
    } catch (error) {
      if (error instanceof RpcError) return null
      throw error
    }
    const { server } = target
    const call = callOf(
      this.#asker(caller, server),
      asked,
      { ...target, argumentsText: JSON.stringify({ uri }) },
      flight,
      correlation,
    )
    if (!(await guard.allows(call))) return null
    let upstream: Upstream
    try {
      upstream = await supervisor.awake(server.id, flight.abort.signal, call.who)
    } catch {
      return null
    }
    if (!memberAt(upstream.initialize, ['capabilities', 'resources', 'subscribe'])) return null
    return async stream => {
      const isFirst = upstreams.isFirstSubscriber(upstream.scope, uri)
      upstreams.attach(server, upstream)
      upstreams.subscribe(upstream.scope, uri, stream)
      if (upstream.era === 'modern') upstreams.listen(upstream)
      else if (isFirst) await upstream.request(ownRequest('resources/subscribe', { uri }))
    }
  }
}
