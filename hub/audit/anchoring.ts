// Keeps the keychain's copy of the log's head: at most 1 s behind a durable row, overwritten, never a list.
import type { StoredHead } from './log-file.ts'

export interface AnchorEntry {
  read(): Promise<string | null>
  write(text: string): Promise<void>
}

const WITHIN_MS = 400
const AGAIN_MS = 2000

export class Anchoring {
  #entry: AnchorEntry
  #newest: StoredHead | null = null
  #written = 0
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> | null = null
  #onChange: () => void
  problem: string | null = null

  constructor(entry: AnchorEntry, onChange: () => void) {
    this.#entry = entry
    this.#onChange = onChange
  }

  /** True while the newest durable head is in the keychain, or will be within the second. */
  get holds(): boolean {
    return this.#written > 0 && this.problem === null
  }

  /** A head that is on disk; written soon, together with those that follow. */
  saw(head: StoredHead): void {
    this.#newest = head
    this.#later(WITHIN_MS)
  }

  /** Writes the newest head now. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    while (this.#writing) await this.#writing
    const head = this.#newest
    if (!head || head.seq === this.#written) return
    this.#writing = this.#write(head)
    await this.#writing
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  async #write({ seq, hash, time }: StoredHead): Promise<void> {
    const before = this.holds
    try {
      await this.#entry.write(JSON.stringify({ seq, hash, time }))
      this.#written = seq
      this.problem = null
    } catch (error) {
      this.problem = `The keychain did not take the newest head: ${(error as Error).message}`
      this.#later(AGAIN_MS)
    }
    this.#writing = null
    if (before !== this.holds) this.#onChange()
  }

  #later(ms: number): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.flush().catch(() => {})
    }, ms)
    this.#timer.unref()
  }
}
