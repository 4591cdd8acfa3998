// Whether calls would find what they need: the backend is asked, once for all who want to know at the same time.
import { Failure } from './failure.ts'
import { orAborted } from './or-aborted.ts'
import type { Backed } from './serve.ts'
import { look } from './upstream.ts'

const WITHIN_MS = 5_000
const KNOWN_FOR_MS = 1_000

export class Readiness {
  readonly #ask: NonNullable<Backed['ready']>
  readonly #isAuditFull: () => boolean
  #known: { until: number; why: Promise<string | null> } | undefined
  #isEnding = false

  constructor(ask: Backed['ready'], isAuditFull: () => boolean) {
    this.#ask = ask ?? (async () => {})
    this.#isAuditFull = isAuditFull
  }

  /** This process ends: nothing new shall come. */
  end(): void {
    this.#isEnding = true
  }

  async whyNot(): Promise<string | null> {
    if (this.#isEnding) return 'This server is being stopped.'
    if (this.#isAuditFull()) return 'The audit cannot be written.'
    if (!this.#known || performance.now() > this.#known.until) {
      const why = this.#backend()
      // Until it has answered, everyone waits for the same answer.
      const known = { until: Number.POSITIVE_INFINITY, why }
      this.#known = known
      void why.then(() => {
        known.until = performance.now() + KNOWN_FOR_MS
      })
    }
    return this.#known.why
  }

  async #backend(): Promise<string | null> {
    const signal = AbortSignal.timeout(WITHIN_MS)
    try {
      await orAborted(
        look(async () => this.#ask(signal)),
        signal,
      )
      return null
    } catch (error) {
      if (signal.aborted) return `The backend did not answer in ${WITHIN_MS / 1000} s.`
      return error instanceof Failure ? error.message : 'The backend cannot be reached.'
    }
  }
}
