// One server's life, acted out: asks `nextState`, and on a change ends what the old state had set up and enters the new one.
import type { AuditEvent } from '../../contract/audit.ts'
import type { Because, ServerState } from '../../contract/servers.ts'
import { HubError } from '../error.ts'
import type { Hello } from './ask.ts'
import type { Connection, ConnectionEvents } from './connection.ts'
import { keepRunning } from './keep-running.ts'
import { differs, inKnownOrder } from './list-all.ts'
import type { Logs } from './logs.ts'
import type { ServerDefinition, Standing } from './needs.ts'
import { isAlive, isSameStay, nextState, type ServerEvent } from './next-state.ts'
import { Session } from './session.ts'
import { failureOf, type StartFailure } from './start-failure.ts'
import { Patience, patienceFor, type Timing } from './timing.ts'
import type { RawListing, Upstream } from './upstream.ts'
import { Waiters } from './waiters.ts'
import { whyNot } from './why-not.ts'

/** What an actor is given by the supervisor. */
export interface ActorParts {
  timing: Timing
  hello: Hello
  /** Whose it is: the server, or one link of it. */
  scope: string
  logs: Logs
  redact(text: string): string
  standing(): Standing
  /** Without a call for so long it goes to sleep; 0: never. */
  idleMs(definition: ServerDefinition): number
  /** Resolves the launch and opens a connection to it. */
  connect(definition: ServerDefinition, events: ConnectionEvents, signal: AbortSignal): Promise<Connection>
  record(event: Omit<AuditEvent, 'kind' | 'server'>): void
  storedListing(digest: string): RawListing | null
  storeListing(digest: string, listing: RawListing): void
  onChanged(): void
  onListingChanged(): void
}

export class ServerActor {
  definition: ServerDefinition
  /** Starts after it had ended by itself. */
  restarts = 0
  readonly logs: Logs
  readonly #o: ActorParts
  #state: ServerState = { kind: 'stopped' }
  #stay = new AbortController()
  #session: Session | undefined
  #listing: RawListing | null
  /** Until the definition changes or the hub restarts. */
  #endsOnProbe = false
  /** A start on its way, and the last processes of lives before: no new one begins before both are over. */
  #starting: Promise<void> = Promise.resolve()
  #ending: Promise<unknown> = Promise.resolve()
  readonly #changes = new Waiters()

  constructor(definition: ServerDefinition, parts: ActorParts) {
    this.definition = definition
    this.#o = parts
    this.logs = parts.logs
    this.#listing = parts.storedListing(definition.digest)
  }

  get state(): ServerState {
    return this.#state
  }

  get session(): Session | undefined {
    return this.#session
  }

  get listing(): RawListing | null {
    return this.#listing
  }

  /** The definition as it is now. A changed launch is another program: what was listed before is not its listing. */
  redefine(definition: ServerDefinition): void {
    const isOther = definition.digest !== this.definition.digest
    this.definition = definition
    if (!isOther) return
    this.#endsOnProbe = false
    this.#listing = this.#o.storedListing(definition.digest)
    this.#o.onListingChanged()
  }

  send(event: ServerEvent): void {
    const before = this.#state
    const next = nextState(before, event, Date.now())
    if (next === before) return
    this.#state = next
    if (!isSameStay(before, next)) {
      this.#stay.abort()
      this.#stay = new AbortController()
      this.#enter(next, this.#stay.signal)
    }
    this.#changes.tell()
    this.#o.onChanged()
  }

  /** Resolves once it is neither starting nor stopping, whatever it became, and no process of an ended life is left. */
  async settled(): Promise<ServerState> {
    while (this.#state.kind === 'starting' || this.#state.kind === 'stopping') await this.#changes.next()
    const settled = this.#state
    if (!isAlive(settled)) await this.#ending
    return settled
  }

  /** The server as a call needs it: woken, waited for, or the reason why not. */
  async awake(signal?: AbortSignal): Promise<Upstream> {
    for (;;) {
      signal?.throwIfAborted()
      const state = this.#state
      if (state.kind === 'running' && this.#session && !this.#session.upstream.isOpen) {
        // It ended a moment ago, and the state is about to say so.
        await this.#changes.next(signal)
      } else if (state.kind === 'running' && this.#session) {
        // Who woke it is about to call it, however long its start took: until then it must not fall asleep again.
        this.#session.upstream.usedAtMs = performance.now()
        return this.#session.upstream
      } else if (state.kind === 'sleeping' || (state.kind === 'stopping' && state.next === 'sleeping'))
        this.send({ kind: 'wake' })
      else if (!this.#isComing(state)) throw whyNot(this.definition.name, state)
      else await this.#changes.next(signal)
    }
  }

  /** Why it may not be woken, whoever calls; null while it may. */
  get refusal(): HubError | null {
    const state = this.#state
    const kind = state.kind === 'stopping' ? state.next : state.kind
    return kind === 'stopped' || kind === 'waiting' || kind === 'crash-looping'
      ? whyNot(this.definition.name, state)
      : null
  }

  /** For good: no process of it is left. */
  async end(): Promise<void> {
    this.send({ kind: 'stop' })
    await this.settled()
    this.#stay.abort()
  }

  #enter(state: ServerState, stay: AbortSignal): void {
    if (state.kind === 'starting') {
      if (state.attempt > 1) this.restarts++
      this.#starting = this.#start(stay)
    } else if (state.kind === 'stopping') void this.#stop()
    else if (state.kind === 'backing-off') {
      const timer = setTimeout(() => this.send({ kind: 'retry' }), Math.max(0, state.retryAt - Date.now()))
      stay.addEventListener('abort', () => clearTimeout(timer))
    }
  }

  async #start(stay: AbortSignal): Promise<void> {
    await this.#ending
    if (stay.aborted) return
    const standing = this.#o.standing()
    if (standing.may === 'no') return this.send({ kind: 'stop' })
    if (standing.may === 'wait') return this.send({ kind: 'blocked', for: standing.for, what: standing.what })
    const since = Date.now()
    const { definition } = this
    const { timing, logs, redact } = this.#o
    const patience = new Patience(patienceFor(definition.launch.command, timing), timing.ceilingMs)
    const signal = AbortSignal.any([stay, patience.signal])
    try {
      const { session, listing } = await this.#open(definition, patience, stay, signal)
      if (stay.aborted) return
      this.#keepListing(listing, definition)
      this.#o.record({ what: 'server/started', detail: `pid ${session.connection.pid ?? 'none'}` })
      const { upstream, connection } = session
      this.send({ kind: 'listed', pid: connection.pid, tools: listing.tools.length })
      this.#keepRunning(session, upstream, definition)
    } catch (error) {
      if (!stay.aborted)
        this.#failed(
          await failureOf(error, { definition, timing, patience, session: this.#session, logs, since, redact }),
        )
    } finally {
      patience.end()
    }
  }

  /** Spawned, greeted and listed. A server that ends on the question for its era is spawned once more and not asked. */
  async #open(
    definition: ServerDefinition,
    patience: Patience,
    stay: AbortSignal,
    signal: AbortSignal,
  ): Promise<{ session: Session; listing: RawListing }> {
    const { timing, logs, hello } = this.#o
    for (;;) {
      const open = (events: ConnectionEvents) => this.#o.connect(definition, events, signal)
      const session = await Session.open({ scope: this.#o.scope, name: definition.name, logs, open }, patience)
      this.#session = session
      if (session.connection.pid !== null && !stay.aborted) this.send({ kind: 'spawned', pid: session.connection.pid })
      const known = this.#endsOnProbe ? { era: 'legacy' as const, probedAt: Date.now() } : this.#listing
      try {
        return { session, listing: await session.greet(hello, known, timing.probeMs, signal) }
      } catch (error) {
        if (!session.endedOnProbe || signal.aborted) throw error
        this.#endsOnProbe = true
        await session.close(new HubError('server/gone', 'It ended when it was asked for its era.'), timing.graceMs)
      }
    }
  }

  #keepRunning(session: Session, upstream: Session['upstream'], definition: ServerDefinition): void {
    const sinceMs = performance.now()
    const since = Date.now()
    const { timing, logs, redact } = this.#o
    const isStable = () => performance.now() - sinceMs >= timing.stableMs
    keepRunning({
      upstream,
      probedAt: session.probedAt,
      ended: session.connection.ended,
      stay: this.#stay.signal,
      timing,
      idleMs: () => this.#o.idleMs(this.definition),
      log: text => logs.add('gatehouse', text),
      onIdle: () => this.send({ kind: 'idle' }),
      onListed: listing => {
        this.#keepListing(listing, definition)
        this.send({ kind: 'listed', pid: session.connection.pid, tools: listing.tools.length })
      },
      onEnded: error => {
        const known = { definition, timing, patience: null, session, logs, since, redact }
        void failureOf(error, known).then(failure => {
          if (this.#session === session) this.#failed(failure, isStable())
        })
      },
    })
  }

  #failed(failure: StartFailure, isStable = false): void {
    if (failure.kind === 'blocked') {
      this.send({ kind: 'blocked', for: 'secret', what: failure.what })
      return
    }
    this.#bury(failure.because)
    this.#o.record({ what: 'server/exited', detail: detailOf(failure.because) })
    this.#o.logs.add('gatehouse', failure.because.what)
    const { because, hopeless } = failure
    this.send({
      kind: 'exited',
      because,
      hopeless,
      stable: isStable,
      remote: this.definition.launch.url !== undefined,
      delayMs: this.#o.timing.delayMs,
      jitter: Math.random(),
    })
  }

  /** What is left of a life that ended by itself is ended too, while the state already says that it is over. */
  #bury(because: Because): void {
    const session = this.#session
    this.#session = undefined
    if (!session) return
    const closed = session.close(new HubError('server/gone', because.what), this.#o.timing.graceMs)
    this.#ending = Promise.allSettled([this.#ending, closed])
  }

  async #stop(): Promise<void> {
    await this.#starting
    const session = this.#session
    if (session) {
      const why = new HubError('server/gone', `${this.definition.name} was stopped.`)
      await session.close(why, this.#o.timing.graceMs)
      this.#o.record({ what: 'server/stopped' })
      this.#session = undefined
    }
    await this.#ending
    const standing = this.#o.standing()
    this.send({ kind: 'gone', wait: standing.may === 'wait' ? { for: standing.for, what: standing.what } : null })
  }

  #keepListing(fresh: RawListing, definition: ServerDefinition): void {
    const listing = inKnownOrder(this.#listing, fresh)
    const isOther = differs(this.#listing, listing)
    this.#listing = listing
    this.#o.storeListing(definition.digest, listing)
    for (const warning of isOther ? listing.warnings : []) this.#o.logs.add('gatehouse', warning)
    if (isOther) this.#o.onListingChanged()
  }

  #isComing(state: ServerState): boolean {
    if (state.kind === 'starting') return true
    if (state.kind === 'stopping') return state.next === 'starting'
    return state.kind === 'backing-off' && state.retryAt - Date.now() <= this.#o.timing.worthWaitingMs
  }
}

function detailOf({ what, exitCode, signal }: Because): string {
  return `${what}${exitCode == null ? '' : ` Exit code ${exitCode}.`}${signal ? ` Signal ${signal}.` : ''}`
}
