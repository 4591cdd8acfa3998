// How long content is kept: a person's choice, and the daily run that erases what is older or too much.
import { Retention, type RetentionState } from '../../contract/audit.ts'
import type { Sealed } from '../store/sealed.ts'
import type { Audit } from './audit.ts'
import { DEFAULT_RETENTION, keepsLess } from './retention.ts'

const DAY_MS = 86_400_000
const FIRST_MS = 60_000

interface Options {
  audit: Pick<Audit, 'retain' | 'retentionState'>
  sealed: Pick<Sealed, 'get' | 'put'>
  /** Can the person's choice be read now? Without it nothing is erased: they may have chosen to keep more. */
  isKnown: () => boolean
  report: (message: string) => void
}

export class Keeping {
  readonly #o: Options
  #timer: NodeJS.Timeout | null = null

  constructor(options: Options) {
    this.#o = options
    this.#later(FIRST_MS)
  }

  get(): Retention {
    return this.#o.sealed.get('audit', 'retention', Retention) ?? DEFAULT_RETENTION
  }

  keepsLess(next: Retention): boolean {
    return keepsLess(next, this.get())
  }

  /** Takes effect with the next run, which comes within a minute. */
  set(next: Retention): void {
    this.#o.sealed.put('audit', 'retention', next)
    this.#later(FIRST_MS)
  }

  async state(): Promise<RetentionState> {
    return { ...this.get(), ...(await this.#o.audit.retentionState()) }
  }

  async run(): Promise<void> {
    if (this.#o.isKnown()) await this.#o.audit.retain(this.get())
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer)
  }

  #later(ms: number): void {
    this.close()
    this.#timer = setTimeout(() => {
      this.run().catch(error => this.#o.report(`Erasing old records failed: ${error}`))
      this.#later(DAY_MS)
    }, ms)
    this.#timer.unref()
  }
}

/** In words, for proposals and records. */
export function inWords({ days, bytes }: Retention): string {
  const age = days === null ? 'any age' : `${days} days`
  return `${age}, ${bytes === null ? 'any size' : `${Math.round(bytes / 1024 / 1024)} MB`}`
}
