// Pinecone in the place of full text: an index that embeds by itself holds the pieces and finds them by meaning.
import { Pinecone } from '@pinecone-database/pinecone'
import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel'
import { Failure, type FailureKind } from '../kit/failure.ts'
import type { Found, Piece } from './shelf.ts'

/** Pinecone takes so many at once. */
const RECORDS = 96
const IDS = 1_000

export interface PineconePlace {
  apiKey: string
  host: string
  namespace: string
  textField: string
}

export class PineconeShelf {
  readonly #index: ReturnType<Pinecone['index']>
  readonly #textField: string
  // After 5 failures in a row nothing is asked for a minute.
  readonly #breaker = circuitBreaker(handleWhen(isDown), { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(5) })

  constructor({ apiKey, host, namespace, textField }: PineconePlace) {
    this.#index = new Pinecone({ apiKey }).index({ host, namespace })
    this.#textField = textField
  }

  async put(pieces: readonly Piece[]): Promise<void> {
    for (let from = 0; from < pieces.length; from += RECORDS) {
      const records = pieces
        .slice(from, from + RECORDS)
        .map(({ id, text, source, location }) => ({ id, [this.#textField]: text, source, location }))
      await this.#ask(() => this.#index.upsertRecords({ records }))
    }
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += IDS)
      await this.#ask(() => this.#index.deleteMany({ ids: ids.slice(from, from + IDS) }))
  }

  async search(query: string, most: number, source: string | undefined): Promise<Found[]> {
    const filter = source === undefined ? {} : { filter: { source: { $eq: source } } }
    const fields = [this.#textField, 'source', 'location']
    const { result } = await this.#ask(() =>
      this.#index.searchRecords({ query: { topK: most, inputs: { text: query }, ...filter }, fields }),
    )
    return result.hits.map(({ _score: score, fields }) => {
      const held = fields as Record<string, unknown>
      const text = (name: string) => (typeof held[name] === 'string' ? held[name] : '')
      return { text: text(this.#textField), score, source: text('source'), location: text('location') }
    })
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#breaker.execute(work)
    } catch (error) {
      throw inWords(error)
    }
  }
}

const BY_NAME: Record<string, [FailureKind, string, string]> = {
  PineconeAuthorizationError: [
    'permission_denied',
    'Pinecone does not know this key',
    'Ask the person to correct PINECONE_API_KEY.',
  ],
  PineconeNotFoundError: ['not_found', 'Pinecone has no such index', 'Ask the person to correct PINECONE_INDEX_HOST.'],
  PineconeBadRequestError: [
    'validation_error',
    'Pinecone refuses this',
    'The index must embed by itself; PINECONE_TEXT_FIELD names its field.',
  ],
  PineconeMaxRetriesExceededError: ['rate_limited', 'Pinecone is busy', 'Try again in a while.'],
  PineconeConnectionError: [
    'upstream_error',
    'Pinecone cannot be reached',
    'Ask the person to look at PINECONE_INDEX_HOST and the network.',
  ],
  PineconeTimeoutError: ['timeout', 'Pinecone does not answer', 'Try again in a while.'],
}

const LEFT_ALONE = new Failure(
  'upstream_error',
  'Pinecone failed five times in a row and is left alone for a minute.',
  'Try again then.',
)

/** Rather than that it refuses what was asked. */
function isDown(error: unknown): boolean {
  const { status } = error as { status?: number }
  return status === undefined || status >= 500
}

function inWords(error: unknown): Failure {
  if (error instanceof BrokenCircuitError) return LEFT_ALONE
  const { name, message, status } = error as { name: string; message: string; status?: number }
  const known = status === 429 ? BY_NAME.PineconeMaxRetriesExceededError : BY_NAME[name]
  const [kind, what, suggestion] = known ?? ['upstream_error', 'Pinecone failed', 'Try again in a while.']
  return new Failure(kind, `${what}.`, suggestion, { said: message.slice(0, 300) })
}
