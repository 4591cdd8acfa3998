// Calls that wait for a person: asked once, answered once, ended by clocks, clients and the hub. Nothing here outlives it.
import { randomUUID } from 'node:crypto'
import type { Answer, Approval, PolicyChange, Scope } from '../../contract/policy.ts'
import type { Risk } from '../../contract/servers.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import { Allowances, type Asked } from './allowances.ts'
import { argumentsRule, compared, scopesFor, shownArguments, toolRule, topLevel } from './approval-view.ts'
import { callDigest } from './call-digest.ts'
import { type Clocks, isOver, type Moment, momentAfter, msLeft, realClocks, SleepWatch } from './clocks.ts'
import { type Json, readJson } from './json-value.ts'

/** A call that policy asks about. */
export interface Question {
  /** What joins the call's records. */
  correlation?: string
  client: { id: string; title: string; says: string | null }
  link: string
  server: { id: string; name: string }
  tool: string
  risk: Risk
  reasons: string[]
  /** Id of the rule that asks; null when the preset does. */
  rule: string | null
  argumentsText: string
  description: string
  definitionHash: string
  clientDeadlineMs: number
  signal?: AbortSignal | undefined
}

/** `pending`: the client's time is over, the question stays, and a later yes covers one identical repeat. */
export type Outcome =
  | { kind: 'allowed'; by: string; scope: Scope }
  | { kind: 'denied'; by: string; word: string | null }
  | { kind: 'expired' }
  | { kind: 'pending' }
  | { kind: 'withdrawn'; why: string }

interface Waiter {
  link: string
  until: Moment
  settle(outcome: Outcome): void
}

interface Waiting {
  approval: Approval
  question: Question
  given: Json
  /** Its top-level arguments. */
  values: Map<string, string>
  digest: string
  until: Moment
  /** The call that hangs on the answer; null once its client stopped waiting. */
  waiter: Waiter | null
}

const LIFE_MS = 10 * 60_000
const MOST_PER_CLIENT = 20
const MOST_KEPT = 50
const WITHDRAWN_SHOWN_MS = 5000
const TICK_MS = 1000
const MOST_REMEMBERED = 500
// Each call of the command line is a link of its own, so its end does not mean that the client went away.
const CALLS_END_LINKS = 'cli'

export interface ApprovalsOptions {
  announcer: Announcer
  policy: {
    change(change: PolicyChange, from: 'window', by: string): unknown
    current(): { readOnly: boolean; preset: string }
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
  readonly #lastAllowed = new Map<string, { at: number; values: Map<string, string> }>()
  readonly #onPolicy: () => void
  #ended: Approval[] = []
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: ApprovalsOptions) {
    this.#options = options
    this.#clocks = options.clocks ?? realClocks
    this.#lifeMs = options.lifeMs ?? lifeFromEnvironment() ?? LIFE_MS
    this.#allowances = new Allowances(this.#clocks)
    this.#sleep = new SleepWatch(this.#clocks)
    this.#onPolicy = () => {
      const { readOnly, preset } = options.policy.current()
      if (readOnly || preset === 'read-only') this.withdrawAll('Gatehouse is read-only now.')
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
    const today = new Date(this.#clocks.wall()).toDateString()
    this.#ended = this.#ended.filter(one => this.#isShown(one, today))
    const waiting = [...this.#waiting.values()].map(one => one.approval)
    return structuredClone([...waiting, ...this.#ended])
  }

  /** The call that this would answer. Throws as `answer` does; changes nothing. */
  expects(id: string, answer: Answer): Approval {
    this.#look()
    const waiting = this.#waiting.get(id)
    if (!waiting) throw this.#isOverError(id)
    const { scopes } = waiting.approval
    if (answer.kind === 'allow' && !scopes.includes(answer.scope))
      throw new HubError('approvals/no-such-scope', `This call cannot be allowed as "${answer.scope}".`, {
        hint: `It offers: ${scopes.join(', ')}.`,
      })
    return structuredClone(waiting.approval)
  }

  /** Answers one call. Throws HubError when it no longer waits, or does not offer this scope. */
  answer(id: string, answer: Answer, by: string): Approval {
    this.expects(id, answer)
    const waiting = this.#waiting.get(id)!
    if (answer.kind === 'deny') {
      const word = answer.word?.trim() || null
      return this.#end(waiting, { kind: 'denied', by, word }, { allowed: false, scope: null, by, word })
    }
    const { scope } = answer
    this.#keep(waiting, scope, by)
    this.#remember(waiting.question, waiting.values)
    // Nobody hangs on it any more: the yes is for one identical repeat.
    if (!waiting.waiter) this.#allowances.grant(waiting.digest, by)
    return this.#end(waiting, { kind: 'allowed', by, scope }, { allowed: true, scope, by, word: null })
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
    const { client, server, tool, risk, reasons, description } = question
    const { redact } = this.#options
    const last = this.#lastAllowed.get(toolKey(question)) ?? null
    const values = topLevel(given)
    const askedAt = this.#clocks.wall()
    const until = momentAfter(this.#clocks, this.#lifeMs)
    const approval: Approval = {
      id: randomUUID(),
      client: { ...client, says: client.says?.slice(0, 200) ?? null },
      server,
      tool,
      risk,
      reasons: [...reasons],
      arguments: shownArguments(given, redact),
      compared: compared(values, last?.values ?? null, redact),
      lastAllowedAt: last?.at ?? null,
      description: redact(description).slice(0, 10_000),
      scopes: scopesFor({ ...identityOf(question), risk, arguments: given }, redact),
      askedAt,
      clientUntil: askedAt,
      until: until.wall,
      state: { kind: 'waiting' },
    }
    const waiting: Waiting = { approval, question, given, values, digest, until, waiter: null }
    this.#waiting.set(approval.id, waiting)
    return waiting
  }

  #wait(waiting: Waiting, question: Question): Promise<Outcome> {
    const isNew = waiting.question === question
    waiting.question = question
    const until = momentAfter(this.#clocks, question.clientDeadlineMs)
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

  // What the yes writes or opens. A rule that cannot be written throws here, before anything counts as answered.
  #keep(waiting: Waiting, scope: Scope, by: string): void {
    const { question, digest } = waiting
    const call = { ...identityOf(question), arguments: waiting.given }
    if (scope === 'minutes' || scope === 'session') this.#allowances.allow(asked(question, digest), scope, by)
    const rule = scope === 'tool' ? toolRule(call) : scope === 'arguments' ? argumentsRule(call) : undefined
    if (!rule) return
    const note = `From an answer about ${question.tool}.`.slice(0, 500)
    this.#options.policy.change({ kind: 'add-rule', rule: { ...rule, note } }, 'window', by)
    // Saying it is read-only during the write withdraws everything, this call too.
    if (!this.#waiting.has(waiting.approval.id)) throw this.#isOverError(waiting.approval.id)
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
    this.#ended.unshift(waiting.approval)
    this.#ended = this.#ended.slice(0, MOST_KEPT)
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
    const withdrawn = this.#ended.filter(one => one.state.kind === 'withdrawn')
    if (this.#waiting.size === 0 && grants === null && withdrawn.length === 0) return
    const due = [...this.#waiting.values()].flatMap(one => [
      msLeft(this.#clocks, one.until),
      ...(one.waiter ? [msLeft(this.#clocks, one.waiter.until)] : []),
    ])
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.min(TICK_MS, ...due)))
    this.#timer.unref()
  }

  #tick(): void {
    this.#look()
    const today = new Date(this.#clocks.wall()).toDateString()
    const gone = this.#ended.find(one => one.state.kind === 'withdrawn' && !this.#isShown(one, today))
    if (gone) {
      this.list()
      this.#options.announcer.emit('approvals/changed', gone.id)
    }
    this.#schedule()
  }

  #isShown({ state }: Approval, today: string): boolean {
    if (state.kind === 'waiting') return true
    if (state.kind === 'withdrawn') return this.#clocks.wall() - state.at < WITHDRAWN_SHOWN_MS
    return new Date(state.at).toDateString() === today
  }

  #remember(question: Question, values: Map<string, string>): void {
    const key = toolKey(question)
    this.#lastAllowed.delete(key)
    this.#lastAllowed.set(key, { at: this.#clocks.wall(), values })
    if (this.#lastAllowed.size > MOST_REMEMBERED) this.#lastAllowed.delete(this.#lastAllowed.keys().next().value!)
  }

  #countOf(client: string): number {
    return [...this.#waiting.values()].filter(one => one.question.client.id === client).length
  }

  #isOverError(id: string): HubError {
    const known = this.#ended.find(one => one.id === id)
    if (!known) return new HubError('approvals/unknown', 'No such call waits.', { hint: 'It may have ended long ago.' })
    const ended = { answered: 'was answered already', expired: 'got no answer in time', withdrawn: 'was withdrawn' }
    const { kind } = known.state
    return new HubError('approvals/over', `This call ${kind === 'waiting' ? 'ended' : ended[kind]}.`, {
      hint: 'A repeat of the call asks anew.',
    })
  }

  #changed(waiting: Waiting): void {
    this.#options.announcer.emit('approvals/changed', waiting.approval.id)
  }
}

function tookBack(question: Question): string {
  return `${question.client.title} took this call back.`
}

function identityOf({ client, server, tool, definitionHash }: Question) {
  return { client: client.id, server: server.id, tool, definitionHash }
}

function asked(question: Question, digest: string): Asked {
  return { ...identityOf(question), link: question.link, risk: question.risk, rule: question.rule, digest }
}

function toolKey(question: Question): string {
  return JSON.stringify([question.client.id, question.server.id, question.tool])
}

function lifeFromEnvironment(): number | undefined {
  const ms = Number(process.env.GATEHOUSE_APPROVAL_LIFE_MS)
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, LIFE_MS) : undefined
}
