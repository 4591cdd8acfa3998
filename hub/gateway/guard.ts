// The one way a request takes to a server: policy, then the person where policy asks, then the record, then the child.
// Nothing reaches a server but through `pass`.
import type { AuditEvent } from '../../contract/audit.ts'
import type { Decision } from '../../contract/policy.ts'
import { HubError, problemOf } from '../error.ts'
import { definitionHash } from '../policy/definition-hash.ts'
import { Rate } from '../policy/rate.ts'
import type { InstanceFor } from '../supervisor/instances.ts'
import type { Upstream } from '../supervisor/upstream.ts'
import type { Call, Passage } from './call.ts'
import { eventOf, outcomeOf, type Row, whoOf } from './call-record.ts'
import { type DecidedOf, Decisions, type DecisionsOptions } from './decisions.ts'
import type { Asking, RecordBook } from './parts.ts'
import { type Ended, ReadRecords } from './read-records.ts'
import { RefusedFrames } from './refused-frames.ts'
import type { Entry } from './view.ts'
import { CHANGED, deniedByPerson, EXPIRED, notRecorded, notStarted, overLimit, WAITING, withdrawn } from './words.ts'

export interface GuardOptions extends DecisionsOptions {
  approvals: Asking
  audit: RecordBook
  awake: (server: string, signal: AbortSignal, who: InstanceFor | undefined) => Promise<Upstream>
  /** The tool as it is listed now; null when it is gone. */
  entryNow: (call: Call) => Entry | null
  redact: (text: string) => string
  holding?: Partial<Holding> | undefined
}

/** How a call is held while a person is asked. */
export interface Holding {
  /** Until its client is told to repeat the call. */
  clientMs: number
  /** Between two words to a client that asked for progress. */
  heartbeatMs: number
  /** A read that is answered within is one row of the log. */
  quickMs: number
}

/** Both well below the 60 s after which SDK clients give up. */
export const HEARTBEAT_MS = 10_000
const CLIENT_MS = 50_000
/** With the log's own delay a record is at most 50 ms behind. */
const QUICK_MS = 25

export class Guard {
  readonly #o: GuardOptions
  readonly #holding: Holding
  /** Lines that were refused before anybody asked for anything. */
  readonly refused: RefusedFrames
  readonly #reads: ReadRecords
  readonly #rate = new Rate()
  #underWay = 0
  readonly #decisions: Decisions

  constructor(options: GuardOptions) {
    this.#o = options
    this.#decisions = new Decisions(options)
    this.#holding = { clientMs: CLIENT_MS, heartbeatMs: HEARTBEAT_MS, quickMs: QUICK_MS, ...options.holding }
    this.refused = new RefusedFrames(options.audit)
    this.#reads = new ReadRecords(options.audit, this.#holding.quickMs)
  }

  /** Calls that change something and are with their servers now. */
  get underWay(): number {
    return this.#underWay
  }

  decide(call: DecidedOf): Decision {
    return this.#decisions.of(call)
  }

  /** `send` is called at most once, in the same turn as the last look at the policy. */
  async pass(call: Call, send: (upstream: Upstream) => Promise<string>): Promise<Passage> {
    const decision = this.decide(call)
    if (decision.effect === 'deny')
      return this.#refuse(call, decision, byOf(decision), this.#decisions.words(call, decision))
    const tooMany = this.#tooMany(call, decision)
    if (tooMany) return tooMany
    let by = byOf(decision)
    if (decision.effect === 'ask' && call.allowedBy !== undefined) by = call.allowedBy
    else if (decision.effect === 'ask') {
      const asked = await this.#ask(call, decision)
      if (typeof asked !== 'string') return asked
      by = asked
    }
    let upstream: Upstream
    try {
      upstream = await this.#o.awake(call.server.id, call.signal, call.who)
    } catch (error) {
      if (call.signal.aborted) return this.#cancelled(call, decision)
      const { message, hint } = problemOf(error)
      return this.#refuse(call, decision, 'gatehouse', notStarted(call.server.name, message, hint), 'error')
    }
    if (!decision.changes) {
      const no = this.#stillAllowed(call, decision, by)
      if (no) return no
      const read = this.#reads.begin(() => eventOf(call, { what: 'call/allowed', by, decision }, this.#o.redact))
      return this.#send(call, decision, by, upstream, send, ended => this.#reads.end(read, ended))
    }
    const early = this.#stillAllowed(call, decision, by)
    if (early) return early
    try {
      await this.#record(call, { what: 'call/allowed', by, decision }, true)
    } catch (error) {
      const { message, hint } = problemOf(error)
      return { kind: 'refused', words: notRecorded(message, hint) }
    }
    const late = this.#stillAllowed(call, decision, by)
    return late ?? this.#send(call, decision, by, upstream, send, ended => this.#ended(call, ended))
  }

  /** A call whose server may not be called now: on record, with the policy's words where that denies it anyway. */
  closed(call: Call, words: string): string {
    const denied = this.deniedNow(call)
    if (denied === null) this.#refuse(call, this.decide(call), 'gatehouse', words, 'error')
    return denied ?? words
  }

  /** Before the next round of a call that was let through: why it is denied by now, on record; null while it is not. */
  deniedNow(call: Call): string | null {
    const decision = this.decide(call)
    if (decision.effect !== 'deny') return null
    const words = this.#decisions.words(call, decision)
    this.#refuse(call, decision, byOf(decision), words)
    return words
  }

  /** For what waits for no answer: allowed by policy as it is, and recorded. Never asks. */
  async allows(call: Call): Promise<boolean> {
    const decision = this.decide(call)
    const allowed = mayPass(call, decision)
    const what = allowed ? 'call/allowed' : 'call/denied'
    const row = { what, by: byOf(decision), decision, ...(allowed ? {} : { outcome: 'denied' as const }) }
    try {
      await this.#record(call, row, allowed && decision.changes)
    } catch {
      return false
    }
    return allowed && mayPass(call, this.decide(call))
  }

  async #ask(call: Call, decision: Decision): Promise<Passage | string> {
    void this.#record(call, { kind: 'approval', what: 'approval/asked', by: byOf(decision), decision }, false).catch(
      () => {},
    )
    const late = call.asTask && setTimeout(call.asTask, this.#holding.clientMs)
    const beating = setInterval(() => call.heartbeat('Waiting for approval in Gatehouse'), this.#holding.heartbeatMs)
    const outcome = await this.#o.approvals
      .ask({
        correlation: call.correlation,
        client: call.client,
        link: call.link,
        server: { id: call.server.id, name: call.server.name },
        tool: call.tool,
        risk: decision.risk,
        reasons: decision.reasons,
        typed: decision.typed,
        outside: decision.outside,
        rule: decision.rule?.id ?? null,
        argumentsText: call.argumentsText,
        description: descriptionOf(call.entry),
        definitionHash: definitionHash(call.entry?.definition ?? null),
        clientDeadlineMs: call.asTask ? null : this.#holding.clientMs,
        signal: call.signal,
      })
      .finally(() => {
        clearTimeout(late)
        clearInterval(beating)
      })
    if (call.signal.aborted) return this.#cancelled(call, decision)
    if (outcome.kind === 'allowed') return outcome.by
    if (outcome.kind === 'denied') return this.#refuse(call, decision, outcome.by, deniedByPerson(outcome.word))
    if (outcome.kind === 'expired') return this.#refuse(call, decision, 'clock', EXPIRED, 'expired')
    if (outcome.kind === 'withdrawn') return this.#refuse(call, decision, 'gatehouse', withdrawn(outcome.why))
    void this.#record(
      call,
      { kind: 'approval', what: 'approval/client-told-to-wait', by: 'clock', decision },
      false,
    ).catch(() => {})
    return { kind: 'refused', words: WAITING }
  }

  // The next round of a call that was let through is no call of its own.
  #tooMany(call: Call, decision: Decision): Passage | undefined {
    const limits = this.#o.policy.current().limits ?? []
    if (limits.length === 0 || call.allowedBy !== undefined) return undefined
    const caller = { client: call.client.id, server: call.server.id, tool: call.tool }
    const rated = this.#rate.take(caller, limits, performance.now())
    if (rated.kind === 'within') return undefined
    const words = overLimit(rated.perMinute, rated.retryInMs)
    return rated.isFirst ? this.#refuse(call, decision, 'rate-limit', words) : { kind: 'refused', words }
  }

  /** Things may have changed while a person, a start or the disk was waited for. */
  #stillAllowed(call: Call, decision: Decision, by: string): Passage | Promise<Passage> | undefined {
    if (call.signal.aborted) return this.#cancelled(call, decision)
    if (call.entry) {
      const now = this.#o.entryNow(call)
      if (now?.text !== call.entry.text) return this.#refuse(call, decision, 'gatehouse', CHANGED)
    }
    const again = this.decide(call)
    if (again.effect === 'deny') return this.#refuse(call, again, byOf(again), this.#decisions.words(call, again))
    // What a rule allowed a moment ago must now be asked about: a repeat will ask.
    if (again.effect === 'ask' && decision.effect === 'allow')
      return this.#refuse(call, again, by, withdrawn('the policy changed'))
    if (again.changes && !decision.changes) return this.#refuse(call, again, by, withdrawn('the policy changed'))
    return undefined
  }

  async #send(
    call: Call,
    decision: Decision,
    by: string,
    upstream: Upstream,
    send: (upstream: Upstream) => Promise<string>,
    record: (ended: Ended) => Promise<void> | void,
  ): Promise<Passage> {
    const began = performance.now()
    const ended = (outcome: NonNullable<Ended['outcome']>, text: string, detail?: string) =>
      record({
        outcome,
        durationMs: Math.round(performance.now() - began),
        bytes: Buffer.byteLength(text),
        ...(detail ? { detail } : {}),
      })
    const one = decision.changes ? 1 : 0
    this.#underWay += one
    try {
      const text = await send(upstream)
      const ms = performance.now() - began
      await ended(outcomeOf(text), text)
      return { kind: 'answered', text, ms, by }
    } catch (error) {
      if (call.signal.aborted) {
        await ended('cancelled', '', decision.changes ? 'It may have been run.' : undefined)
        return { kind: 'cancelled' }
      }
      const lost =
        error instanceof HubError ? error : new HubError('server/failed', problemOf(error).message, { cause: error })
      await ended('lost', '', lost.message)
      return { kind: 'failed', error: lost }
    } finally {
      this.#underWay -= one
    }
  }

  /** The answer of a changing call waits for no second record: that it was let through is on disk. */
  #ended(call: Call, ended: Ended): void {
    const row: AuditEvent = { kind: 'result', what: 'call/ended', ...whoOf(call), ...ended }
    void this.#o.audit.append(row, { durable: false }).catch(() => {})
  }

  #refuse(
    call: Call,
    decision: Decision,
    by: string,
    words: string,
    outcome: AuditEvent['outcome'] = 'denied',
  ): Passage {
    const what = outcome === 'error' ? 'call/not-sent' : 'call/denied'
    void this.#record(call, { what, by, decision, outcome, detail: words }, false).catch(() => {})
    return { kind: 'refused', words }
  }

  #cancelled(call: Call, decision: Decision): Passage {
    const row = {
      what: 'call/cancelled',
      by: call.client.id,
      decision,
      outcome: 'cancelled' as const,
      detail: 'Nothing was run.',
    }
    void this.#record(call, row, false).catch(() => {})
    return { kind: 'cancelled' }
  }

  #record(call: Call, row: Row, durable: boolean): Promise<void> {
    return this.#o.audit.append(eventOf(call, row, this.#o.redact), { durable })
  }
}

function byOf(decision: Decision): string {
  return decision.rule?.id ?? 'gatehouse'
}

function descriptionOf(entry: Entry | null): string {
  const description: unknown = entry?.definition.description
  return typeof description === 'string' ? description : ''
}

/** Without asking anybody: policy allows it, or a person did. */
function mayPass({ allowedBy }: Call, { effect }: Decision): boolean {
  return effect === 'allow' || (effect === 'ask' && allowedBy !== undefined)
}
