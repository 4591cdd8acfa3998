// An index of Pinecone that embeds by itself: holds the pieces and finds them by meaning.
import type { Pinecone } from '@pinecone-database/pinecone'
import { z } from 'zod'
import { Failure, type FailureKind } from '../kit/failure.ts'
import { HttpProblem } from '../kit/http-ask.ts'
import { type Problem, retryAfter, Upstream } from '../kit/upstream.ts'
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
  readonly #upstream = new Upstream({ name: 'Pinecone', read, inWords, tries: 3, firstDelayMs: 300 })

  constructor(place: PineconePlace) {
    this.#place = place
    this.#textField = place.textField
  }

  // Loaded when first needed: a server that is only listed starts sooner.
  async #open() {
    const { apiKey, host, namespace } = this.#place
    const { Pinecone } = await import('@pinecone-database/pinecone')
    return new Pinecone({ apiKey, fetchApi: asked, maxRetries: 0 }).index({ host, namespace })
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
        Hits.parse(
          await (await this.#index()).searchRecords({
            query: { topK: most, inputs: { text: query }, ...filter },
            fields,
          }),
        ),
      signal,
    )
    return result.hits.map(({ _score: score, fields }) => {
      const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '')
      return { text: text(this.#textField), score, source: text('source'), location: text('location') }
    })
  }
}

const Hits = z.object({
  result: z.object({ hits: z.array(z.object({ _score: z.number(), fields: z.record(z.string(), z.unknown()) })) }),
})

/** A refusal with its status, which the client library keeps to itself. */
async function asked(url: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  const answer = await fetch(url, init)
  if (answer.ok) return answer
  const retryAfterMs = retryAfter(answer.headers.get('retry-after'))
  throw new HttpProblem({ status: answer.status, retryAfterMs, said: (await answer.text()).slice(0, 300) })
}

const OTHER_INDEX = 'The index must embed by itself; PINECONE_TEXT_FIELD names its field.'
const BY_STATUS: Record<number, [FailureKind, string, string]> = {
  400: ['validation_error', 'Pinecone refuses this.', OTHER_INDEX],
  401: ['permission_denied', 'Pinecone does not know this key.', 'Ask the person to correct PINECONE_API_KEY.'],
  402: ['permission_denied', 'Pinecone’s plan does not cover this.', 'Ask the person to look at its billing.'],
  404: ['not_found', 'Pinecone has no such index.', 'Ask the person to correct PINECONE_INDEX_HOST.'],
  422: ['validation_error', 'Pinecone refuses this.', OTHER_INDEX],
}

/** The client library wraps what happened. */
function within(error: unknown): Error[] {
  const found: Error[] = []
  for (let at = error; at instanceof Error && found.length < 5; at = at.cause) found.push(at)
  return found
}

function read(error: unknown): Problem {
  const problem = within(error).find(one => one instanceof HttpProblem)?.problem
  return problem ?? { said: error instanceof Error ? error.message : '' }
}

function inWords(error: unknown, { status, said = '' }: Problem): Failure | undefined {
  const known = BY_STATUS[status ?? 0]
  if (known) return new Failure(...known, { status, said })
  if (!within(error).some(isUnreadable)) return undefined
  const where = 'Try again in a while; if it stays, ask the person to look at PINECONE_INDEX_HOST.'
  return new Failure('upstream_error', 'Pinecone answered what cannot be read.', where)
}

/** An answer that is no JSON, or not what it should be: then ours refuses it, or the client library trips over it. */
function isUnreadable(error: Error): boolean {
  if (error instanceof TypeError) return error.cause === undefined // fetch names a cause
  return error instanceof z.ZodError || error instanceof SyntaxError
}
