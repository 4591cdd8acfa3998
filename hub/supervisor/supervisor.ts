// Every configured server and its life: starts, stops, wakes and watches each, and keeps what it listed last.
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { LogLine, ServerState, Usage } from '../../contract/servers.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import { Listings } from '../store/listings.ts'
import type { Db } from '../store/open.ts'
import type { Capabilities } from './ask.ts'
import { connect } from './connect.ts'
import type { Run } from './family.ts'
import type { InstanceFor } from './instances.ts'
import { Ledger, reapLeftovers } from './ledger.ts'
import { type Environment, loginEnvironment } from './login-environment.ts'
import { Logs } from './logs.ts'
import type { Definitions, Records, Secrets, ServerDefinition } from './needs.ts'
import { ServerActor } from './server-actor.ts'
import { storedListing } from './stored-listing.ts'
import { TIMING, type Timing } from './timing.ts'
import type { RawListing, Upstream } from './upstream.ts'
import { UsageSampling } from './usage.ts'
import { Watch } from './watch.ts'

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
}

export interface Details {
  pid: number | null
  restarts: number
  usage: Usage | null
  answeredAt: number | null
  protocolVersion: string | null
  serverInfo: Record<string, unknown> | null
  capabilities: Record<string, unknown> | null
}

const CAPABILITIES: Capabilities = { roots: { listChanged: true }, sampling: {}, elicitation: {} }

export class Supervisor {
  readonly #o: SupervisorOptions
  readonly #timing: Timing
  readonly #environment: Promise<Environment>
  readonly #listings: Listings
  readonly #ledger: Ledger
  readonly #watch = new Watch()
  readonly #runs = new Map<number, { server: string; run: Run }>()
  readonly #usage: UsageSampling
  readonly #actors = new Map<string, ServerActor>()
  /** What each server might do when last looked at, to see a change. */
  readonly #stood = new Map<string, string>()
  #isAnnouncing = false
  #isOpen = false
  readonly #look = () => this.#reconcile()

  /** Ends first what a killed hub left behind. No server starts before `begin`. */
  static async open(options: SupervisorOptions): Promise<Supervisor> {
    for (const { run, left } of await reapLeftovers(options.folder)) {
      const detail =
        left.length > 0
          ? `Of ${run.command}, left by a hub that was killed, ${left.length} processes could not be ended.`
          : `${run.command}, from a hub that was killed.`
      void options.audit
        .append(
          { kind: 'server', what: 'server/reaped', server: run.server, by: 'gatehouse', detail },
          { durable: false },
        )
        .catch(() => {})
    }
    return new Supervisor(options)
  }

  constructor(options: SupervisorOptions) {
    this.#o = options
    this.#timing = { ...TIMING, ...options.timing }
    this.#environment = options.environment ?? loginEnvironment(options.folder)
    this.#listings = new Listings(options.db)
    this.#ledger = new Ledger(options.folder)
    this.#usage = new UsageSampling(
      () => new Map([...this.#runs.values()].map(({ server, run }) => [server, run])),
      server => this.#announce('servers/changed', server),
    )
    for (const definition of options.registry.list()) this.#add(definition)
  }

  /** Starts what is to run, and follows the registry and the vault from now on. */
  begin(): void {
    this.#isOpen = true
    for (const event of ['config/changed', 'secrets/changed', 'vault/changed', 'servers/changed'] as const) {
      this.#o.announcer.on(event, this.#look)
    }
    this.#reconcile()
  }

  /** The process that ends every server should this one be killed. */
  get sentryPid(): number | null {
    return this.#watch.pid
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
      throw new HubError('server/disabled', `${actor.definition.name} cannot start: ${standing.what}`, {
        hint: 'Enable it first.',
      })
    if (standing.may === 'start') actor.send({ kind: 'start' })
    return actor.settled()
  }

  stop(id: string): Promise<ServerState> {
    const actor = this.#actor(id)
    actor.send({ kind: 'stop' })
    return actor.settled()
  }

  restart(id: string): Promise<ServerState> {
    const actor = this.#actor(id)
    if (this.#o.registry.standing(id).may !== 'start') return this.start(id)
    actor.send({ kind: 'restart' })
    return actor.settled()
  }

  /** The server ready for a call; a sleeping one is started. Rejects with HubError that says why not. */
  async awake(id: string, signal?: AbortSignal, _who?: InstanceFor): Promise<Upstream> {
    return this.#actor(id).awake(signal)
  }

  /** That link is gone. */
  leave(_key: string): void {}

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
    const { session, restarts, listing } = this.#actor(id)
    const upstream = session?.upstream
    const hello = JSON.parse(upstream?.initialize ?? listing?.initialize ?? '{}') as Record<
      string,
      Record<string, unknown> | string
    >
    const { protocolVersion, serverInfo, capabilities } = hello
    const answered = upstream && Number.isFinite(upstream.answeredAtMs)
    return {
      pid: session?.connection.pid ?? null,
      restarts,
      usage: session ? this.#usage.of(id) : null,
      answeredAt: answered ? Math.round(Date.now() - (performance.now() - upstream.answeredAtMs)) : null,
      protocolVersion: typeof protocolVersion === 'string' ? protocolVersion : null,
      serverInfo: typeof serverInfo === 'object' ? serverInfo : null,
      capabilities: typeof capabilities === 'object' ? capabilities : null,
    }
  }

  /** Stops every server, all at once, and lets the sentry go. */
  async close(): Promise<void> {
    this.#isOpen = false
    for (const event of ['config/changed', 'secrets/changed', 'vault/changed', 'servers/changed'] as const) {
      this.#o.announcer.off(event, this.#look)
    }
    this.#usage.close()
    await Promise.allSettled([...this.#actors.values()].map(actor => actor.close()))
    await this.#watch.close()
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
      void actor.close()
    }
    for (const definition of definitions)
      this.#bring(this.#actors.get(definition.id) ?? this.#add(definition), definition)
  }

  #bring(actor: ServerActor, definition: ServerDefinition): void {
    const isOther = actor.definition.digest !== definition.digest
    actor.redefine(definition)
    const standing = this.#o.registry.standing(definition.id)
    const before = this.#stood.get(definition.id)
    this.#stood.set(definition.id, standing.may)
    if (standing.may === 'no') actor.send({ kind: 'stop' })
    else if (standing.may === 'wait') actor.send({ kind: 'hold', for: standing.for, what: standing.what })
    else if (before !== 'start' || actor.state.kind === 'waiting') {
      // Without a listing its tools would be known to nobody, so it runs once at least.
      actor.send({ kind: definition.startup === 'eager' || !actor.listing ? 'start' : 'rest' })
    } else if (isOther && actor.state.kind !== 'stopped') actor.send({ kind: 'restart' })
  }

  #add(definition: ServerDefinition): ServerActor {
    const { id, slug } = definition
    const redact = (text: string) => this.#o.vault.redactor.redact(text)
    const record = (event: { what: string; detail?: string }) =>
      // A log that cannot be written must not keep a server from being stopped.
      void this.#o.audit
        .append({ kind: 'server', server: id, by: 'gatehouse', ...event }, { durable: false })
        .catch(() => {})
    const logs = new Logs(join(this.#o.folder, 'logs'), `${slug.replaceAll(/[^a-z0-9-]/g, '')}-${id}.log`, redact)
    const actor = new ServerActor(definition, {
      timing: this.#timing,
      hello: { capabilities: this.#o.capabilities ?? CAPABILITIES },
      logs,
      redact,
      record,
      standing: () => this.#o.registry.standing(id),
      connect: async (current, events, signal) =>
        connect(current, events, signal, {
          sources: {
            environment: await this.#environment,
            home: homedir(),
            data: this.#o.folder,
            secret: name => this.#readSecret(id, name),
          },
          keeper: {
            begins: mark => this.#begins(current, mark),
            failed: mark => this.#spawnFailed(mark),
            began: run => this.#began(current, run),
            ended: (pid, left) => this.#ended(pid, left.length === 0),
          },
          redact,
        }),
      storedListing: digest => this.#storedListing(id, digest),
      storeListing: (digest, listing) =>
        this.#listings.put(id, digest, JSON.stringify(storedListing(listing, redact)), listing.at),
      onChanged: () => this.#announce('servers/changed', id),
      onListingChanged: () => this.#announce('servers/listing-changed', id),
    })
    this.#actors.set(id, actor)
    return actor
  }

  #storedListing(id: string, digest: string): RawListing | null {
    const row = this.#listings.get(id)
    return row?.digest === digest ? (JSON.parse(row.json) as RawListing) : null
  }

  async #readSecret(server: string, name: string): Promise<string> {
    const value = await this.#o.vault.read(name)
    await this.#o.audit.append(
      { kind: 'secret', what: 'secret/used', server, by: 'gatehouse', detail: name },
      { durable: false },
    )
    return value
  }

  /** A kill may hit us in the middle of the spawn, so that nobody ever hears the pid. */
  #begins({ id, launch }: ServerDefinition, mark: string): void {
    this.#watch.expect(mark)
    this.#ledger.expect({ mark, server: id, command: asWritten(launch) })
  }

  #spawnFailed(mark: string): void {
    this.#watch.forget(mark)
    this.#ledger.forget(mark)
  }

  #began({ id, launch }: ServerDefinition, run: Run): void {
    // The sentry first: a write to a pipe is sooner done than a file.
    this.#watch.add(run)
    this.#ledger.add({ ...run, server: id, command: asWritten(launch) })
    this.#runs.set(run.pid, { server: id, run })
  }

  /** What could not be ended stays listed, so that the sentry and the next start try again. */
  #ended(pid: number, isGone: boolean): void {
    this.#runs.delete(pid)
    if (!isGone) return
    this.#watch.remove(pid)
    this.#ledger.remove(pid)
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

function asWritten({ command, args }: ServerDefinition['launch']): string {
  return [command ?? '', ...args].join(' ')
}
