// Stripe through its own library: made when first needed, asked again where that is safe, its errors in words.
import type { Stripe } from 'stripe'
import { Failure } from '../kit/failure.ts'
import type { Settings } from '../kit/settings.ts'
import { type Problem, retryAfter, Upstream } from '../kit/upstream.ts'
import { withoutCards } from './card-numbers.ts'
import type { SETTINGS } from './settings.ts'

const REQUEST_MS = 20_000
const IN_USE = 'idempotency_key_in_use'

type Known = Error & Partial<Omit<Stripe.errors.StripeError, 'message' | 'name'>>

export class StripeApi {
  readonly #settings: Settings<typeof SETTINGS>
  readonly #upstream = new Upstream({ name: 'Stripe', read, inWords, tries: 3, firstDelayMs: 500 })
  #client: Promise<Stripe> | undefined

  constructor(settings: Settings<typeof SETTINGS>) {
    this.#settings = settings
  }

  /** Keys and amounts of one are none of the other. Throws Failure without a key that may be used. */
  get mode(): 'live' | 'test' {
    return this.#key().includes('_live_') ? 'live' : 'test'
  }

  /** `work` also reads the answer: one of another shape is a failure of Stripe's too. Throws Failure. */
  async ask<T>(work: (stripe: Stripe) => Promise<T>, signal: AbortSignal): Promise<T> {
    const key = this.#key()
    this.#client ??= this.#make(key)
    const stripe = await this.#client
    return await this.#upstream.ask(() => work(stripe), signal)
  }

  #key(): string {
    const { STRIPE_API_KEY: key, ALLOW_LIVE } = this.#settings
    if (!key) {
      const where = 'Ask the person to set STRIPE_API_KEY (dashboard.stripe.com → Developers → API keys).'
      throw new Failure('permission_denied', 'No Stripe key was given to this server.', where)
    }
    if (key.includes('_live_') && ALLOW_LIVE !== 'true') {
      const where = 'Ask the person for a test key (sk_test_… or rk_test_…), or to set ALLOW_LIVE to true.'
      throw new Failure(
        'permission_denied',
        'This is a live key, which moves real money, and that is not allowed.',
        where,
      )
    }
    return key
  }

  async #make(key: string): Promise<Stripe> {
    const { Stripe } = await import('stripe')
    const { protocol, hostname, port } = new URL(this.#settings.STRIPE_URL)
    return new Stripe(key, {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port || (protocol === 'https:' ? 443 : 80),
      protocol: protocol === 'https:' ? 'https' : 'http',
      timeout: REQUEST_MS,
      maxNetworkRetries: 0,
      telemetry: false,
    })
  }
}

/**
 * True when nobody can say from this error whether Stripe did what was asked. Also of 429: the library itself asks again
 * where a connection broke, and tells the last answer alone.
 */
export function isUnsure(error: unknown): boolean {
  const { statusCode, code } = error as Known
  if (statusCode === undefined || code === IN_USE) return true
  return statusCode >= 500 || statusCode < 400 || statusCode === 408 || statusCode === 429
}

function read(error: unknown): Problem {
  const { statusCode, code, headers } = error as Known
  // Its first request is still under way: asking again under the same key is what is meant to be done.
  const status = code === IN_USE ? 429 : statusCode
  return { status, retryAfterMs: retryAfter(headers?.['retry-after']), said: said(error) }
}

function inWords(error: unknown, { retryAfterMs }: Problem): Failure | undefined {
  const { type, code, decline_code, param, requestId, statusCode, payment_intent } = error as Known
  const message = said(error)
  const details = Object.fromEntries(
    Object.entries({
      status: statusCode,
      type,
      code,
      decline_code,
      param,
      requestId,
      payment: payment_intent?.id,
    }).filter(([, value]) => value !== undefined),
  )
  const failure = (kind: Failure['kind'], words: string, suggestion: string) =>
    new Failure(kind, words, suggestion, retryAfterMs === undefined ? details : { ...details, retryAfterMs })
  if (code === IN_USE)
    return failure('upstream_error', 'Stripe still works on this key.', 'Call again with the same key in a while.')
  if (type === 'StripeIdempotencyError')
    return failure(
      'conflict',
      `Stripe knows this idempotency key with other input: ${message}`,
      'Use a new key for something new.',
    )
  if (type === 'StripeCardError') return declined(message, decline_code ?? code, details)
  if (statusCode === 401)
    return failure('permission_denied', 'Stripe does not know this key.', 'Ask the person to correct STRIPE_API_KEY.')
  if (statusCode === 403)
    return failure(
      'permission_denied',
      `Stripe refuses: ${message}`,
      'Ask the person to give the restricted key this permission.',
    )
  if (statusCode === 404 || code === 'resource_missing')
    return failure(
      'not_found',
      `Stripe says: ${message}`,
      'Look it up with find_customer, list_payments or list_invoices. Test and live have different ids.',
    )
  if (statusCode === 400) return failure('validation_error', `Stripe says: ${message}`, 'Correct what was asked.')
  if (type === 'StripeConnectionError' && /time(d )?out/i.test(`${message} ${causeOf(error)}`))
    return failure('timeout', 'Stripe does not answer.', 'Call again with the same key in a while.')
  const isUnreadable = error instanceof TypeError || error instanceof RangeError || type === 'StripeAPIError'
  if (isUnreadable && statusCode === undefined)
    return failure(
      'upstream_error',
      'Stripe answered what cannot be read.',
      'Try again in a while; if it stays, ask the person to look at STRIPE_URL.',
    )
  return undefined
}

function said(error: unknown): string {
  const { message } = error as Known
  return typeof message === 'string' ? withoutCards(message) : ''
}

function causeOf(error: unknown): string {
  const { detail } = error as Known
  return detail instanceof Error ? `${detail.message} ${(detail as NodeJS.ErrnoException).code ?? ''}` : ''
}

/** The bank said no; under this key that stays so. */
export function declined(message: string, why: string | undefined, details: Record<string, unknown> = {}): Failure {
  const words = `The payment was declined${why ? ` (${why})` : ''}: ${withoutCards(message)}`
  return new Failure(
    'permission_denied',
    words,
    'Nothing was charged. Ask the person; to try again use a new idempotency key.',
    details,
  )
}
