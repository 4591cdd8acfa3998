// Work that keeps a processor busy runs in a thread of its own: it can be ended at any time, and takes so much memory and no more.
import { fileURLToPath } from 'node:url'
import type { Piscina } from 'piscina'
import { Failure, type FailureKind } from './failure.ts'

/** What takes too much ends its thread and not the server: in a container all threads have less than half of its memory. */
export function heapMb(atOnce: number): number {
  const most = process.constrainedMemory() || Number.POSITIVE_INFINITY
  return Math.min(512, Math.round((most * 0.4) / atOnce / 1024 ** 2))
}

/** What a thread answers: a Failure loses what it is on its way between threads. */
export type Outcome<T> =
  | { kind: 'done'; value: T }
  | {
      kind: 'failed'
      failure: { kind: FailureKind; message: string; suggestion: string; details: Record<string, unknown> }
    }

/** For a thread's program: its default export is `answering(work)`. */
export function answering<I, T>(work: (input: I) => T): (input: I) => Outcome<T> {
  return input => {
    try {
      return { kind: 'done', value: work(input) }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const { kind, message, suggestion, details } = error
      return { kind: 'failed', failure: { kind, message, suggestion, details } }
    }
  }
}

/** Threads of one program, started when needed and ended when idle. */
export class Threads {
  readonly #filename: string
  readonly #atOnce: number
  #pool: Promise<Piscina> | undefined

  constructor(program: URL, atOnce = 2) {
    this.#filename = fileURLToPath(program)
    this.#atOnce = atOnce
  }

  /** Throws Failure; what still runs when the signal aborts is ended. */
  async run<T>(input: unknown, signal: AbortSignal): Promise<T> {
    this.#pool ??= this.#open()
    const pool = await this.#pool
    try {
      const outcome: Outcome<T> = await pool.run(input, { signal })
      if (outcome.kind === 'done') return outcome.value
      const { kind, message, suggestion, details } = outcome.failure
      throw new Failure(kind, message, suggestion, details)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error
      throw new Failure('validation_error', 'This takes too much memory.', 'Ask for less at once.')
    }
  }

  // Loaded when first needed: a server that is only listed starts sooner.
  async #open(): Promise<Piscina> {
    const { Piscina } = await import('piscina')
    const resourceLimits = { maxOldGenerationSizeMb: heapMb(this.#atOnce), maxYoungGenerationSizeMb: 64 }
    const options = { minThreads: 0, maxThreads: this.#atOnce, idleTimeout: 10_000, resourceLimits, env: {} }
    return new Piscina({ filename: this.#filename, ...options })
  }
}
