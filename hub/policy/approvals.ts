// Calls that wait for a person: asked once, answered once, ended by clocks, clients and the hub. Nothing here outlives it.
import type { Answer, Approval, NewRule, PolicyChange, Scope } from '../../contract/policy.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import { Allowances } from './allowances.ts'
import { shownCall, topLevel } from './approval-view.ts'
import { callDigest } from './call-digest.ts'
import { type Clocks, isOver, momentAfter, msLeft, realClocks, SleepWatch } from './clocks.ts'
import { EndedCalls } from './ended-calls.ts'
import { type Json, readJson } from './json-value.ts'
import { LastAllowed } from './last-allowed.ts'
import { asked, identityOf, type Outcome, type Question, tookBack, toolKey } from './question.ts'
import { lifeFromEnvironment, ruleOf, type Waiting } from './waiting-call.ts'

/** One window's answer, held for it until it counts. */
export interface Answering {
  approval: Approval
  /** What it writes. */
  rule: NewRule | undefined
  /** It counts now. Throws when the call was withdrawn meanwhile. */
  finish(): Approval
  /** It could not be recorded: the call waits again. */
  giveUp(): void
}

const LIFE_MS = 10 * 60_000
const MOST_PER_CLIENT = 20
const TICK_MS = 1000
// Each call of the command line is a link of its own, so its end does not mean that the client went away.
const CALLS_END_LINKS = 'cli'

export interface ApprovalsOptions {
  announcer: Announcer
  policy: {
    change(change: PolicyChange, from: 'window', by: string): unknown
    current(): { readOnly: boolean; preset: string; stopped?: boolean }
  }
  redact: (text: string) => string
  clocks?: Clocks
  lifeMs?: number
}

export class Approvals {
  readonly #options: ApprovalsOptions
  readonly #clocks: Clocks
  readonly #lifeMs: number
  readonly #allowances: Allowances
  readonly #sleep: SleepWatch
  readonly #waiting = new Map<string, Waiting>()
  readonly #lastAllowed = new LastAllowed()
  readonly #ended: EndedCalls
  readonly #onPolicy: () => void
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: ApprovalsOptions) {
    this.#options = options
    this.#clocks = options.clocks ?? realClocks
    this.#lifeMs = options.lifeMs ?? lifeFromEnvironment(LIFE_MS) ?? LIFE_MS
    this.#allowances = new Allowances(this.#clocks)
    this.#sleep = new SleepWatch(this.#clocks)
    this.#ended = new EndedCalls(() => this.#clocks.wall())
    this.#onPolicy = () => {
      const { readOnly, preset, stopped } = options.policy.current()
      if (stopped) this.withdrawAll('Everything in Gatehouse was stopped.')
      else if (readOnly || preset === 'read-only') this.withdrawAll('Gatehouse is read-only now.')
    }
    options.announcer.on('policy/changed', this.#onPolicy)
  }

  /** Resolves when a person, a clock or the client decided. Never rejects. */
  ask(question: Question): Promise<Outcome> {
    this.#look()
    if (this.#isClosed) return Promise.resolve({ kind: 'withdrawn', why: 'Gatehouse is stopping.' })
    if (question.signal?.aborted) return Promise.resolve({ kind: 'withdrawn', why: tookBack(question) })
    const given = readJson(question.argumentsText)
    if (given === undefined) {
      const why = 'Its arguments cannot be read: they are no JSON, say a name twice, or are nested deeper than 200.'
      return Promise.resolve({ kind: 'withdrawn', why })
    }
    const digest = callDigest({ ...identityOf(question), arguments: given })
    const grant = this.#allowances.takeGrant(digest)
    const standing = grant ? { by: grant.by, scope: 'once' as const } : this.#allowances.find(asked(question, digest))
    if (standing) {
      this.#remember(question, topLevel(given))
      return Promise.resolve({ kind: 'allowed', by: standing.by, scope: standing.scope })
    }
    const asksAgain = [...this.#waiting.values()].find(one => one.digest === digest && !one.waiter)
    if (!asksAgain && this.#countOf(question.client.id) >= MOST_PER_CLIENT) {
      const why = `${MOST_PER_CLIENT} calls of ${question.client.title} wait for a person already.`
      return Promise.resolve({ kind: 'withdrawn', why })
    }
    return this.#wait(asksAgain ?? this.#open(question, given, digest), question)
  }

  /** Those that wait, oldest first; then the answered of today and those withdrawn just now, newest first. */
  list(): Approval[] {
    const waiting = [...this.#waiting.values()].map(one => one.approval)
    return structuredClone([...waiting, ...this.#ended.shown()])
  }

  /** Takes one window's answer, before it is recorded. Throws HubError when the call no longer waits, or does not offer it. */
  begin(id: string, answer: Answer, by: string): Answering {
    this.#look()
    const waiting = this.#waiting.get(id)
    if (!waiting) throw this.#ended.error(id)
    if (waiting.isTaken)
      throw new HubError('approvals/over', 'This call is being answered in another window.', {
        hint: 'Look there how it ended.',
      })
    const rule =
      answer.kind === 'allow'
        ? ruleOf(waiting, answer, { now: this.#clocks.wall(), redact: this.#options.redact })
        : undefined
    waiting.isTaken = true
    return {
      approval: structuredClone(waiting.approval),
      rule,
      finish: () => {
        waiting.isTaken = false
        this.#look()
        if (!this.#waiting.has(id)) throw this.#ended.error(id)
        return this.#settle(waiting, answer, rule, by)
      },
      giveUp: () => {
        waiting.isTaken = false
      },
    }
  }

  /** Answers one call. Throws as `begin` does. */
  answer(id: string, answer: Answer, by: string): Approval {
    return this.begin(id, answer, by).finish()
  }

  /** A client's link closed: what it asked is withdrawn, what was allowed for its session ends. */
  endLink(link: string): void {
    this.#allowances.endLink(link)
    for (const one of [...this.#waiting.values()]) {
      const isOf = one.waiter ? one.waiter.link === link : one.question.link === link
      if (!isOf || (!one.waiter && one.question.client.id === CALLS_END_LINKS)) continue
      this.#withdraw(one, `${one.question.client.title} is gone.`)
    }
  }

  /** Everything that waits and every yes still good ends now. */
  withdrawAll(why: string): void {
    this.#allowances.clear()
    for (const one of [...this.#waiting.values()]) this.#withdraw(one, why)
  }

  /** Withdraws each call for which `why` gives a reason: its server is gone, its definition changed. */
  withdrawWhere(why: (question: Question) => string | null): void {
    for (const one of [...this.#waiting.values()]) {
      const reason = why(one.question)
      if (reason !== null) this.#withdraw(one, reason)
    }
  }

  close(): void {
    this.#isClosed = true
    this.withdrawAll('Gatehouse is stopping.')
    this.#options.announcer.off('policy/changed', this.#onPolicy)
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #open(question: Question, given: Json, digest: string): Waiting {
    const values = topLevel(given)
    const until = momentAfter(this.#clocks, this.#lifeMs)
    const approval = shownCall(question, {
      given,
      last: this.#lastAllowed.get(toolKey(question)),
      askedAt: this.#clocks.wall(),
      until: until.wall,
      redact: this.#options.redact,
    })
    const waiting: Waiting = { approval, question, given, values, digest, until, waiter: null, isTaken: false }
    this.#waiting.set(approval.id, waiting)
    return waiting
  }

  #wait(waiting: Waiting, question: Question): Promise<Outcome> {
    const isNew = waiting.question === question
    waiting.question = question
    const { clientDeadlineMs } = question
    const until = clientDeadlineMs === null ? waiting.until : momentAfter(this.#clocks, clientDeadlineMs)
    waiting.approval.clientUntil = until.wall
    if (question.correlation !== undefined) waiting.approval.correlation = question.correlation
    const outcome = new Promise<Outcome>(resolve => {
      const cancel = () => this.#withdraw(waiting, tookBack(question))
      question.signal?.addEventListener('abort', cancel, { once: true })
      const settle = (result: Outcome) => {
        question.signal?.removeEventListener('abort', cancel)
        waiting.waiter = null
        resolve(result)
      }
      waiting.waiter = { link: question.link, until, settle }
    })
    this.#schedule()
    if (isNew) this.#options.announcer.emit('approvals/asked', waiting.approval.id)
    this.#changed(waiting)
    return outcome
  }

  #settle(waiting: Waiting, answer: Answer, rule: NewRule | undefined, by: string): Approval {
    if (answer.kind === 'deny') {
      const word = this.#options.redact(answer.word?.trim() ?? '') || null
      return this.#end(waiting, { kind: 'denied', by, word }, { allowed: false, scope: null, by, word })
    }
    const { scope } = answer
    const { question, digest } = waiting
    if (scope === 'minutes' || scope === 'session') this.#allowances.allow(asked(question, digest), scope, by)
    if (rule) this.#write(waiting, rule, by)
    this.#remember(question, waiting.values)
    // Nobody hangs on it any more: the yes is for one identical repeat.
    if (!waiting.waiter) this.#allowances.grant(digest, by)
    return this.#end(waiting, { kind: 'allowed', by, scope }, { allowed: true, scope, by, word: null })
  }

  // A rule that cannot be written throws here, before anything counts as answered.
  #write(waiting: Waiting, rule: NewRule, by: string): void {
    const note = `From an answer about ${waiting.question.tool}.`.slice(0, 500)
    this.#options.policy.change({ kind: 'add-rule', rule: { ...rule, note } }, 'window', by)
    // Saying it is read-only during the write withdraws everything, this call too.
    if (!this.#waiting.has(waiting.approval.id)) throw this.#ended.error(waiting.approval.id)
  }

  #end(
    waiting: Waiting,
    outcome: Outcome,
    answered: { allowed: boolean; scope: Scope | null; by: string; word: string | null },
  ): Approval {
    return this.#finish(waiting, outcome, { kind: 'answered', ...answered, at: this.#clocks.wall() })
  }

  #withdraw(waiting: Waiting, why: string): void {
    this.#finish(waiting, { kind: 'withdrawn', why }, { kind: 'withdrawn', why, at: this.#clocks.wall() })
  }

  #finish(waiting: Waiting, outcome: Outcome, state: Approval['state']): Approval {
    if (!this.#waiting.delete(waiting.approval.id)) return structuredClone(waiting.approval)
    waiting.approval.state = state
    this.#ended.add(waiting.approval)
    waiting.waiter?.settle(outcome)
    this.#schedule()
    this.#changed(waiting)
    return structuredClone(waiting.approval)
  }

  // Every entry looks at the clocks first: after a sleep an answer may come before the next tick.
  #look(): void {
    if (this.#sleep.hasSlept() && (this.#waiting.size > 0 || this.#allowances.sweep() !== null))
      this.withdrawAll('The computer slept or Gatehouse stood still; ask again.')
    for (const one of [...this.#waiting.values()]) {
      if (isOver(this.#clocks, one.until))
        this.#finish(one, { kind: 'expired' }, { kind: 'expired', at: this.#clocks.wall() })
      else if (one.waiter && isOver(this.#clocks, one.waiter.until)) {
        one.waiter.settle({ kind: 'pending' })
        this.#changed(one)
      }
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isClosed) return
    const grants = this.#allowances.sweep()
    if (this.#waiting.size === 0 && grants === null && !this.#ended.isPassing) return
    const due = [...this.#waiting.values()].flatMap(one => [
      msLeft(this.#clocks, one.until),
      ...(one.waiter ? [msLeft(this.#clocks, one.waiter.until)] : []),
    ])
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.min(TICK_MS, ...due)))
    this.#timer.unref()
  }

  #tick(): void {
    this.#look()
    const gone = this.#ended.sweep()
    if (gone !== null) this.#options.announcer.emit('approvals/changed', gone)
    this.#schedule()
  }

  #remember(question: Question, values: Map<string, string>): void {
    this.#lastAllowed.set(toolKey(question), { at: this.#clocks.wall(), values })
  }

  #countOf(client: string): number {
    return [...this.#waiting.values()].filter(one => one.question.client.id === client).length
  }

  #changed(waiting: Waiting): void {
    this.#options.announcer.emit('approvals/changed', waiting.approval.id)
  }
}
