// The thread that answers questions about the log: there while somebody asks, gone again when nobody does.
import { LogThread } from './log-thread.ts'
import type { Task } from './worker-messages.ts'

const IDLE_MS = 60_000

export class Reading {
  readonly #folder: string
  readonly #idleMs: number
  #thread: LogThread | null = null
  #asking = 0
  #timer: NodeJS.Timeout | null = null

  constructor(folder: string, idleMs = IDLE_MS) {
    this.#folder = folder
    this.#idleMs = idleMs
  }

  get isThere(): boolean {
    return this.#thread !== null
  }

  async ask<T>(task: Task): Promise<T> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#thread?.isGone) this.#thread = null
    this.#thread ??= new LogThread(this.#folder, { standsBack: true })
    this.#asking++
    try {
      return await this.#thread.ask<T>(task)
    } finally {
      if (--this.#asking === 0) this.#timer = setTimeout(() => void this.close(), this.#idleMs).unref()
    }
  }

  /** The next question begins anew. */
  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    const thread = this.#thread
    this.#thread = null
    await thread?.ask({ kind: 'close' }).catch(() => {})
    await thread?.close()
  }
}
