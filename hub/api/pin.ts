// The PIN that pairs another window, and its wrong tries.
import { randomBytes, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Audit } from '../audit/audit.ts'
import { HubError } from '../error.ts'
import type { Door } from './door.ts'

const scrypt = promisify<string, Buffer, number, Buffer>(scryptCallback)

const WRONG_PER_HOUR = 20

/** Who tries a PIN: programs and new windows share one limit, a paired window has its own. */
type Trying = 'anybody' | 'paired'

export class Pin {
  readonly #door: Door
  readonly #audit: Pick<Audit, 'append'>
  readonly #isLocked: () => boolean
  #wrongInWindows: number[] = []

  readonly #changed: () => void

  constructor(options: { door: Door; audit: Pick<Audit, 'append'>; isLocked: () => boolean; changed: () => void }) {
    const { door, audit, isLocked, changed } = options
    this.#door = door
    this.#changed = changed
    this.#audit = audit
    this.#isLocked = isLocked
  }

  get state(): 'set' | 'skipped' | 'not-chosen' {
    return this.#door.read().pin.kind
  }

  /** Compares with the stored PIN; too many wrong ones in an hour are refused without looking, and every wrong one is recorded. */
  async isRight(pin: string, by: string, who: Trying = 'anybody'): Promise<boolean> {
    const { pin: stored } = this.#door.read()
    if (stored.kind !== 'set') return false
    const hourAgo = Date.now() - 3_600_000
    const tries = this.#tries(who).filter(at => at > hourAgo)
    if (tries.length >= WRONG_PER_HOUR) {
      await this.#refused('window/pin-limit', 'Too many wrong PINs in the last hour.', by)
      throw new HubError('pin/too-many', 'Too many wrong PINs in the last hour.', {
        hint: 'Use a window that is paired already, or wait an hour.',
      })
    }
    // Counted before the slow hash, so that tries in parallel count too.
    const at = Date.now()
    await this.#keepTries(who, [...tries, at])
    const hash = await scrypt(pin, Buffer.from(stored.salt, 'base64'), 32)
    const right = timingSafeEqual(hash, Buffer.from(stored.hash, 'base64'))
    if (right) await this.#keepTries(who, without(this.#tries(who), at))
    else await this.#refused('window/pin-wrong', 'A wrong PIN was tried.', by)
    return right
  }

  /** The first PIN or none; a later change needs the old one. */
  async set(pin: string | null, old: string | undefined, by: string): Promise<void> {
    if (this.#isLocked())
      throw new HubError('pin/locked', 'The PIN is kept in the encrypted file, which is locked.', {
        hint: 'Unlock it first: Credentials.',
      })
    if (this.state === 'set' && !(old && (await this.isRight(old, by, 'paired'))))
      throw new HubError('pin/wrong', 'The old PIN is not right.', { hint: 'Type the PIN you chose before.' })
    await this.choose(pin)
    const what = pin ? 'window/pin-set' : 'window/pin-skipped'
    await this.#audit.append({ kind: 'window', what, by }, { durable: true })
    this.#changed()
  }

  /** For whoever may: null is the choice to have none. */
  async choose(pin: string | null): Promise<void> {
    if (pin === null) return this.#door.change({ pin: { kind: 'skipped' } })
    const salt = randomBytes(16)
    const hash = await scrypt(pin, salt, 32)
    await this.#door.change({ pin: { kind: 'set', salt: salt.toString('base64'), hash: hash.toString('base64') } })
  }

  #tries(who: Trying): number[] {
    return who === 'paired' ? this.#wrongInWindows : this.#door.read().wrongPins
  }

  async #keepTries(who: Trying, tries: number[]): Promise<void> {
    if (who === 'paired') this.#wrongInWindows = tries
    else await this.#door.change({ wrongPins: tries })
  }

  async #refused(what: string, detail: string, by: string): Promise<void> {
    await this.#audit.append({ kind: 'refused', what, detail, by }, { durable: false })
  }
}

function without(tries: readonly number[], at: number): number[] {
  const n = tries.indexOf(at)
  return n < 0 ? [...tries] : tries.toSpliced(n, 1)
}
