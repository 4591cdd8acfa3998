// What tools cost a model, in tokens: counted once for each definition, in the background, and guessed by length until then.
// Every client has a tokenizer of its own; this one is OpenAI's o200k, so all figures are estimates.
import { hash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { Tool } from '../../contract/servers.ts'

const MOST_KNOWN = 100_000
const BATCH = 5_000
const IDLE_MS = 10_000
const CHARS_A_TOKEN = 4

/** A tool under the name that a client sees. */
export interface Priced {
  exposed: string
  definition: Tool['definition']
}

export interface Counted {
  tokens: number
  isCounted: boolean
}

export class TokenCounts {
  readonly #known = new Map<string, number>()
  readonly #keys = new WeakMap<Priced, string>()
  /** Text by key, to be counted. */
  readonly #wanted = new Map<string, string>()
  readonly #told: () => void
  #counting: Promise<void> | null = null
  #worker: Worker | null = null
  #asked: { resolve: (counts: number[]) => void; reject: (error: Error) => void } | null = null
  #idle: NodeJS.Timeout | undefined
  #isBroken = false

  /** `told`: called when what was asked for is known. */
  constructor(told: () => void = () => {}) {
    this.#told = told
  }

  /** What is known now; what is not is counted in the background. */
  of(tool: Priced): Counted {
    const seen = this.known(tool)
    if (seen !== undefined) return { tokens: seen, isCounted: true }
    const text = modelText(tool)
    const key = hash('sha256', text, 'base64')
    this.#keys.set(tool, key)
    const known = this.#known.get(key)
    if (known !== undefined) return { tokens: known, isCounted: true }
    if (!this.#isBroken) {
      this.#wanted.set(key, text)
      this.#counting ??= this.#count()
    }
    return { tokens: Math.ceil(text.length / CHARS_A_TOKEN), isCounted: false }
  }

  /** Where it was counted before; nothing is begun. */
  known(tool: Priced): number | undefined {
    const key = this.#keys.get(tool)
    return key === undefined ? undefined : this.#known.get(key)
  }

  /** All that was asked for is counted, or cannot be. */
  async settled(): Promise<void> {
    while (this.#counting) await this.#counting
  }

  async close(): Promise<void> {
    this.#wanted.clear()
    await this.#end()
  }

  async #count(): Promise<void> {
    // Whatever else is asked for in this turn goes along.
    await new Promise(resolve => setImmediate(resolve))
    clearTimeout(this.#idle)
    try {
      while (this.#wanted.size > 0) {
        const batch = [...this.#wanted].slice(0, BATCH)
        const counts = await this.#ask(batch.map(([, text]) => text))
        if (this.#known.size + batch.length > MOST_KNOWN) this.#known.clear()
        for (const [n, [key]] of batch.entries()) {
          this.#known.set(key, counts[n]!)
          this.#wanted.delete(key)
        }
      }
    } catch {
      // Guesses remain.
      this.#isBroken = true
      this.#wanted.clear()
    }
    this.#counting = null
    this.#idle = setTimeout(() => void this.#end(), IDLE_MS)
    this.#idle.unref()
    this.#told()
  }

  #ask(texts: string[]): Promise<number[]> {
    const worker = this.#worker ?? this.#open()
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject }
      worker.postMessage(texts)
    })
  }

  #open(): Worker {
    const worker = new Worker(new URL('./tokens-worker.ts', import.meta.url))
    worker.on('message', (counts: number[]) => this.#asked?.resolve(counts))
    worker.on('error', error => this.#asked?.reject(error))
    worker.on('exit', () => this.#asked?.reject(new Error('The counting ended.')))
    worker.unref()
    this.#worker = worker
    return worker
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = null
    await worker?.terminate()
  }
}

/** What a client hands its model of a tool: its name, what it says, and what it takes. */
function modelText({ exposed: name, definition: { description, inputSchema } }: Priced): string {
  return JSON.stringify({ name, description, input_schema: inputSchema })
}
