// Keeps the views that clients see in step with the servers' verified listings.
import { memberAt, splice, trouble } from '../../contract/wire.ts'
import type { Era, RawListing } from '../supervisor/upstream.ts'
import { leftOut } from './fit.ts'
import { exposeNames } from './names.ts'
import type { HeldBack, KnownServer, ProfileBook, RunningServers, ServerBook, Shown } from './parts.ts'
import { Entry, type ListKind, View } from './view.ts'

interface Own {
  server: KnownServer
  own: string
  text: string
  era: Era
}

const KEYS = { tools: 'name', prompts: 'name', resources: 'uri', resourceTemplates: 'uriTemplate' } as const
const KINDS = Object.keys(KEYS) as ListKind[]
const EVERYTHING = {}

export class Catalog {
  readonly #registry: ServerBook
  readonly #supervisor: RunningServers
  readonly #held: HeldBack
  readonly #profiles: ProfileBook
  readonly #views = new Map<string, View>()
  #aggregates = new WeakMap<object, View>()
  readonly #everything = new Map<string, readonly Entry[]>()
  readonly #used = new Map<string, RawListing | null>()

  constructor(registry: ServerBook, supervisor: RunningServers, held: HeldBack, profiles: ProfileBook) {
    this.#registry = registry
    this.#supervisor = supervisor
    this.#held = held
    this.#profiles = profiles
  }

  /** Something may have changed: the views are made anew when they are next looked at. */
  forget(): void {
    this.#views.clear()
    this.#aggregates = new WeakMap()
    this.#everything.clear()
    this.#used.clear()
  }

  /** Of one server, un-prefixed, or of all (`null`), as this client is shown it; `null`: as it is. */
  view(scope: string | null, client: string | null): View {
    const profile = client === null ? null : this.#profiles.of(client)
    const key = `${scope ?? ''} ${profile ? client : ''}`
    let view = this.#views.get(key)
    if (!view) {
      view = scope === null ? this.#aggregate(profile) : this.#single(scope, profile)
      this.#views.set(key, view)
    }
    return view
  }

  /** The view, made anew if this server's listing is no longer the one it was made from. */
  fresh(scope: string | null, server: string, client: string | null): View {
    if (this.#used.get(server) !== this.#supervisor.listing(server)) this.forget()
    return this.view(scope, client)
  }

  /** Every known tool, and whether a client of this profile is shown it now. */
  shownBy(profile: Shown | null): { tool: Entry; why: WhyNot | null }[] {
    const view = this.#aggregate(profile)
    const listed = new Set(view.list('tools'))
    const offered = new Set(this.#offered().map(server => server.id))
    const why = (tool: Entry): WhyNot => {
      if (profile?.hidesServer(tool.server.id)) return 'server'
      if (profile?.hidesTool(tool.server.id, tool.own)) return 'tool'
      if (!offered.has(tool.server.id)) return 'off'
      return this.#isHeld(tool) ? 'held' : 'limit'
    }
    return this.everything('tools', profile).map(tool => ({ tool, why: listed.has(tool) ? null : why(tool) }))
  }

  /** Entries that are left out, in words. */
  warnings(server: KnownServer): string[] {
    const listing = this.#supervisor.listing(server.id)
    return listing ? KINDS.flatMap(kind => ownEntries(server, listing, kind).left) : []
  }

  /** Every entry of every listed server under its name in the aggregate, offered now or not, so that names stay. */
  everything(kind: ListKind, profile: Shown | null = null): readonly Entry[] {
    const longest = (kind === 'tools' && profile?.limits?.name) || undefined
    const key = `${kind} ${longest ?? ''}`
    let entries = this.#everything.get(key)
    if (!entries) {
      const own = this.#registry.list().flatMap(server => this.#ownEntries(server, kind))
      entries = kind === 'tools' || kind === 'prompts' ? prefixed(own, longest) : own.map(asItIs)
      this.#everything.set(key, entries)
    }
    return entries
  }

  #ownEntries(server: KnownServer, kind: ListKind): Own[] {
    const listing = this.#supervisor.listing(server.id)
    this.#used.set(server.id, listing)
    return listing ? ownEntries(server, listing, kind).kept : []
  }

  /** Known tools of servers that could be called now: cold ones too, but none that waits for a person or was stopped. */
  #isOffered(server: KnownServer): boolean {
    if (!server.enabled || this.#registry.standing(server.id).may !== 'start') return false
    const { kind } = this.#supervisor.state(server.id)
    return kind !== 'waiting' && kind !== 'stopped'
  }

  /** What a server said of itself, without instructions that nobody has looked at. */
  greetingOf(server: string, initialize: string): string {
    const at = this.#held.isSilent(server) ? memberAt(initialize, ['instructions']) : null
    return at ? splice(initialize, [{ ...at, text: '""' }]) : initialize
  }

  readonly #isHeld = (tool: Entry): boolean => this.#held.isHeld(tool.server.id, tool.own)

  #offered(): KnownServer[] {
    return this.#registry.list().filter(s => this.#supervisor.listing(s.id) && this.#isOffered(s))
  }

  #aggregate(profile: Shown | null): View {
    const key = profile ?? EVERYTHING
    const view = this.#aggregates.get(key) ?? this.#makeAggregate(profile)
    this.#aggregates.set(key, view)
    return view
  }

  #makeAggregate(profile: Shown | null): View {
    const offered = this.#offered()
    const servers = offered.filter(s => !profile?.hidesServer(s.id))
    const [all, seen] = [new Set(offered.map(s => s.id)), new Set(servers.map(s => s.id))]
    const entries = (kind: ListKind) => this.everything(kind, profile).filter(e => seen.has(e.server.id))
    const tools = this.everything('tools', profile).filter(e => all.has(e.server.id))
    const isHidden = (tool: Entry) => profile?.hidesTool(tool.server.id, tool.own) === true
    const out = leftOut(tools, profile?.limits ?? null, tool => !isHidden(tool) && !this.#isHeld(tool))
    return new View(servers, { ...byKind(entries), tools }, this.#isHeld, tool => !isHidden(tool) && !out.has(tool))
  }

  /** Of one server nothing is left out for being too much, and names are its own. */
  #single(id: string, profile: Shown | null): View {
    const server = profile?.hidesServer(id) ? undefined : this.#registry.list().find(s => s.id === id)
    const isOffered = server !== undefined && this.#isOffered(server)
    return new View(
      server ? [server] : [],
      byKind(kind => (isOffered ? this.#ownEntries(server, kind).map(asItIs) : [])),
      this.#isHeld,
      tool => profile?.hidesTool(id, tool.own) !== true,
    )
  }
}

/** `off`: its server cannot be called now; `held`: nobody has looked at it; `limit`: it is too much for the client. */
export type WhyNot = 'server' | 'tool' | 'limit' | 'held' | 'off'

function byKind<T>(of: (kind: ListKind) => T): Record<ListKind, T> {
  return {
    tools: of('tools'),
    prompts: of('prompts'),
    resources: of('resources'),
    resourceTemplates: of('resourceTemplates'),
  }
}

function prefixed(own: readonly Own[], longest: number | undefined): Entry[] {
  const exposed = exposeNames(
    own.map(o => ({ slug: o.server.slug, own: o.own })),
    longest,
  )
  return own.map((o, n) => {
    const name = exposed[n]!
    const text = splice(o.text, [{ ...memberAt(o.text, ['name'])!, text: JSON.stringify(name) }])
    return new Entry(o.server, o.own, name, o.text, text, o.era)
  })
}

function asItIs({ server, own, text, era }: Own): Entry {
  return new Entry(server, own, own, text, text, era)
}

/** A server that lists a name twice, or writes a definition that parsers read differently, does not get it through. */
function ownEntries(server: KnownServer, listing: RawListing, kind: ListKind): { kept: Own[]; left: string[] } {
  const seen = new Set<string>()
  const kept: Own[] = []
  const left: string[] = []
  for (const text of listing[kind]) {
    const at = memberAt(text, [KEYS[kind]])
    const own: unknown = at && JSON.parse(text.slice(at.start, at.end))
    const found = trouble(text)
    if (typeof own !== 'string') left.push(`One of its ${kind} has no ${KEYS[kind]} and is left out.`)
    else if (found)
      left.push(
        `${own} is left out: ${found.kind === 'repeated' ? `it says "${found.path}" twice` : 'it is nested too deeply'}.`,
      )
    else if (seen.has(own)) left.push(`${own} is listed twice; the first one counts.`)
    else kept.push({ server, own, text, era: listing.era })
    if (typeof own === 'string') seen.add(own)
  }
  return { kept, left }
}
