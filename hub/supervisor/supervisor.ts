// Every configured server and its life: starts, stops, wakes and watches each, and keeps what it listed last.
import { join } from 'node:path'
import type { LogLine, ServerState } from '../../contract/servers.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import { Listings } from '../store/listings.ts'
import type { Db } from '../store/open.ts'
import { type House, sharedParts } from './actor-parts.ts'
import type { Capabilities } from './ask.ts'
import { type Details, detailsOf } from './details.ts'
import { type InstanceFor, Instances } from './instances.ts'
import { type Environment, loginEnvironment } from './login-environment.ts'
import { Logs } from './logs.ts'
import type { Definitions, Records, Secrets, ServerDefinition } from './needs.ts'
import { Runs, reap } from './runs.ts'
import { ServerActor } from './server-actor.ts'
import { readListing, storedListing } from './stored-listing.ts'
import { TIMING, type Timing } from './timing.ts'
import type { RawListing, Upstream } from './upstream.ts'
import { UsageSampling } from './usage.ts'

export type { Details } from './details.ts'
export type { RawListing, Upstream } from './upstream.ts'

export interface SupervisorOptions {
  registry: Definitions
  vault: Secrets
  announcer: Announcer
  audit: Records
  folder: string
  db: Db
  /** What servers are told that clients can do; the gateway routes it. */
  capabilities?: Capabilities
  timing?: Partial<Timing>
  /** The login shell's, unless told otherwise. */
  environment?: Promise<Environment>
  /** A running server was listed. */
  onListed?: (id: string, listing: RawListing) => void
}

/** A server that nobody calls directly needs to be up no longer than it takes to look at it. */
const LISTED_MS = 60_000
/** What may change where a server belongs. */
const LOOKED_AT = ['config/changed', 'secrets/changed', 'vault/changed', 'servers/changed', 'policy/changed'] as const
const CAPABILITIES: Capabilities = { roots: { listChanged: true }, sampling: {}, elicitation: { form: {}, url: {} } }

export class Supervisor {
  readonly #o: SupervisorOptions
  readonly #house: House
  readonly #listings: Listings
  readonly #usage: UsageSampling
  readonly #actors = new Map<string, ServerActor>()
  readonly #instances = new Instances((definition, who) => this.#makeInstance(definition, who))
  /** What each server might do when last looked at, to see a change. */
  readonly #stood = new Map<string, string>()
  #isAnnouncing = false
  #isOpen = false
  readonly #look = () => this.#reconcile()

  /** Ends first what a killed hub left behind. No server starts before `begin`. */
  static async open(options: SupervisorOptions): Promise<Supervisor> {
    await reap(options.folder, options.audit)
    return new Supervisor(options)
  }

  constructor(options: SupervisorOptions) {
    this.#o = options
    this.#house = {
      ...options,
      timing: { ...TIMING, ...options.timing },
      environment: options.environment ?? loginEnvironment(options.folder),
      runs: new Runs(options.folder),
    }
    this.#listings = new Listings(options.db)
    this.#usage = new UsageSampling(
      () => this.#house.runs.byServer(),
      server => this.#announce('servers/changed', server),
    )
    for (const definition of options.registry.list()) this.#add(definition)
  }

  /** Starts what is to run, and follows the registry and the vault from now on. */
  begin(): void {
    this.#isOpen = true
    for (const event of LOOKED_AT) {
      this.#o.announcer.on(event, this.#look)
    }
    this.#reconcile()
  }

  /** The process that ends every server should this one be killed. */
  get sentryPid(): number | null {
    return this.#house.runs.sentryPid
  }

  states(): Map<string, ServerState> {
    return new Map([...this.#actors].map(([id, actor]) => [id, actor.state]))
  }

  state(id: string): ServerState {
    return this.#actor(id).state
  }

  async start(id: string): Promise<ServerState> {
    const actor = this.#actor(id)
    this.#reconcile()
    const standing = this.#o.registry.standing(id)
    if (standing.may === 'no')
      throw new HubError('server/disabled', `${actor.definition.name} cannot start: ${standing.what}`)
    if (standing.may === 'start') actor.send({ kind: 'start' })
    return actor.settled()
  }

  async stop(id: string): Promise<ServerState> {
    const actor = this.#actor(id)
    actor.send({ kind: 'stop' })
    await this.#instances.end(actor.definition.id)
    return actor.settled()
  }

  async restart(id: string): Promise<ServerState> {
    const actor = this.#actor(id)
    if (this.#o.registry.standing(id).may !== 'start') return this.start(id)
    actor.send({ kind: 'restart' })
    await this.#instances.end(actor.definition.id)
    return actor.settled()
  }

  /**
   * The server ready for a call; a sleeping one is started. Where each client has a child of its own and it is known for
   * whom, it is that one. Rejects with HubError that says why not.
   */
  async awake(id: string, signal?: AbortSignal, who?: InstanceFor): Promise<Upstream> {
    const actor = this.#actor(id)
    if (!who || actor.definition.instance === 'shared') return actor.awake(signal)
    // Who may not start the server itself may not start a child of it either.
    if (actor.refusal) throw actor.refusal
    return this.#instances.awake(actor.definition, who, signal)
  }

  /** That link is gone: its children end. */
  leave(key: string): void {
    this.#instances.leave(key)
  }

  /** The last verified listing, of the definition as it is now. */
  listing(id: string): RawListing | null {
    return this.#actor(id).listing
  }

  logs(id: string, last: number): LogLine[] {
    return this.#actor(id).logs.last(last)
  }

  followLogs(id: string, follower: (line: LogLine) => void): () => void {
    return this.#actor(id).logs.follow(follower)
  }

  details(id: string): Details {
    const actor = this.#actor(id)
    const server = actor.definition.id
    return detailsOf(actor, this.#instances.of(server), () => this.#usage.of(server))
  }

  /** Stops every server, all at once, and lets the sentry go. */
  async close(): Promise<void> {
    this.#isOpen = false
    for (const event of LOOKED_AT) {
      this.#o.announcer.off(event, this.#look)
    }
    this.#usage.close()
    await Promise.allSettled([...this.#actors.values()].map(actor => this.#end(actor)))
    await this.#instances.close()
    await this.#house.runs.close()
  }

  #actor(idOrName: string): ServerActor {
    const known = this.#actors.get(idOrName)
    if (known) return known
    // Added this very moment, or asked for by name; throws for what nobody knows.
    const definition = this.#o.registry.find(idOrName)
    return this.#actors.get(definition.id) ?? this.#add(definition)
  }

  /** Brings every server to where registry and vault say it belongs. Calling it twice changes nothing. */
  #reconcile(): void {
    if (!this.#isOpen || this.#isAnnouncing) return
    const definitions = this.#o.registry.list()
    const ids = new Set(definitions.map(one => one.id))
    for (const [id, actor] of this.#actors) {
      if (ids.has(id)) continue
      this.#actors.delete(id)
      this.#stood.delete(id)
      this.#listings.remove(id)
      void this.#end(actor)
    }
    for (const definition of definitions)
      this.#bring(this.#actors.get(definition.id) ?? this.#add(definition), definition)
  }

  #bring(actor: ServerActor, definition: ServerDefinition): void {
    const was = actor.definition
    const isOther = was.digest !== definition.digest
    actor.redefine(definition)
    const standing = this.#o.registry.standing(definition.id)
    const before = this.#stood.get(definition.id)
    this.#stood.set(definition.id, standing.may)
    if (isOther || standing.may !== 'start' || definition.instance === 'shared') void this.#instances.end(definition.id)
    for (const instance of this.#instances.of(definition.id)) instance.redefine(definition)
    if (standing.may === 'no') actor.send({ kind: 'stop' })
    else if (standing.may === 'wait') actor.send({ kind: 'hold', for: standing.for, what: standing.what })
    else if (before !== 'start' || actor.state.kind === 'waiting') {
      // Without a listing its tools would be known to nobody, so it runs once at least.
      actor.send({ kind: definition.startup === 'eager' || !actor.listing ? 'start' : 'rest' })
    } else if (isOther && actor.state.kind !== 'stopped') actor.send({ kind: 'restart' })
    else if (was.startup === 'lazy' && definition.startup === 'eager') actor.send({ kind: 'wake' })
  }

  #add(definition: ServerDefinition): ServerActor {
    const { id, slug } = definition
    const redact = (text: string) => this.#o.vault.redactor.redact(text)
    const file = `${slug.replaceAll(/[^a-z0-9-]/g, '')}-${id}.log`
    const actor = new ServerActor(definition, {
      ...sharedParts(this.#house, id, new Logs(join(this.#o.folder, 'logs'), file, redact)),
      hello: { capabilities: this.#o.capabilities ?? CAPABILITIES },
      scope: id,
      // Where clients have children of their own, this one is there to be listed.
      idleMs: ({ startup, instance, idleStopMinutes }) =>
        startup === 'eager' ? 0 : instance === 'shared' ? idleStopMinutes * 60_000 : LISTED_MS,
      storedListing: digest => this.#storedListing(id, digest),
      storeListing: (digest, listing) => {
        this.#listings.put(id, digest, JSON.stringify(storedListing(listing, redact)), listing.at)
        this.#o.onListed?.(id, listing)
      },
      onChanged: () => this.#announce('servers/changed', id),
      onListingChanged: () => this.#announce('servers/listing-changed', id),
    })
    this.#actors.set(id, actor)
    return actor
  }

  #makeInstance(definition: ServerDefinition, { key, client, capabilities, clientInfo }: InstanceFor): ServerActor {
    const { id } = definition
    let wasUp = false
    const actor: ServerActor = new ServerActor(definition, {
      ...sharedParts(this.#house, id, this.#actor(id).logs, client),
      hello: { capabilities, ...(clientInfo ? { clientInfo } : {}) },
      scope: `${id}/${key}`,
      idleMs: ({ idleStopMinutes }) => idleStopMinutes * 60_000,
      // What the server offers, and in which era, was found out once for all.
      storedListing: () => this.#actor(id).listing,
      storeListing: () => {},
      onListingChanged: () => {},
      onChanged: () => {
        const isUp = actor.state.kind === 'running'
        if (isUp !== wasUp) this.#announce('servers/changed', id)
        wasUp = isUp
      },
    })
    return actor
  }

  async #end(actor: ServerActor): Promise<void> {
    await Promise.all([actor.end(), this.#instances.end(actor.definition.id)])
    await actor.logs.close()
  }

  #storedListing(id: string, digest: string): RawListing | null {
    const row = this.#listings.get(id)
    return row?.digest === digest ? readListing(row.json) : null
  }

  #announce(event: 'servers/changed' | 'servers/listing-changed', id: string): void {
    const outer = this.#isAnnouncing
    this.#isAnnouncing = true
    try {
      this.#o.announcer.emit(event, id)
    } finally {
      this.#isAnnouncing = outer
    }
  }
}
