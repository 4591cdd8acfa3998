// When the search index takes in new rows: once calls have paused, or when many wait; in steps, so that searches get in between.
const QUIET_MS = 1500
const AT_MOST_MS = 15_000
const STEP_PAUSE_MS = 20

export class Indexing {
  readonly #step: () => Promise<boolean>
  #timer: NodeJS.Timeout | null = null
  #since = 0
  #running: Promise<void> | null = null
  #stopped = false

  constructor(step: () => Promise<boolean>) {
    this.#step = step
  }

  /** Something was written. */
  soon(): void {
    if (this.#stopped) return
    const now = Date.now()
    if (this.#timer && now - this.#since > AT_MOST_MS) return
    if (this.#timer) this.#timer.refresh()
    else {
      this.#since = now
      this.#timer = setTimeout(() => {
        this.#timer = null
        this.now().catch(() => {})
      }, QUIET_MS)
      this.#timer.unref()
    }
  }

  /** Ends when all that is written is in the index, and all that was erased is out of it. */
  async now(): Promise<void> {
    // One that runs may have read the log before the newest row.
    await this.#running
    this.#running ??= this.#run()
    await this.#running
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopped && (await this.#step())) await new Promise(resolve => setTimeout(resolve, STEP_PAUSE_MS))
    } finally {
      this.#running = null
    }
  }
}
