// Takes documents into a source, one after the other; what cannot be read is named and does not stop the rest.
import { Failure } from '../kit/failure.ts'
import { chunksOf } from './chunks.ts'
import type { Knowing } from './server.ts'
import { piecesOf } from './shelf.ts'

export const MOST_TEXT = 2_000_000
const MOST_PROBLEMS = 200
/** The index is away: the next document would not fare better. */
const ENDS_ALL = ['upstream_error', 'rate_limited', 'timeout']

export class TakingIn {
  documents = 0
  chunks = 0
  /** Documents that could not be taken in; the first ones are named. */
  bad = 0
  readonly problems: { document: string; problem: string }[] = []
  readonly #source: string
  readonly #knowing: Pick<Knowing, 'shelf' | 'pinecone'>

  constructor(source: string, knowing: Pick<Knowing, 'shelf' | 'pinecone'>) {
    this.#source = source
    this.#knowing = knowing
  }

  get seen(): number {
    return this.documents + this.bad
  }

  get inWords(): string {
    const bad = this.bad > 0 ? ` ${this.bad} could not be taken in.` : ''
    return `${this.#source}: ${this.documents} documents in ${this.chunks} pieces.${bad}`
  }

  async take(document: string, read: () => Promise<string>, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    try {
      await this.#put(document, await read(), signal)
    } catch (error) {
      if (!(error instanceof Failure) || ENDS_ALL.includes(error.kind)) throw error
      this.bad++
      if (this.problems.length < MOST_PROBLEMS)
        this.problems.push({ document, problem: `${error.message} ${error.suggestion}` })
    }
  }

  async #put(document: string, text: string, signal: AbortSignal): Promise<void> {
    const { shelf, pinecone } = this.#knowing
    const pieces = piecesOf(this.#source, document, chunksOf(text))
    if (pinecone) {
      const now = new Set(pieces.map(piece => piece.id))
      const before = shelf().idsOf(this.#source, document)
      await pinecone.put(pieces, signal)
      await pinecone.remove(
        before.filter(id => !now.has(id)),
        signal,
      )
    }
    // Last, so that what is noted here is there.
    shelf().put(this.#source, document, pieces, pinecone === null)
    this.documents++
    this.chunks += pieces.length
  }
}
