// The thread that writes the log: one for as long as the hub lives, begun anew where it ended by itself, out of memory for one.
import { LogThread } from './log-thread.ts'
import type { Task } from './worker-messages.ts'

type Ask = <T>(task: Task) => Promise<T>

export class Writing {
  readonly #folder: string
  readonly #begin: (ask: Ask) => Promise<void>
  #thread: LogThread
  #beginning: Promise<void> | null = null
  #closed = false

  /** `begin`: what a thread that follows another is told before all else. The first one is told by `ask`. */
  constructor(folder: string, begin: (ask: Ask) => Promise<void>) {
    this.#folder = folder
    this.#begin = begin
    this.#thread = this.#next()
  }

  async ask<T>(task: Task): Promise<T> {
    if (this.#thread.isGone && !this.#closed && this.#beginning === null) {
      const thread = this.#next()
      this.#thread = thread
      this.#beginning = this.#begin(task => thread.ask(task)).finally(() => {
        this.#beginning = null
      })
    }
    await this.#beginning
    return this.#thread.ask<T>(task)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#thread.ask({ kind: 'close' }).catch(() => {})
    await this.#thread.close()
  }

  #next(): LogThread {
    return new LogThread(this.#folder, { standsBack: false })
  }
}
