// What servers ask that the client they work for cannot answer: it waits for a person, in our own window. What is typed
// there goes to the server that asked and nowhere else: nothing here is written down but that it was asked and answered.
import { createHash, randomUUID } from 'node:crypto'
import type { AuditEvent } from '../../contract/audit.ts'
import type { PersonAnswer, PersonQuestion } from '../../contract/questions.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import { type Clocks, isOver, type Moment, momentAfter, msLeft, realClocks, SleepWatch } from '../policy/clocks.ts'
import { aboutOf, nobody, reasonOf, resultOf } from './answers.ts'
import { EndedQuestions } from './ended-questions.ts'
import { Pace } from './pace.ts'
import { readQuestion } from './read-question.ts'

interface Party {
  id: string
  title: string
}

/** A server's request as it came, and whose call it belongs to. */
export interface ServerQuestion {
  server: { id: string; name: string }
  client: Party
  /** Where it cannot be told whose call it belongs to: the others it may be. */
  others?: Party[]
  method: PersonQuestion['method']
  params: unknown
  /** Aborted when the call ends or the server takes it back; the reason is shown when it is a string. */
  signal?: AbortSignal
}

interface Asker {
  resolve(result: unknown): void
  reject(error: HubError): void
  /** No longer listens to its signal. */
  forget(): void
}

interface Waiting {
  question: PersonQuestion
  digest: string | null
  until: Moment
  askers: Set<Asker>
}

export interface PersonQuestionsOptions {
  announcer: Announcer
  audit: { append(event: AuditEvent, options: { durable: boolean }): Promise<void> }
  redact: (text: string) => string
  /** Whether a person may speak for a model to this server. */
  sampling: (server: string) => 'refuse' | 'person'
  /** Nobody is there to answer: a machine without a person, and no window open. */
  isAlone?: () => boolean
  clocks?: Clocks
  lifeMs?: number
}

const LIFE_MS = 10 * 60_000
const MOST_PER_SERVER = 20
const MOST_ALIKE = 20
const TICK_MS = 1_000

export class PersonQuestions {
  readonly #o: PersonQuestionsOptions
  readonly #clocks: Clocks
  readonly #lifeMs: number
  readonly #sleep: SleepWatch
  readonly #pace: Pace
  readonly #waiting = new Map<string, Waiting>()
  readonly #ended: EndedQuestions
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: PersonQuestionsOptions) {
    this.#o = options
    this.#clocks = options.clocks ?? realClocks
    this.#lifeMs = options.lifeMs ?? LIFE_MS
    this.#sleep = new SleepWatch(this.#clocks)
    this.#ended = new EndedQuestions(this.#clocks)
    this.#pace = new Pace(this.#clocks)
  }

  /**
   * Resolves with the result the server is to get; that of a question nobody answered says `cancel`. Rejects with
   * HubError when it cannot be asked at all, and where a model was to be asked and the person would not answer for it.
   */
  async ask(asking: ServerQuestion): Promise<unknown> {
    this.#look()
    const { server, client, others = [], method, params, signal } = asking
    if (this.#isClosed || signal?.aborted) return nobody(method)
    if (this.#o.isAlone?.()) {
      const needs = method === 'elicitation/create' ? 'elicitation' : 'sampling'
      const what = `${client.title} does not offer ${needs}, and no person watches this Gatehouse.`
      throw new HubError('questions/nobody-here', what)
    }
    if (!this.#pace.step(server.id)) throw this.#tooMany(server)
    const { asked, identity } = readQuestion(method, params, this.#o.redact)
    const now = this.#clocks.wall()
    const clients = [client, ...others].map(({ id, title }) => ({ id, title }))
    const question: PersonQuestion = {
      id: randomUUID(),
      server: { id: server.id, name: server.name },
      clients,
      method,
      asked,
      times: 1,
      askedAt: now,
      until: now,
      state: { kind: 'waiting' },
    }
    if (method === 'sampling/createMessage' && this.#o.sampling(server.id) === 'refuse') {
      this.#noModel(question)
      throw new HubError(
        'questions/no-model',
        `${client.title} does not offer sampling, and Gatehouse has no model of its own.`,
      )
    }
    const digest = identity && sha256(JSON.stringify([server.id, clients, identity]))
    const alike = digest && [...this.#waiting.values()].find(one => one.digest === digest)
    if (alike) {
      if (alike.askers.size >= MOST_ALIKE) throw this.#tooMany(server)
      alike.question.times++
      return this.#wait(alike, signal)
    }
    if (this.#countOf(server.id) >= MOST_PER_SERVER) throw this.#tooMany(server)
    const until = momentAfter(this.#clocks, this.#lifeMs)
    question.until = until.wall
    const waiting: Waiting = { question, digest, until, askers: new Set() }
    this.#waiting.set(question.id, waiting)
    this.#note(question, 'asked')
    const answer = this.#wait(waiting, signal)
    this.#o.announcer.emit('questions/asked', question.id)
    return answer
  }

  /** What a person answers in a client's place, as capabilities, for this server. */
  offers(server: string): Record<string, object> {
    if (this.#o.isAlone?.()) return {}
    const sampling = this.#o.sampling(server) === 'person' ? { sampling: {} } : {}
    return { elicitation: { form: {}, url: {} }, ...sampling }
  }

  /** Those that wait, oldest first; then those that ended today, newest first. */
  list(): PersonQuestion[] {
    return structuredClone([...[...this.#waiting.values()].map(one => one.question), ...this.#ended.list()])
  }

  /** The question that this would answer. Throws as `answer` does; changes nothing. */
  expects(id: string, answer: PersonAnswer): PersonQuestion {
    this.#look()
    const waiting = this.#waiting.get(id)
    if (!waiting) throw this.#ended.whyOver(id)
    if (answer.action === 'accept') resultOf(waiting.question, answer)
    return structuredClone(waiting.question)
  }

  /** Answers one question. Throws HubError when it no longer waits, or when what was filled in does not fit. */
  answer(id: string, answer: PersonAnswer, by: string): PersonQuestion {
    this.expects(id, answer)
    const waiting = this.#waiting.get(id)!
    const { question } = waiting
    const state = { kind: 'answered', action: answer.action, by, at: this.#clocks.wall() } as const
    if (answer.action === 'accept') {
      const result = resultOf(question, answer)
      return this.#finish(waiting, state, asker => asker.resolve(result))
    }
    if (question.method === 'elicitation/create')
      return this.#finish(waiting, state, asker => asker.resolve({ action: answer.action }))
    const no = new HubError('questions/refused', 'The person did not answer in place of a model.')
    return this.#finish(waiting, state, asker => asker.reject(no))
  }

  withdrawAll(why: string): void {
    for (const one of [...this.#waiting.values()]) this.#withdraw(one, why)
  }

  close(): void {
    this.#isClosed = true
    this.withdrawAll('Gatehouse is stopping.')
    clearTimeout(this.#timer)
  }

  /** One notice for a server that asks again and again. */
  #noModel(question: PersonQuestion): void {
    const { server, askedAt: at } = question
    const before = this.#ended.takeRefused(server.id)
    const why = `${server.name} asked for a model, and Gatehouse has none. With "sampling": "person" in its settings you can answer in its place.`
    if (!before) this.#note(question, 'refused', 'no model')
    this.#show({ ...question, times: (before?.times ?? 0) + 1, state: { kind: 'refused', why, at } })
  }

  #wait(waiting: Waiting, signal: AbortSignal | undefined): Promise<unknown> {
    const { method } = waiting.question
    const answer = new Promise<unknown>((resolve, reject) => {
      const leave = () => {
        signal?.removeEventListener('abort', leave)
        waiting.askers.delete(asker)
        resolve(nobody(method))
        // It goes on while anybody is left who asked the same.
        if (waiting.askers.size > 0) waiting.question.times = waiting.askers.size
        else this.#withdraw(waiting, reasonOf(signal, waiting.question))
        this.#changed(waiting.question)
      }
      const asker: Asker = { resolve, reject, forget: () => signal?.removeEventListener('abort', leave) }
      signal?.addEventListener('abort', leave, { once: true })
      waiting.askers.add(asker)
    })
    this.#schedule()
    this.#changed(waiting.question)
    return answer
  }

  #withdraw(waiting: Waiting, why: string): void {
    const { method } = waiting.question
    const state = { kind: 'withdrawn', why, at: this.#clocks.wall() } as const
    this.#finish(waiting, state, asker => asker.resolve(nobody(method)))
  }

  #finish(waiting: Waiting, state: PersonQuestion['state'], settle: (asker: Asker) => void): PersonQuestion {
    const { question } = waiting
    if (!this.#waiting.delete(question.id)) return structuredClone(question)
    question.state = state
    for (const asker of waiting.askers) {
      asker.forget()
      settle(asker)
    }
    waiting.askers.clear()
    // What a person answered, the router has recorded before it counts.
    if (state.kind !== 'answered') this.#note(question, state.kind)
    this.#show(question)
    this.#schedule()
    return structuredClone(question)
  }

  #show(ended: PersonQuestion): void {
    this.#ended.add(ended)
    this.#changed(ended)
    this.#schedule()
  }

  // Every entry looks at the clocks first: after a sleep an answer may come before the next tick.
  #look(): void {
    if (this.#sleep.hasSlept()) this.withdrawAll('The computer slept or Gatehouse stood still.')
    for (const one of [...this.#waiting.values()]) {
      if (!isOver(this.#clocks, one.until)) continue
      const { method } = one.question
      this.#finish(one, { kind: 'expired', at: this.#clocks.wall() }, asker => asker.resolve(nobody(method)))
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    if (this.#waiting.size === 0 && !this.#ended.passes) return
    const due = [...this.#waiting.values()].map(one => msLeft(this.#clocks, one.until))
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.min(TICK_MS, ...due)))
    this.#timer.unref()
  }

  #tick(): void {
    this.#look()
    const gone = this.#ended.passed()
    if (gone) {
      this.#ended.list()
      this.#changed(gone)
    }
    this.#schedule()
  }

  #countOf(server: string): number {
    return [...this.#waiting.values()].filter(one => one.question.server.id === server).length
  }

  #tooMany({ id, name }: ServerQuestion['server']): HubError {
    if (this.#pace.mayNote(id))
      this.#append({ what: 'question/flood', server: id, detail: 'more than a person can answer' })
    return new HubError('questions/too-many', `${name} asks more than a person can answer.`)
  }

  #note(question: PersonQuestion, what: string, detail?: string): void {
    const { server, clients, asked } = question
    const about = detail ?? aboutOf(asked)
    const client = clients.map(one => one.id).join(', ')
    this.#append({ what: `question/${what}`, server: server.id, client, detail: about })
  }

  #append(event: Omit<AuditEvent, 'kind' | 'by'>): void {
    void this.#o.audit.append({ kind: 'server', by: 'gatehouse', ...event }, { durable: false }).catch(() => {})
  }

  #changed(question: PersonQuestion): void {
    this.#o.announcer.emit('questions/changed', question.id)
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
