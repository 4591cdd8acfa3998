// What is known: documents of sources, in pieces. Kept by full text in a file, or by meaning in Pinecone.
import { hash } from 'node:crypto'
import type { Chunk } from './chunks.ts'

export const ENGINES = ['full text (BM25)', 'Pinecone'] as const

export interface Found {
  text: string
  /** The higher, the better it fits; to be compared within one answer. */
  score: number
  source: string
  location: string
}

export interface Source {
  source: string
  documents: number
  chunks: number
  addedAt: string
}

/** A piece under the name it has everywhere. */
export interface Piece {
  id: string
  text: string
  source: string
  location: string
}

export interface Library {
  readonly engine: (typeof ENGINES)[number]
  /** In place of what was known of this document. Gives the number of its pieces. */
  put(source: string, document: string, chunks: readonly Chunk[], signal: AbortSignal): Promise<number>
  /** How many documents are gone; 0: there is no such source. */
  remove(source: string, signal: AbortSignal): Promise<number>
  /** By name. */
  sources(): Promise<Source[]>
  search(query: string, most: number, source: string | undefined, signal: AbortSignal): Promise<Found[]>
  /** Throws when what it needs does not answer. */
  ready(signal: AbortSignal): Promise<unknown>
}

/** The name of a document in all sources, the same each time. */
export function keyOf(source: string, document: string): string {
  return hash('sha256', `${source}\0${document}`).slice(0, 32)
}

export function piecesOf(source: string, document: string, chunks: readonly Chunk[]): Piece[] {
  const key = keyOf(source, document)
  return chunks.map(({ text, from, to }, index) => {
    const location = from === to ? `${document}:${from}` : `${document}:${from}-${to}`
    return { id: `${key}-${index}`, text, source, location }
  })
}
