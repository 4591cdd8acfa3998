// An index of Pinecone that embeds by itself: holds the pieces and finds them by meaning.
import type { Pinecone } from '@pinecone-database/pinecone'
import { Failure, type FailureKind } from '../kit/failure.ts'
import { type Problem, Upstream } from '../kit/upstream.ts'
import type { Found, Piece } from './library.ts'

/** Pinecone takes so many at once. */
const RECORDS = 96
const IDS = 1_000

export interface PineconePlace {
  apiKey: string
  host: string
  namespace: string
  textField: string
}

export class PineconeIndex {
  readonly #place: PineconePlace
  #opened: Promise<ReturnType<Pinecone['index']>> | undefined
  readonly #textField: string
  // Its client asks again by itself.
  readonly #upstream = new Upstream({ name: 'Pinecone', read, inWords, tries: 1 })

  constructor(place: PineconePlace) {
    this.#place = place
    this.#textField = place.textField
  }

  // Loaded when first needed: a server that is only listed starts sooner.
  async #open() {
    const { apiKey, host, namespace } = this.#place
    const { Pinecone } = await import('@pinecone-database/pinecone')
    return new Pinecone({ apiKey }).index({ host, namespace })
  }

  #index() {
    this.#opened ??= this.#open()
    return this.#opened
  }

  async put(pieces: readonly Piece[], signal: AbortSignal): Promise<void> {
    for (let from = 0; from < pieces.length; from += RECORDS) {
      const records = pieces
        .slice(from, from + RECORDS)
        .map(({ id, text, source, location }) => ({ id, [this.#textField]: text, source, location }))
      await this.#upstream.ask(async () => (await this.#index()).upsertRecords({ records }), signal)
    }
  }

  async remove(ids: readonly string[], signal: AbortSignal): Promise<void> {
    for (let from = 0; from < ids.length; from += IDS)
      await this.#upstream.ask(
        async () => (await this.#index()).deleteMany({ ids: ids.slice(from, from + IDS) }),
        signal,
      )
  }

  /** Throws when it does not answer. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.#upstream.ask(async () => (await this.#index()).describeIndexStats(), signal)
  }

  async search(query: string, most: number, source: string | undefined, signal: AbortSignal): Promise<Found[]> {
    const filter = source === undefined ? {} : { filter: { source: { $eq: source } } }
    const fields = [this.#textField, 'source', 'location']
    const { result } = await this.#upstream.ask(
      async () =>
        (await this.#index()).searchRecords({ query: { topK: most, inputs: { text: query }, ...filter }, fields }),
      signal,
    )
    return result.hits.map(({ _score: score, fields }) => {
      const held = fields as Record<string, unknown>
      const text = (name: string) => (typeof held[name] === 'string' ? held[name] : '')
      return { text: text(this.#textField), score, source: text('source'), location: text('location') }
    })
  }
}

const BY_NAME: Record<string, [FailureKind, string, string]> = {
  PineconeAuthorizationError: [
    'permission_denied',
    'Pinecone does not know this key.',
    'Ask the person to correct PINECONE_API_KEY.',
  ],
  PineconeNotFoundError: ['not_found', 'Pinecone has no such index.', 'Ask the person to correct PINECONE_INDEX_HOST.'],
  PineconeBadRequestError: [
    'validation_error',
    'Pinecone refuses this.',
    'The index must embed by itself; PINECONE_TEXT_FIELD names its field.',
  ],
}

function read(error: unknown): Problem {
  const { status, message } = error as { status?: number; message: string }
  return { status, said: message }
}

function inWords(error: unknown, { said = '' }: Problem): Failure | undefined {
  const known = BY_NAME[(error as Error).name]
  return known && new Failure(...known, { said: said.slice(0, 300) })
}
