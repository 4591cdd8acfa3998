// Takes documents into a source, one after the other; what cannot be read is named and does not stop the rest.
import { relative, sep } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { about } from '../kit/about.ts'
import { Failure } from '../kit/failure.ts'
import type { Roots } from '../kit/roots.ts'
import { chunksOf } from './chunks.ts'
import type { Library } from './library.ts'
import { readDocument } from './read-document.ts'

export const MOST_TEXT = 2_000_000
const MOST_PROBLEMS = 200
/** The index is away: the next document would not fare better. */
const ENDS_ALL = ['upstream_error', 'rate_limited', 'timeout']

export interface Document {
  name: string
  text: string
}

export class TakingIn {
  documents = 0
  chunks = 0
  /** Documents that could not be taken in; the first ones are named. */
  bad = 0
  readonly problems: { document: string; problem: string }[] = []
  readonly #source: string
  readonly #library: Library

  constructor(source: string, library: Library) {
    this.#source = source
    this.#library = library
  }

  get seen(): number {
    return this.documents + this.bad
  }

  get inWords(): string {
    const bad = this.bad > 0 ? ` ${this.bad} could not be taken in.` : ''
    return `${this.#source}: ${this.documents} documents in ${this.chunks} pieces.${bad}`
  }

  /** `asked`: what it is called where it cannot be taken in. */
  async take(asked: string, read: () => Promise<Document>, signal: AbortSignal): Promise<void> {
    // Calls are answered meanwhile.
    await setImmediate()
    signal.throwIfAborted()
    try {
      const { name, text } = await read()
      this.chunks += await this.#library.put(this.#source, name, chunksOf(text), signal)
      this.documents++
    } catch (error) {
      if (!(error instanceof Failure) || ENDS_ALL.includes(error.kind)) throw error
      this.bad++
      if (this.problems.length < MOST_PROBLEMS)
        this.problems.push({ document: asked, problem: `${error.message} ${error.suggestion}` })
    }
  }

  takeFile(roots: Roots, asked: string, signal: AbortSignal, called = asked): Promise<void> {
    const read = () =>
      about(asked, async () => {
        const real = await roots.existing(asked)
        return { name: nameOf(roots, real), text: await readDocument(real, MOST_TEXT) }
      })
    return this.take(called, read, signal)
  }
}

/** The same however a file is asked for, and another for each file: within the one folder, or whole where there are several. */
function nameOf({ folders }: Roots, real: string): string {
  return folders.length === 1 ? relative(folders[0]!, real).replaceAll(sep, '/') : real
}
