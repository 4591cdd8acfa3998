// Those who wait for the next change.
import { HubError } from '../error.ts'

export class Waiters {
  readonly #all = new Set<() => void>()

  /** It changed. */
  tell(): void {
    for (const waiter of [...this.#all]) waiter()
  }

  /** Rejects when the signal says so first. */
  next(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#all.delete(done)
        signal?.removeEventListener('abort', aborted)
        resolve()
      }
      const aborted = () => {
        this.#all.delete(done)
        reject(
          signal?.reason instanceof Error ? signal.reason : new HubError('server/cancelled', 'The call was cancelled.'),
        )
      }
      this.#all.add(done)
      signal?.addEventListener('abort', aborted, { once: true })
    })
  }
}
