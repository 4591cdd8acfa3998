// What one client sees and is told of the servers: its view of the lists, their pages, its greeting.
import { problemOf } from '../error.ts'
import type { Era } from '../supervisor/upstream.ts'
import { BAD_PARAMS, type ClientFrame, DENIED } from './frame.ts'
import {
  aggregateDiscovery,
  aggregateGreeting,
  type Greeting,
  negotiated,
  singleDiscovery,
  singleGreeting,
} from './greeting.ts'
import type { House } from './house.ts'
import type { KnownServer } from './parts.ts'
import { RpcError, type Target, targetOf } from './route.ts'
import type { ToldLists } from './told-lists.ts'
import type { ListKind, View } from './view.ts'
import { hiddenFrom, leftOutFor, notStarted } from './words.ts'

/** Which requests are answered with a list that Gatehouse keeps. */
export const LISTS: Record<string, ListKind> = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
}

/** Whose link it is, and to which server alone. */
interface Seer {
  client: string
  title: string
  server: KnownServer | null
}

/** What this client sees. A server that was never listed is started for it only where it is the one asked for. */
export async function viewOf(house: House, { server, client }: Seer, signal: AbortSignal): Promise<View> {
  if (!server) return house.catalog.view(null, client)
  if (!house.supervisor.listing(server.id) && !house.profiles.of(client)?.hidesServer(server.id)) {
    await house.supervisor.awake(server.id, signal)
    house.catalog.forget()
  }
  return house.catalog.fresh(server.id, server.id, client)
}

/** No call, or a call of a tool that is in the lists. */
export function isOffered({ method, value: { name } }: ClientFrame, view: View): boolean {
  if (method !== 'tools/call' || typeof name !== 'string') return true
  return view.named('tools', name) !== undefined || view.ownTool(name) !== undefined
}

/** What a call is for when the tool is known and not shown, or its server may not be called now, and why not; null else. */
export async function whyNotOffered(
  house: House,
  { server, client, title }: Seer,
  frame: ClientFrame,
  view: View,
  signal: AbortSignal,
): Promise<{ target: Target; words: string } | null> {
  const { name } = frame.value
  if (typeof name !== 'string' || isOffered(frame, view)) return null
  const only = server?.id
  const profile = house.profiles.of(client)
  const known =
    house.catalog
      .everything('tools', profile)
      .find(e => (only ? e.server.id === only && e.own === name : e.exposed === name)) ?? view.notShown(name)
  if (!known) return null
  const target = targetOf(frame, known, name)
  // The guard refuses what is hidden, in its own words.
  if (profile?.hidesTool(known.server.id, known.own)) return { target, words: hiddenFrom(title, name) }
  if (view.isNotShown(known)) return { target, words: leftOutFor(title, name, profile?.limits?.tools ?? 0) }
  try {
    await house.supervisor.awake(known.server.id, signal)
    return null
  } catch (error) {
    const { message, hint } = problemOf(error)
    return { target, words: notStarted(known.server.name, message, hint) }
  }
}

/** One page of a list as a result's text; `told` remembers that it was. */
export function pageOf(
  house: House,
  { server, client }: { server: KnownServer | null; client: string },
  told: ToldLists,
  what: { kind: ListKind; view: View; frame: ClientFrame; era: Era },
): string {
  const { kind, view, frame, era } = what
  const cursor = frame.value.cursor
  const around = server ? house.supervisor.listing(server.id)?.around[kind] : undefined
  const page = view.page(kind, typeof cursor === 'string' ? cursor : undefined, era, around)
  if (page === undefined) throw new RpcError(BAD_PARAMS, 'This cursor leads nowhere any more. Begin the list anew.')
  told.saw(kind, view)
  for (const { id } of view.servers) house.stats.seen(id, client)
  return page
}

/** What a client of the legacy era is answered at `initialize`. */
export async function greetingOf(house: House, seer: Seer, frame: ClientFrame, signal: AbortSignal): Promise<string> {
  if (seer.server) return singleGreeting(frame, await ownGreeting(house, seer, seer.server, signal))
  return aggregateGreeting(negotiated(frame), saidBy(house, seer.client))
}

/** What a client of the modern era is answered to `server/discover`. */
export async function discoveryOf(house: House, seer: Seer, signal: AbortSignal): Promise<string> {
  if (!seer.server) return aggregateDiscovery(saidBy(house, seer.client))
  return singleDiscovery(await ownGreeting(house, seer, seer.server, signal))
}

async function ownGreeting(
  { catalog, supervisor, profiles }: House,
  { client, title }: Seer,
  { id, name }: KnownServer,
  signal: AbortSignal,
): Promise<Greeting> {
  if (profiles.of(client)?.hidesServer(id)) throw new RpcError(DENIED, hiddenFrom(title, name))
  const { era, initialize } = supervisor.listing(id) ?? (await supervisor.awake(id, signal))
  return { era, initialize: catalog.greetingOf(id, initialize) }
}

function saidBy({ catalog, supervisor }: House, client: string): { server: KnownServer; initialize: string }[] {
  const { servers } = catalog.view(null, client)
  return servers.map(server => ({
    server,
    initialize: catalog.greetingOf(server.id, supervisor.listing(server.id)?.initialize ?? '{}'),
  }))
}
