// Tells when an older state.db was put back, which would bring back what a person took back since: the keychain knows how
// far it had come. The file is written first, so a crash between the two leaves it ahead, never behind.
import type { AuditEvent } from '../../contract/audit.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import { Generation, type Sealed } from './sealed.ts'

interface Options {
  sealed: Sealed
  hasKey: () => boolean
  /** The keychain's entry: what it said when it opened, and where the newest goes. */
  entry: { read(): string | null; write(text: string): Promise<void> }
  announcer: Announcer
  audit: { append(event: AuditEvent, o: { durable: boolean }): Promise<void> }
}

const AGAIN_MS = 2_000

export class Rollback {
  readonly #o: Options
  #compared = false
  #doubt: string | null = null
  #newest: Generation | null = null
  #writing = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: Options) {
    this.#o = options
    options.sealed.isDoubted = true
    options.sealed.onAdvanced = generation => this.#saw(generation)
  }

  /** Why what is stored does not count now, in words; null when it does, or when there is no keychain to say. */
  get problem(): string | null {
    return this.#doubt
  }

  /** Once, as soon as the keychain is there. */
  compare(): void {
    const { sealed, entry, hasKey } = this.#o
    if (this.#compared || !hasKey()) return
    this.#compared = true
    const known = parsed(entry.read())
    const { said, digest } = sealed.generation()
    this.#doubt = whyDoubted(known, said, digest) ?? (sealed.hasForged ? EDITED : null)
    sealed.isDoubted = this.#doubt !== null
    if (this.#doubt) this.#record('store/rolled-back', 'gatehouse', this.#doubt)
    // A folder of before there were generations begins with one; a file that was ahead is caught up with.
    else if (!said) sealed.accept(1)
    else if (said.n !== known?.n) this.#saw(said)
  }

  /** A person decides: the file was put back on purpose and counts as it is, or all of it is asked for anew. */
  settle(choice: 'believe' | 'forget', by: string): void {
    if (this.#doubt === null)
      throw new HubError('store/not-doubted', 'Nothing of what is stored is in doubt.', {
        hint: 'Another window may have decided already.',
      })
    const beyond = (parsed(this.#o.entry.read())?.n ?? 0) + 1
    this.#record(choice === 'believe' ? 'store/believed' : 'store/forgotten', by, this.#doubt)
    this.#doubt = null
    if (choice === 'believe') this.#o.sealed.accept(beyond)
    else this.#o.sealed.forgetAll(beyond)
    this.#o.sealed.rekey({ known: choice === 'believe' })
    this.#o.announcer.emit('vault/changed')
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#write()
  }

  #saw(generation: Generation): void {
    this.#newest = generation
    void this.#write()
  }

  /** One write at a time; the newest counts. */
  async #write(): Promise<void> {
    if (this.#writing) return
    this.#writing = true
    clearTimeout(this.#timer)
    try {
      while (this.#newest) {
        const next = this.#newest
        await this.#o.entry.write(JSON.stringify(next))
        if (this.#newest === next) this.#newest = null
      }
    } catch {
      // Until the keychain takes it, a file of this moment could be put back unseen; it is tried again.
      this.#timer = setTimeout(() => void this.#write(), AGAIN_MS).unref()
    } finally {
      this.#writing = false
    }
  }

  #record(what: string, by: string, detail: string): void {
    const kind = what === 'store/rolled-back' ? 'refused' : 'policy'
    void this.#o.audit.append({ kind, what, by, detail }, { durable: false }).catch(() => {})
  }
}

const EDITED =
  'Rows of state.db were edited by hand: what you agreed to, trusted and allowed may not be what you last decided.'

function whyDoubted(known: Generation | null, said: Generation | null, digest: string): string | null {
  if (known && !said)
    return 'state.db was replaced by one that Gatehouse did not write: what you agreed to, trusted and allowed is not in it.'
  if (!said) return null
  if (said.digest !== digest)
    return 'Rows of state.db were put back or taken out by hand: what you agreed to, trusted and allowed may not be what you last decided.'
  if (known && (said.n < known.n || (said.n === known.n && said.digest !== known.digest)))
    return `An older state.db was put back (${known.n - said.n} changes are missing): it may allow what you have since taken back.`
  return null
}

function parsed(text: string | null): Generation | null {
  if (text === null) return null
  try {
    return Generation.parse(JSON.parse(text))
  } catch {
    return null
  }
}
