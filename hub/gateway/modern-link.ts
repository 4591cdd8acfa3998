// What a link answers to requests of the modern era: each stands for itself, with its own capabilities and log level.
import { memberAt } from '../../contract/wire.ts'
import { atMost } from '../at-most.ts'
import { ask } from '../supervisor/ask.ts'
import type { Upstream } from '../supervisor/upstream.ts'
import { BAD_PARAMS, type ClientFrame, DENIED, errorFrame, resultFrame, toolErrorFrame } from './frame.ts'
import { HeldTasks } from './held-tasks.ts'
import type { House } from './house.ts'
import { introduce } from './introduce.ts'
import { ListenStream } from './listen.ts'
import { type Envelope, isAcknowledged } from './modern.ts'
import { ModernCaller } from './modern-caller.ts'
import { asModernAnswer } from './modern-to-legacy.ts'
import type { KnownServer } from './parts.ts'
import { type Asker, callOf, type Flight } from './relay.ts'
import { Rounds } from './rounds.ts'
import { type Emitted, RESOURCE_NOT_FOUND, RpcError, route, type Target } from './route.ts'
import { ownRequest, SAID_WITHIN_MS } from './upstreams.ts'
import type { ListKind, View } from './view.ts'
import { discoveryOf } from './what-it-sees.ts'

/** The link, as far as its modern side needs it. */
export interface LinkSide {
  readonly id: string
  readonly client: string
  readonly title: string
  readonly server: KnownServer | null
  readonly says: string | null
  view(signal: AbortSignal): Promise<View>
  /** Why a call goes nowhere now, for the model; null when it may. */
  notOffered(frame: ClientFrame, view: View, flight: Flight, correlation: string): Promise<string | null>
  page(kind: ListKind, view: View, frame: ClientFrame, era: 'modern'): string
  relay(asker: Asker, frame: ClientFrame, target: Target, flight: Flight, correlation: string): Promise<string | null>
  /** What the asker of a legacy request is, without what is the listener's own. */
  common(): Pick<Asker, 'link' | 'client' | 'flows' | 'tasks' | 'emitted'>
  /** `request`: source text of the id that the frame belongs to. */
  note(text: string, about: { name?: string; correlation?: string }, request: string): void | Promise<void>
}

/** A resource that a stream may hear of, and whose it is. */
interface Watched {
  uri: string
  server: KnownServer
  upstream: Upstream
}

const ABOUT_TASKS = new Set(['tasks/get', 'tasks/update', 'tasks/cancel'])

export class ModernSide {
  readonly #house: House
  readonly #link: LinkSide
  readonly #rounds: Rounds
  readonly #held = new HeldTasks()
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
    if (frame.method === 'server/discover') return resultFrame(id, await discoveryOf(this.#house, this.#link, signal))
    const view = await this.#link.view(signal)
    if (list) return resultFrame(id, this.#link.page(list, view, frame, 'modern'))
    if (frame.method === 'subscriptions/listen') return this.#listen(frame, envelope, view, flight, correlation)
    const send = (text: string, server: KnownServer) => {
      // Its request is answered; nothing more is said under that id.
      if (flight.isTask) return
      flight.progressed = true
      return this.#link.note(text, { name: server.name, correlation }, id)
    }
    const ofTask = this.#held.answer(frame)
    if (ofTask) return ofTask
    const resumed = this.#rounds.resume(frame, flight, send)
    if (resumed) return resumed
    const closed = await this.#link.notOffered(frame, view, flight, correlation)
    if (closed) return asModernAnswer(toolErrorFrame(id, closed), frame.method, undefined)
    const target = this.#target(frame, view)
    const caller = new ModernCaller(this.#link, envelope, send)
    caller.token = frame.token
    const asker = this.#asker(caller, target.server)
    const again = (next: ClientFrame) => this.answer(next, envelope, undefined, flight, correlation)
    const orTask = this.#held.offer(frame, envelope, flight, again)
    const answer = this.#link
      .relay(asker, frame, target, flight, correlation)
      .finally(() => this.#house.upstreams.leave(caller))
    const refused = (again: string) => {
      const words = this.#house.guard.deniedNow(callOf(asker, frame, target, flight, correlation))
      if (words === null) return null
      if (!target.entry) return errorFrame(again, DENIED, words)
      return asModernAnswer(toolErrorFrame(again, words), frame.method, undefined)
    }
    const first = this.#rounds.first(frame, caller, flight, answer, refused)
    return orTask ? orTask(first) : first
  }

  #target(frame: ClientFrame, view: View): Target {
    const { tasks, emitted } = this.#link.common()
    const ofTask = tasks.target(frame, this.#link.server?.id)
    if (!ofTask && this.#link.server === null && ABOUT_TASKS.has(frame.method)) {
      this.#house.guard.refused.record(
        this.#link.client,
        'It asked for a task that is not one of its own.',
        'refused/task',
      )
      throw new RpcError(BAD_PARAMS, 'There is no such task: it ended long ago, or is not of this client.')
    }
    const target = ofTask ?? toTarget(frame, view, this.#link.server !== null, emitted)
    const isRound = frame.fields.some(m => m.key === 'requestState' || m.key === 'inputResponses')
    // Its rounds are kept here, under handles of ours: this one would be a call of its own.
    if (isRound && this.#house.supervisor.listing(target.server.id)?.era === 'legacy')
      throw new RpcError(BAD_PARAMS, 'No call waits for this requestState. Begin the request anew without it.')
    return target
  }

  listsChanged(view: View): void {
    for (const stream of this.#streams) stream.listsChanged(view)
  }

  close(why: string): void {
    this.#held.close(why)
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

  /** Stays open until the client takes it back or goes. */
  async #listen(
    frame: ClientFrame,
    envelope: Envelope,
    view: View,
    flight: Flight,
    correlation: string,
  ): Promise<null> {
    const { signal } = flight.abort
    const stream = new ListenStream(this.#link, frame, view, text => this.#link.note(text, { correlation }, frame.id!))
    const caller = new ModernCaller(this.#link, envelope, () => {})
    const watched: Watched[] = []
    for (const uri of stream.uris) {
      const at = await this.#mayWatch(frame, caller, view, uri, flight, correlation)
      if (at) watched.push({ uri, ...at })
    }
    if (signal.aborted) return null
    const tasks = await this.#tasksOf(frame, caller, stream.tasks, flight, correlation)
    if (signal.aborted) return null
    this.#streams.add(stream)
    try {
      // In force before it is acknowledged, so that no change between is missed.
      const uris = await this.#watch(stream, watched, signal)
      if (signal.aborted) return null
      stream.acknowledge(uris, [...tasks.values()].flat())
      for (const [upstream, taskIds] of tasks) {
        const onNotification = (text: string) => (isAcknowledged(text) ? undefined : stream.tell(upstream.server, text))
        const asked = ownRequest('subscriptions/listen', { notifications: { taskIds }, _meta: frame.value._meta })
        void upstream.upstream.request(asked, { signal, onNotification }).catch(() => {})
      }
      await new Promise<void>(resolve => {
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve(), { once: true })
      })
      return null
    } finally {
      this.#streams.delete(stream)
      this.#house.upstreams.leave(stream)
    }
  }

  /** Gives those that their servers did not refuse; one that says nothing in time is not waited for. */
  async #watch(stream: ListenStream, watched: readonly Watched[], signal: AbortSignal): Promise<string[]> {
    const { subscriptions } = this.#house.upstreams
    const modern = new Set<Upstream>()
    const refused = new Set<string>()
    const said: Promise<void>[] = []
    for (const { uri, server, upstream } of watched) {
      if (this.#house.upstreams.attach(server, upstream))
        introduce(this.#house, this.#link.common().client, server, upstream)
      const isFirst = subscriptions.isFirst(upstream.scope, uri)
      subscriptions.add(upstream.scope, uri, stream)
      if (upstream.era === 'modern') modern.add(upstream)
      else if (isFirst)
        said.push(
          ask(upstream, 'resources/subscribe', { uri }, signal)
            .then(() => {})
            .catch(() => {
              subscriptions.remove(upstream.scope, uri, stream)
              refused.add(uri)
            }),
        )
    }
    for (const upstream of modern) said.push(this.#house.upstreams.listen(upstream))
    await atMost(SAID_WITHIN_MS, Promise.all(said))
    return watched.flatMap(({ uri }) => (refused.has(uri) ? [] : [uri]))
  }

  /** Those of the tasks that this client's own calls made and policy lets it follow, each with whoever runs it. */
  async #tasksOf(
    frame: ClientFrame,
    caller: ModernCaller,
    ids: readonly string[],
    flight: Flight,
    correlation: string,
  ): Promise<Map<{ server: KnownServer; upstream: Upstream }, string[]>> {
    const { guard, supervisor } = this.#house
    const found = new Map<Upstream, { server: KnownServer; upstream: Upstream; ids: string[] }>()
    for (const taskId of ids) {
      const asked: ClientFrame = { ...frame, method: 'tasks/get', value: { taskId }, fields: [] }
      const target = this.#link.common().tasks.target(asked, this.#link.server?.id)
      if (!target) continue
      const call = callOf(this.#asker(caller, target.server), asked, target, flight, correlation)
      if (!(await guard.allows(call))) continue
      const upstream = await supervisor.awake(target.server.id, flight.abort.signal, call.who).catch(() => null)
      if (upstream?.era !== 'modern') continue
      const one = found.get(upstream) ?? { server: target.server, upstream, ids: [] }
      one.ids.push(taskId)
      found.set(upstream, one)
    }
    return new Map([...found.values()].map(one => [one, one.ids]))
  }

  /** Null when it may not be watched, or nobody offers it. Policy decides as on any read of its server. */
  async #mayWatch(
    frame: ClientFrame,
    caller: ModernCaller,
    view: View,
    uri: string,
    flight: Flight,
    correlation: string,
  ): Promise<Omit<Watched, 'uri'> | null> {
    const { guard, supervisor } = this.#house
    const asked: ClientFrame = { ...frame, method: 'resources/subscribe', value: { uri }, fields: [] }
    let target: Target
    try {
      target = route(asked, view, this.#link.server !== null, this.#link.common().emitted)
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
    const isOffered = memberAt(upstream.initialize, ['capabilities', 'resources', 'subscribe'])
    return isOffered ? { server, upstream } : null
  }
}

/** What is not there has another code in this era. */
function toTarget(frame: ClientFrame, view: View, single: boolean, emitted: Emitted): Target {
  try {
    return route(frame, view, single, emitted)
  } catch (error) {
    if (!(error instanceof RpcError) || error.code !== RESOURCE_NOT_FOUND) throw error
    throw new RpcError(BAD_PARAMS, error.message, error.data)
  }
}
