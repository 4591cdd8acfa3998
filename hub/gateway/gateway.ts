// The endpoint that AI clients reach: their links, what they see, and calls that people make through the same guard.
import type { CallOutcome, WireFrame } from '../../contract/calls.ts'
import type { LinkInfo } from '../../contract/hub.ts'
import type { Decision } from '../../contract/policy.ts'
import type { Listing, Tool } from '../../contract/servers.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import { definitionHash } from '../policy/definition-hash.ts'
import type { Question } from '../policy/question.ts'
import { Catalog, type WhyNot } from './catalog.ts'
import { Guard, type GuardOptions } from './guard.ts'
import type { House } from './house.ts'
import { watchAgain } from './introduce.ts'
import { GatewayLink } from './link.ts'
import type { LinkOptions } from './link-options.ts'
import { Offering, type OfferingOptions } from './offering.ts'
import { type OwnCall, OwnCalls } from './own-calls.ts'
import type { Asking, AskingPeople, KnownServer, ProfileBook, RecordBook, Shown } from './parts.ts'
import { type ServerStats, Stats } from './stats.ts'
import { Tap } from './tap.ts'
import { TaskOwners } from './task-owners.ts'
import { Upstreams } from './upstreams.ts'
import type { Entry } from './view.ts'

export interface GatewayOptions extends OfferingOptions {
  approvals: Asking
  questions: AskingPeople
  profiles: ProfileBook
  audit: RecordBook
  announcer: Announcer
  clientTitle: (id: string) => string
  holding?: GuardOptions['holding']
}

export interface Link {
  readonly id: string
  receive(line: string): void
  /** A tool as its server defines it; null when this client sees none of that name. */
  definition(name: string): Tool['definition'] | null
  close(why: string): void
}

/** Links beyond these are refused, so that one client cannot use up the hub. */
const MOST_LINKS = 20
const LINKS_CHANGED_MS = 1_000
const NO_DEFINITION = definitionHash(null)

export class Gateway {
  readonly #o: GatewayOptions
  readonly #house: House
  readonly #links = new Set<GatewayLink>()
  readonly #own: OwnCalls
  readonly #offering: Offering
  readonly #unlisten: (() => void)[] = []
  #changedTimer: NodeJS.Timeout | undefined

  constructor(options: GatewayOptions) {
    this.#o = options
    const { supervisor, registry, policy, approvals, audit, announcer, redact } = options
    const catalog = new Catalog(registry, supervisor, options.pins, options.profiles)
    this.#offering = new Offering(options, catalog)
    const tap = new Tap(announcer, redact)
    const guard = new Guard({
      policy,
      approvals,
      audit,
      redact,
      holding: options.holding,
      isTrusted: server => this.#offering.isTrusted(server),
      isHeld: (server, tool) => options.pins.isHeld(server, tool),
      profiles: options.profiles,
      awake: (server, signal, who) => supervisor.awake(server, signal, who),
      entryNow: ({ server, entry }) =>
        catalog.fresh(server.id, server.id, null).named('tools', entry?.own ?? '') ?? null,
    })
    this.#house = {
      catalog,
      guard,
      tap,
      profiles: options.profiles,
      upstreams: new Upstreams(tap, audit, options.questions, options.profiles),
      stats: new Stats(),
      supervisor,
      tasks: new TaskOwners(),
      redact,
      endApprovals: link => approvals.endLink(link),
      changed: () => this.#linksChanged(),
      closed: link => {
        this.#links.delete(link)
        this.#linksChanged()
      },
      mostVerbose: () => {
        const levels = [...this.#links, ...this.#own.links()].flatMap(l => (l.logLevel === null ? [] : [l.logLevel]))
        return levels.length > 0 ? Math.min(...levels) : null
      },
    }
    this.#own = new OwnCalls(this.#house, redact)
    const relist = () => {
      catalog.forget()
      this.#offering.forget()
      for (const link of this.#links) link.listsMayHaveChanged()
      watchAgain(this.#house, registry.list())
    }
    const withdraw = () => approvals.withdrawWhere(question => this.#whyOver(question))
    for (const name of ['servers/changed', 'servers/listing-changed', 'config/changed', 'profiles/changed'] as const)
      this.#on(name, withdraw)
    const repolicy = () => this.#offering.forgetTools()
    for (const name of ['servers/changed', 'servers/listing-changed', 'config/changed', 'vault/changed'] as const)
      this.#on(name, relist)
    this.#on('policy/changed', repolicy)
    this.#on('tokens/counted', repolicy)
    this.#on('profiles/changed', relist)
  }

  /** One AI client's connection. Throws HubError when this client has too many, or names a server that is not there. */
  link(o: {
    client: string
    /** Where its entry stands, when that is in a project. */
    place?: string
    title: string
    server?: string
    send: LinkOptions['send']
    kind: LinkOptions['kind']
  }): Link {
    const server = o.server === undefined ? null : this.#bySlug(o.server)
    const open = [...this.#links].filter(l => l.client === o.client).length
    if (open >= MOST_LINKS) {
      throw new HubError(
        'gateway/too-many-links',
        `${o.title} has ${open} connections already, and ${MOST_LINKS} is the most.`,
        {
          hint: 'Close some of its windows or sessions.',
        },
      )
    }
    const link = new GatewayLink(this.#house, { ...o, server })
    this.#links.add(link)
    this.#linksChanged()
    return link
  }

  links(): LinkInfo[] {
    return [...this.#links].map(link => link.info)
  }

  /** As clients see them; of one server, or of all. `effect` is for a client nobody knows and arguments nobody gave. */
  tools(server?: string): Tool[] {
    return this.#offering.tools(server)
  }

  /** How much a server offers, without a look at each tool. */
  offers(server: string): { tools: number; tokens: number } {
    return this.#offering.offers(server)
  }

  /** A server's last verified listing. Throws HubError when there is none yet. */
  listing(id: string): Listing {
    return this.#offering.listing(id)
  }

  /** What policy would say now. `tool`: the server's own name or the exposed one. */
  explain(o: { server: string; tool: string; arguments: string; client: string }): Decision {
    return this.#offering.explain(o)
  }

  /** Whether a server offers a tool of this name, its own, now. */
  lists(server: string, tool: string): boolean {
    return this.#house.catalog.fresh(server, server, null).named('tools', tool) !== undefined
  }

  /** Every known tool, and whether a client of this profile is shown it. */
  shownBy(profile: Shown | null): { tool: Entry; why: WhyNot | null }[] {
    return this.#house.catalog.shownBy(profile)
  }

  stats(id: string): ServerStats {
    return this.#house.stats.of(id)
  }

  callsPerMinute(): number {
    return this.#house.stats.callsPerMinute()
  }

  /** Calls that change something and are with their servers now. */
  underWay(): number {
    return this.#house.guard.underWay
  }

  call(o: OwnCall & { tool: string; arguments: string }): Promise<CallOutcome> {
    return this.#own.call(o, this.#o.registry.find(o.server))
  }

  readResource(o: OwnCall & { uri: string }): Promise<CallOutcome> {
    return this.#own.readResource(o, this.#o.registry.find(o.server))
  }

  getPrompt(o: OwnCall & { name: string; arguments: Record<string, string> }): Promise<CallOutcome> {
    return this.#own.getPrompt(o, this.#o.registry.find(o.server))
  }

  wire(last: number): WireFrame[] {
    return this.#house.tap.last(last)
  }

  close(): void {
    for (const link of [...this.#links]) link.close('Gatehouse is stopping.')
    this.#own.close()
    this.#house.upstreams.close()
    this.#house.tap.close()
    clearTimeout(this.#changedTimer)
    for (const unlisten of this.#unlisten.splice(0)) unlisten()
  }

  #bySlug(slug: string): KnownServer {
    const all = this.#o.registry.list()
    const found = all.find(s => s.slug === slug) ?? all.find(s => s.name === slug)
    if (found) return found
    throw new HubError('server/unknown', `There is no server "${slug}".`, {
      hint: `There are: ${all.map(s => s.slug).join(', ') || 'none yet'}.`,
    })
  }

  /** Why nobody needs to decide about this call any more; null while they do. */
  #whyOver({ client, server, tool, definitionHash: asked }: Question): string | null {
    const known = this.#o.registry.list().find(one => one.id === server.id)
    if (!known) return `${server.name} was removed.`
    if (!known.enabled) return `${server.name} was disabled.`
    if (this.#o.profiles.of(client.id)?.hidesTool(server.id, tool)) return `${client.title} is no longer shown it.`
    if (asked === NO_DEFINITION || !this.#o.supervisor.listing(server.id)) return null
    const { catalog } = this.#house
    catalog.fresh(null, server.id, null)
    const entry = catalog.everything('tools').find(e => e.server.id === server.id && e.own === tool)
    if (!entry) return `${server.name} no longer offers ${tool}.`
    return definitionHash(entry.definition) === asked ? null : `${server.name} changed ${tool}.`
  }

  #linksChanged(): void {
    this.#changedTimer ??= setTimeout(() => {
      this.#changedTimer = undefined
      this.#o.announcer.emit('links/changed')
    }, LINKS_CHANGED_MS)
  }

  #on(
    name:
      | 'servers/changed'
      | 'servers/listing-changed'
      | 'config/changed'
      | 'policy/changed'
      | 'profiles/changed'
      | 'tokens/counted'
      | 'vault/changed',
    listener: () => void,
  ): void {
    this.#o.announcer.on(name, listener)
    this.#unlisten.push(() => this.#o.announcer.off(name, listener))
  }
}
