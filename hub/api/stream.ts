// Turns announcements into the batches a watcher reads: nothing is lost while it is slow, and little is held.

/** An async queue that gathers what arrives between two reads. Past `max` items the oldest go. */
export class Batches<T> {
  #items: T[] = []
  #wake: (() => void) | undefined
  #closed = false
  #max: number

  constructor(max = 10_000) {
    this.#max = max
  }

  push(...items: T[]): void {
    this.#items.push(...items)
    if (this.#items.length > this.#max) this.#items.splice(0, this.#items.length - this.#max)
    this.#wake?.()
  }

  close(): void {
    this.#closed = true
    this.#wake?.()
  }

  /** Yields what gathered, at most once per `everyMs`, until closed or aborted. */
  async *read(signal: AbortSignal | undefined, everyMs = 50): AsyncGenerator<T[], void> {
    const stop = () => this.close()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      while (!this.#closed && !signal?.aborted) {
        if (this.#items.length === 0) {
          await new Promise<void>(resolve => {
            this.#wake = resolve
          })
          this.#wake = undefined
          if (!this.#closed) await new Promise(resolve => setTimeout(resolve, everyMs))
          continue
        }
        yield this.#items.splice(0)
      }
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }
}

/** Ends when the call is cancelled or its connection closes, whichever is first. */
export function ended(gone: AbortSignal, signal: AbortSignal | undefined): AbortSignal {
  return signal ? AbortSignal.any([gone, signal]) : gone
}
