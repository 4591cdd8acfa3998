// The library in Pinecone. Which documents there are is noted in the state that replicas share; the pieces are in the index.
import { change, type State } from '../kit/state.ts'
import type { Chunk } from './chunks.ts'
import { type Found, keyOf, type Library, piecesOf, type Source } from './library.ts'
import type { PineconeIndex } from './pinecone.ts'

const GROUP = 'documents'
const AT_ONCE = 500

interface Noted {
  source: string
  /** At least as many as are in the index. */
  chunks: number
  /** Null: it was begun, and never said to be whole. */
  addedAt: string | null
}

export class PineconeLibrary implements Library {
  readonly engine = 'Pinecone'
  readonly #index: PineconeIndex
  readonly #state: State

  constructor(index: PineconeIndex, state: State) {
    this.#index = index
    this.#state = state
  }

  /** Noted before and after, so that no piece is ever there that nobody would remove. */
  async put(source: string, document: string, chunks: readonly Chunk[], signal: AbortSignal): Promise<number> {
    const pieces = piecesOf(source, document, chunks)
    const key = keyOf(source, document)
    const { value: noted } = await change<Noted>(this.#state, GROUP, key, before => ({
      source,
      chunks: Math.max(before?.chunks ?? 0, pieces.length),
      addedAt: before?.addedAt ?? null,
    }))
    await this.#index.put(pieces, signal)
    await this.#index.remove(idsOf(key, noted?.chunks ?? 0).slice(pieces.length), signal)
    const addedAt = new Date().toISOString()
    await change<Noted>(this.#state, GROUP, key, () => ({ source, chunks: pieces.length, addedAt }))
    return pieces.length
  }

  async remove(source: string, signal: AbortSignal): Promise<number> {
    let documents = 0
    for await (const { id, held } of this.#noted()) {
      const noted = held.value as Noted
      if (noted.source !== source) continue
      await this.#index.remove(idsOf(id, noted.chunks), signal)
      if (await this.#state.remove(GROUP, id, held.version)) documents++
    }
    return documents
  }

  async sources(): Promise<Source[]> {
    const found = new Map<string, Source>()
    for await (const { held } of this.#noted()) {
      const { source, chunks, addedAt } = held.value as Noted
      if (addedAt === null) continue
      const one = found.get(source) ?? { source, documents: 0, chunks: 0, addedAt }
      one.documents++
      one.chunks += chunks
      if (addedAt > one.addedAt) one.addedAt = addedAt
      found.set(source, one)
    }
    return [...found.values()].toSorted((a, b) => (a.source < b.source ? -1 : 1))
  }

  search(query: string, most: number, source: string | undefined, signal: AbortSignal): Promise<Found[]> {
    return this.#index.search(query, most, source, signal)
  }

  async ready(signal: AbortSignal): Promise<void> {
    await this.#state.read(GROUP, 'ready')
    await this.#index.ready(signal)
  }

  async *#noted() {
    for (let before: string | undefined; ; ) {
      const page = await this.#state.list(GROUP, { limit: AT_ONCE, before })
      yield* page
      if (page.length < AT_ONCE) return
      before = page.at(-1)?.id
    }
  }
}

const idsOf = (key: string, chunks: number) => Array.from({ length: chunks }, (_, index) => `${key}-${index}`)
