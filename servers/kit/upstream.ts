// A backend over the network: asked again when that may help, left alone for a minute after five failures, refusals in words.
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleAll,
  handleWhen,
  retry,
} from 'cockatiel'
import { Failure, type FailureKind } from './failure.ts'

/** What an error of a client library says of the answer. */
export interface Problem {
  /** HTTP status; undefined: nothing answered. */
  status?: number | undefined
  /** As the backend asked for, by Retry-After or its like. */
  retryAfterMs?: number | undefined
  /** The backend's own words, for the details of the failure. */
  said?: string | undefined
}

export interface UpstreamOptions {
  /** As in "Stripe does not answer." */
  name: string
  read: (error: unknown) => Problem
  /** A failure that tells more than the status alone, for errors that this backend is known for. */
  inWords?: (error: unknown, problem: Problem) => Failure | undefined
  /** How often it is asked at most; 1 where the client library asks again by itself. */
  tries?: number
  /** Before the second try; doubled each time up to 10 s, with jitter. */
  firstDelayMs?: number
}

const LONGEST_DELAY_MS = 10_000
const LEFT_ALONE_MS = 60_000
const looking = new AsyncLocalStorage<true>()

/** Whether a backend is there: what `work` asks is asked once, also of one that is left alone, and no failure counts. */
export function look<T>(work: () => Promise<T>): Promise<T> {
  return looking.run(true, work)
}

export class Upstream {
  readonly #options: UpstreamOptions
  #leftAloneAt = 0
  #breaker = this.#newBreaker()

  constructor(options: UpstreamOptions) {
    this.#options = options
  }

  /** Throws Failure. `mayRepeat: false`: what must not be done twice is tried once, unless it was never taken. */
  async ask<T>(work: () => Promise<T>, signal: AbortSignal, { mayRepeat = true } = {}): Promise<T> {
    const { tries = 4, firstDelayMs = 1_000 } = this.#options
    const helps = (error: unknown) => !signal.aborted && this.#mayHelp(error, mayRepeat)
    const backoff = new DelegateBackoff<{ attempt: number; result: object }>(({ attempt, result }) => {
      const asked = 'error' in result ? (this.#options.read(result.error).retryAfterMs ?? 0) : 0
      const longest = Math.min(firstDelayMs * 2 ** (attempt - 1), LONGEST_DELAY_MS)
      return Math.max(asked, longest * (0.5 + Math.random() / 2))
    })
    try {
      if (looking.getStore()) return await this.#found(work)
      return await retry(handleWhen(helps), { maxAttempts: tries - 1, backoff }).execute(async () => {
        signal.throwIfAborted()
        // It counts on a clock that may be set back.
        if (Date.now() < this.#leftAloneAt) this.#breaker = this.#newBreaker()
        const outcome = await this.#breaker.execute(() => this.#answered(work, signal))
        if ('refusal' in outcome) throw outcome.refusal
        return outcome.value
      }, signal)
    } catch (error) {
      throw this.#inWords(error)
    }
  }

  /** So that what says to be ready is: one that is found there is no longer left alone. */
  async #found<T>(work: () => Promise<T>): Promise<T> {
    const value = await work()
    if (this.#breaker.state !== CircuitState.Closed) this.#breaker = this.#newBreaker()
    return value
  }

  #newBreaker(): CircuitBreakerPolicy {
    const breaker = new ConsecutiveBreaker(5)
    const made = circuitBreaker(handleAll, { halfOpenAfter: LEFT_ALONE_MS, breaker })
    this.#leftAloneAt = 0
    made.onBreak(() => {
      this.#leftAloneAt = Date.now()
    })
    return made
  }

  /** To the breaker a refusal is an answer: the backend is there. A call taken back says nothing of it. */
  async #answered<T>(work: () => Promise<T>, signal: AbortSignal): Promise<{ value: T } | { refusal: unknown }> {
    try {
      return { value: await work() }
    } catch (error) {
      const isTakenBack = signal.aborted && (signal.reason as Error | undefined)?.name !== 'TimeoutError'
      if (isTakenBack || error instanceof Failure || !isDownStatus(this.#options.read(error).status))
        return { refusal: error }
      throw error
    }
  }

  #mayHelp(error: unknown, mayRepeat: boolean): boolean {
    if (error instanceof Failure || error instanceof BrokenCircuitError) return false
    const { status, retryAfterMs = 0 } = this.#options.read(error)
    if (retryAfterMs > LONGEST_DELAY_MS) return false
    return status === 429 || (mayRepeat && isDownStatus(status))
  }

  #inWords(error: unknown): Failure {
    if (error instanceof Failure) return error
    const { name, read, inWords } = this.#options
    if (error instanceof BrokenCircuitError) {
      const what = `${name} failed five times in a row and is left alone for a minute.`
      return new Failure('upstream_error', what, 'Try again then.')
    }
    const problem = read(error)
    return inWords?.(error, problem) ?? failureOf(name, error, problem)
  }
}

const BY_STATUS: Record<number, [kind: FailureKind, what: string, suggestion: string]> = {
  400: ['validation_error', 'refuses this', 'Correct what was asked.'],
  401: ['permission_denied', 'does not know these credentials', 'Ask the person to correct them.'],
  403: ['permission_denied', 'does not allow this', 'Ask the person for the permission.'],
  404: ['not_found', 'knows nothing of that name', 'List what there is, then ask again.'],
  408: ['timeout', 'took too long', 'Ask for less at once, or try again in a while.'],
  409: ['conflict', 'says that something else changed this meanwhile', 'Read its state again, then decide.'],
  422: ['validation_error', 'refuses this', 'Correct what was asked.'],
  429: ['rate_limited', 'was asked too often', 'Wait a while, then go on more slowly.'],
  504: ['timeout', 'took too long', 'Ask for less at once, or try again in a while.'],
}

/** The plain words for a backend's answer. */
export function failureOf(name: string, error: unknown, { status, retryAfterMs, said }: Problem): Failure {
  const [kind, what, suggestion] = plain(error, status)
  const details = {
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(said ? { said: said.slice(0, 300) } : {}),
  }
  return new Failure(kind, `${name} ${what}.`, suggestion, details)
}

function plain(error: unknown, status: number | undefined): [FailureKind, string, string] {
  if (status === undefined) {
    return isTimeout(error)
      ? ['timeout', 'does not answer', 'Try again in a while.']
      : ['upstream_error', 'cannot be reached', 'Ask the person to look at its address and the network.']
  }
  return (
    BY_STATUS[status] ??
    (status >= 500 || status < 400
      ? ['upstream_error', `failed (HTTP ${status})`, 'Try again in a while.']
      : ['validation_error', `refuses this (HTTP ${status})`, 'Correct what was asked.'])
  )
}

function isDownStatus(status: number | undefined): boolean {
  return status === undefined || status >= 500 || status === 408
}

/** Also where a library has wrapped what really happened. */
function isTimeout(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code = '' } = at as NodeJS.ErrnoException
    if (/Timeout/.test(at.name) || /TIMEDOUT|TIMEOUT|ECONNABORTED/.test(code)) return true
  }
  return false
}

/** Milliseconds of a Retry-After header: seconds, or a date. */
export function retryAfter(header: string | null | undefined, now = Date.now()): number | undefined {
  if (!header) return undefined
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - now
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}
