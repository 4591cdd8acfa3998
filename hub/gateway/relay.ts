// Takes one request past the guard to its server and brings the answer back, with what the server says meanwhile.
import { memberAt } from '../../contract/wire.ts'
import { problemOf } from '../error.ts'
import { serverInfoOf } from '../supervisor/era.ts'
import type { InstanceFor } from '../supervisor/instances.ts'
import type { RequestOptions, Upstream } from '../supervisor/upstream.ts'
import type { ApprovedFlows } from './approved-flows.ts'
import type { Call } from './call.ts'
import type { EmittedLinks } from './emitted.ts'
import { type ClientFrame, DENIED, errorFrame, INTERNAL_ERROR, resultFrame, toolErrorFrame } from './frame.ts'
import type { House } from './house.ts'
import { askInItsPlace, missingOf } from './in-its-place.ts'
import { askForLevel, introduce } from './introduce.ts'
import { askModern, type LegacyClient } from './legacy-to-modern.ts'
import type { Listener } from './listener.ts'
import { asLegacyRequest, asModernAnswer } from './modern-to-legacy.ts'
import type { Target } from './route.ts'
import type { TasksOf } from './task-owners.ts'

/** A request on its way. */
export interface Flight {
  /** The client's id, as it wrote it. */
  id?: string
  abort: AbortController
  cancelled: boolean
  /** The client's own words when it took its request back. */
  cancellation?: string
  progressed: boolean
  /** How far its client was told it is: it must never be told less. */
  progressAt?: number
  /** Answers the request with a task, because a person is asked for longer than its client would wait. */
  asTask?: () => void
  /** That happened: the request is over, its call is not. */
  isTask?: boolean
}

/** Whose request it is. */
export interface Asker {
  listener: Listener
  link: string
  client: Call['client']
  who: InstanceFor
  /** Of a client of the legacy era, as a modern server is told of it; null for a modern client. */
  legacy: LegacyClient | null
  flows: ApprovedFlows
  tasks: TasksOf
  emitted: EmittedLinks
  /** `request`: source text of the id it belongs to. */
  progress: (text: string, correlation: string, request: string | undefined) => void | Promise<void>
}

const QUESTION_WAITS = 'A question of the server waits in Gatehouse'
/** What a server may answer by asking for something first. */
const ROUNDS = new Set(['tools/call', 'prompts/get', 'resources/read'])
const SUBSCRIPTIONS = new Set(['resources/subscribe', 'resources/unsubscribe'])

/** The answer's frame; null when the client took its request back. */
export async function relay(
  house: House,
  asker: Asker,
  frame: ClientFrame,
  target: Target,
  flight: Flight,
  correlation: string,
): Promise<string | null> {
  const { server } = target
  const id = frame.id!
  house.stats.called(server.id, asker.client.id)
  const call = callOf(asker, frame, target, flight, correlation)
  const passage = await house.guard.pass(call, async upstream => {
    if (house.upstreams.attach(server, upstream)) introduce(house, asker.client, server, upstream)
    if (isKnownAlready(house, asker, frame, upstream)) return resultFrame(id, '{}')
    const subscribe = () => house.upstreams.subscriptions.add(upstream.scope, String(frame.value.uri), asker.listener)
    if (upstream.era === 'modern' && SUBSCRIPTIONS.has(frame.method)) {
      if (frame.method === 'resources/subscribe') subscribe()
      await house.upstreams.listen(upstream)
      return resultFrame(id, '{}')
    }
    house.tap.push('Gatehouse', server.name, target.text, { correlation, name: target.tool })
    const wanted = levelOf(asker)
    if (wanted !== null && upstream.era === 'legacy') askForLevel(house, call, upstream, wanted)
    const options = {
      signal: flight.abort.signal,
      owner: asker.listener,
      cancellation: () => cancellationFor(upstream, flight),
      // What changes right behind the answer is told to it already.
      onResult: frame.method === 'resources/subscribe' ? subscribe : undefined,
      onProgress: (said: string) => tellProgress(asker, said, flight, correlation),
    }
    const text = await house.upstreams.during(
      upstream,
      asker.listener,
      () => exchange(house, asker, call, frame, target, upstream, options),
      () => call.heartbeat(QUESTION_WAITS),
    )
    house.tap.push(server.name, 'Gatehouse', text, { correlation, method: frame.method, name: target.tool })
    return text
  })
  switch (passage.kind) {
    case 'answered':
      house.stats.took(server.id, passage.ms)
      asker.flows.note(frame, passage.text, passage.by)
      asker.tasks.note(target, passage.text, passage.by)
      asker.emitted.note(target, passage.text)
      return passage.text
    case 'refused':
      if (!call.entry) return errorFrame(id, DENIED, passage.words)
      return asker.legacy
        ? toolErrorFrame(id, passage.words)
        : asModernAnswer(toolErrorFrame(id, passage.words), frame.method, undefined)
    case 'failed':
      return errorFrame(id, INTERNAL_ERROR, inWords(passage.error))
    case 'cancelled':
      return null
  }
}

/** The request as this server knows it, and its answer as this client knows it. */
function exchange(
  house: House,
  asker: Asker,
  call: Call,
  frame: ClientFrame,
  target: Target,
  upstream: Upstream,
  options: RequestOptions,
): Promise<string> {
  const { listener, legacy, who } = asker
  if (upstream.era === 'legacy' && legacy) return upstream.request(target.text, options)
  if (upstream.era === 'modern') {
    const offered = house.upstreams.offered(target.server, legacy?.capabilities ?? {})
    const missing = legacy ? null : missingOf(offered, who.capabilities ?? {})
    if (!legacy && (!missing || !ROUNDS.has(frame.method))) return upstream.request(target.text, options)
    const rounds = {
      id: frame.id!,
      method: frame.method,
      send: (text: string) => upstream.request(text, options),
      ask: (method: string, text: string) => house.upstreams.ask(upstream, method, text, listener),
      takeBack: (id: string) => house.upstreams.unask(upstream, id, listener),
      signal: call.signal,
      isAllowed: () => house.guard.decide(call).effect !== 'deny',
    }
    if (!legacy) return askInItsPlace(target.text, { ...rounds, missing: missing! })
    const client = { ...legacy, capabilities: offered, version: upstream.protocolVersion }
    return askModern(target.text, { ...rounds, client })
  }
  const asked = upstream.request(asLegacyRequest(target.text), options)
  return asked.then(answer => asModernAnswer(answer, frame.method, serverInfoOf(upstream.initialize, 'legacy')))
}

export function callOf(asker: Asker, frame: ClientFrame, target: Target, flight: Flight, correlation: string): Call {
  const { server, tool, entry, argumentsText } = target
  return {
    correlation,
    client: asker.client,
    link: asker.link,
    server,
    method: target.method ?? frame.method,
    allowedBy: target.allowedBy ?? asker.flows.take(frame),
    who: asker.who,
    tool,
    entry,
    argumentsText,
    signal: flight.abort.signal,
    asTask: flight.asTask,
    heartbeat: why => {
      if (frame.token === null) return
      // Tiny steps, so that it stays below whatever the server will report itself.
      const progress = ((flight.progressAt ?? 0) + 1e-6).toFixed(6)
      const params = `{"progressToken":${frame.token},"progress":${progress},"message":${JSON.stringify(why)}}`
      const text = `{"jsonrpc":"2.0","method":"notifications/progress","params":${params}}`
      void tellProgress(asker, text, flight, correlation)
    },
  }
}

function cancellationFor({ era }: Upstream, { cancellation }: Flight): string | undefined {
  return cancellation !== undefined && era === 'legacy' ? asLegacyRequest(cancellation) : cancellation
}

function tellProgress(asker: Asker, text: string, flight: Flight, correlation: string): void | Promise<void> {
  if (flight.cancelled) return
  flight.progressed = true
  const at = memberAt(text, ['params', 'progress'])
  const said = at ? Number(text.slice(at.start, at.end)) : Number.NaN
  if (said > (flight.progressAt ?? Number.NEGATIVE_INFINITY)) flight.progressAt = said
  return asker.progress(text, correlation, flight.id)
}

/** Only the first who watches a resource, and the last who stops, are told to its server. */
function isKnownAlready({ upstreams }: House, asker: Asker, frame: ClientFrame, { scope }: Upstream): boolean {
  const uri = String(frame.value.uri)
  if (frame.method === 'resources/unsubscribe') return !upstreams.subscriptions.remove(scope, uri, asker.listener)
  if (frame.method !== 'resources/subscribe' || upstreams.subscriptions.isFirst(scope, uri)) return false
  upstreams.subscriptions.add(scope, uri, asker.listener)
  return true
}

/** The level that a modern client wants of this request alone. */
function levelOf({ legacy, listener }: Asker): number | null {
  return legacy ? null : listener.logLevel
}

/** Anything thrown, as a client is told. */
export function inWords(error: unknown): string {
  const { message, hint } = problemOf(error)
  return hint ? `${message} ${hint}` : message
}
