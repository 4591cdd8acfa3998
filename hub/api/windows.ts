// Which windows may decide: pairing by a link that works once, the PIN for every later one, and revoking.
import { createPublicKey, randomBytes, scrypt as scryptCallback, timingSafeEqual, verify } from 'node:crypto'
import { promisify } from 'node:util'
import { z } from 'zod'
import { type Challenge, type Proof, proofText, type Verdict } from '../../contract/hello.ts'
import type { PairedWindow } from '../../contract/hub.ts'
import type { Announcer } from '../announce.ts'
import type { Audit } from '../audit/audit.ts'
import { HubError } from '../error.ts'
import type { Sealed } from '../store/sealed.ts'

const scrypt = promisify<string, Buffer, number, Buffer>(scryptCallback)

const Window = z.object({
  name: z.string(),
  publicKey: z.string(),
  pairedAt: z.number(),
  lastSeenAt: z.number().nullable(),
})
/** `skipped`: the person chose to have none, after a warning. No row: not chosen yet. */
const Pin = z.union([
  z.object({ kind: z.literal('set'), salt: z.string(), hash: z.string() }),
  z.object({ kind: z.literal('skipped') }),
])

export const LINK_LIFE_MS = 120_000
const WRONG_PINS_PER_LINK = 5
const WRONG_PINS_PER_HOUR = 20

interface Link {
  until: number
  wrongPins: number
  usedBy: string | null
}

/** The windows paired with this data folder. Every decision comes from one of them. */
export class Windows {
  #sealed: Sealed
  #announcer: Announcer
  #audit: Pick<Audit, 'append'>
  #links = new Map<string, Link>()
  #open = new Map<string, Set<() => void>>()
  #wrongPins: number[] = []

  constructor(options: { sealed: Sealed; announcer: Announcer; audit: Pick<Audit, 'append'> }) {
    this.#sealed = options.sealed
    this.#announcer = options.announcer
    this.#audit = options.audit
  }

  list(thisOne: string | null = null): PairedWindow[] {
    return this.#sealed.list('window', Window).map(({ key, value }) => ({
      id: key,
      name: value.name,
      pairedAt: value.pairedAt,
      lastSeenAt: value.lastSeenAt,
      open: (this.#open.get(key)?.size ?? 0) > 0,
      thisOne: key === thisOne,
    }))
  }

  pinState(): 'set' | 'skipped' | 'not-chosen' {
    return this.#sealed.get('pin', 'pin', Pin)?.kind ?? 'not-chosen'
  }

  /** A one-time code for the link's fragment; good for 120 s. */
  newCode(): string {
    const code = randomBytes(24).toString('base64url')
    this.#links.set(code, { until: Date.now() + LINK_LIFE_MS, wrongPins: 0, usedBy: null })
    return code
  }

  get firstPairing(): boolean {
    return this.#sealed.list('window', Window).length === 0
  }

  /** What a window must sign. `address`: the host it reached us by, so that a signature is good for no other listener. */
  challenge(instance: string, address: string): Challenge {
    return {
      nonce: randomBytes(24).toString('base64url'),
      instance,
      address,
      pinNeeded: !this.firstPairing && this.pinState() === 'set',
      firstPairing: this.firstPairing,
    }
  }

  /** Checks a window's proof. Nothing is paired, and no link used up, by a wrong one. */
  async check(proof: Proof, challenge: Challenge): Promise<Verdict> {
    if (proof.kind === 'key') return this.#checkKey(proof, challenge)
    const verdict = await this.#pair(proof, challenge)
    if (verdict.kind !== 'accepted') await this.#refused(`window/${verdict.kind}`, verdict.problem.message)
    return verdict
  }

  #checkKey(proof: Extract<Proof, { kind: 'key' }>, challenge: Challenge): Verdict {
    const window = this.#sealed.get('window', proof.window, Window)
    if (window && signedBy(window.publicKey, proof.signature, challenge)) {
      this.#sealed.put('window', proof.window, { ...window, lastSeenAt: Date.now() })
      return { kind: 'accepted', window: proof.window, firstPairing: false }
    }
    void this.#refused('window/unknown-key', 'A window with a key that is not paired tried to connect.')
    return no('unknown-key', 'This window is not paired with this Gatehouse.', 'Run `gatehouse open` for a new link.')
  }

  async #pair(proof: Extract<Proof, { kind: 'pair' }>, challenge: Challenge): Promise<Verdict> {
    const link = this.#links.get(proof.code)
    if (link?.usedBy) {
      this.revoke(link.usedBy, 'link used twice')
      return no(
        'link-used',
        'This link was used before. The window it paired was revoked, to be safe.',
        'Run `gatehouse open` for a new link.',
      )
    }
    if (!link || link.until < Date.now()) {
      this.#links.delete(proof.code)
      return no(
        'link-expired',
        'This link is no longer good: links work once, for two minutes.',
        'Run `gatehouse open` for a new link.',
      )
    }
    if (!signedBy(proof.publicKey, proof.signature, challenge))
      return no('refused', 'The window could not prove its key.', 'Reload the page.')
    const first = this.firstPairing
    const pin = first ? null : await this.#checkPin(proof.pin, link)
    if (pin) return pin
    // Two proofs with one code may have waited for scrypt side by side: the first one through takes the link.
    if (link.usedBy || this.#links.get(proof.code) !== link)
      return no('link-used', 'This link was used before.', 'Run `gatehouse open` for a new link.')
    const id = `win_${randomBytes(6).toString('hex')}`
    link.usedBy = id
    if (first && proof.pin) await this.#choosePin(proof.pin)
    this.#sealed.put('window', id, {
      name: proof.name,
      publicKey: proof.publicKey,
      pairedAt: Date.now(),
      lastSeenAt: Date.now(),
    })
    await this.#audit.append(
      { kind: 'window', what: 'window/paired', by: `window:${id}`, detail: proof.name },
      { durable: true },
    )
    this.#announcer.emit('windows/changed')
    return { kind: 'accepted', window: id, firstPairing: first }
  }

  async #checkPin(pin: string | undefined, link: Link): Promise<Verdict | null> {
    const state = this.pinState()
    if (state === 'skipped') return null
    if (state === 'not-chosen') {
      return no(
        'refused',
        'A window is paired already, and no PIN was chosen in it.',
        'Choose one there: Settings, Windows.',
      )
    }
    if (!pin) return no('pin-needed', 'Type the PIN that was chosen with the first window.')
    if (await this.pinIsRight(pin)) return null
    link.wrongPins++
    if (link.wrongPins >= WRONG_PINS_PER_LINK) link.until = 0
    return no(
      'pin-wrong',
      'That is not the PIN.',
      link.until === 0 ? 'This link is used up. Run `gatehouse open` for a new one.' : 'Try again.',
    )
  }

  /** Compares with the stored PIN; too many wrong ones in an hour are refused without looking. */
  async pinIsRight(pin: string): Promise<boolean> {
    const stored = this.#sealed.get('pin', 'pin', Pin)
    if (stored?.kind !== 'set') return false
    const hourAgo = Date.now() - 3_600_000
    this.#wrongPins = this.#wrongPins.filter(at => at > hourAgo)
    if (this.#wrongPins.length >= WRONG_PINS_PER_HOUR) {
      throw new HubError('pin/too-many', 'Too many wrong PINs in the last hour.', {
        hint: 'Use a window that is paired already.',
      })
    }
    // Counted before the slow hash, so that tries in parallel count too.
    const at = Date.now()
    this.#wrongPins.push(at)
    const hash = await scrypt(pin, Buffer.from(stored.salt, 'base64'), 32)
    const right = timingSafeEqual(hash, Buffer.from(stored.hash, 'base64'))
    if (right) this.#wrongPins.splice(this.#wrongPins.indexOf(at), 1)
    return right
  }

  /** The first PIN or none; a later change needs the old one. */
  async setPin(pin: string | null, old: string | undefined, by: string): Promise<void> {
    if (this.pinState() === 'set' && !(old && (await this.pinIsRight(old)))) {
      throw new HubError('pin/wrong', 'The old PIN is not right.', { hint: 'Type the PIN you chose before.' })
    }
    await this.#choosePin(pin)
    await this.#audit.append(
      { kind: 'window', what: pin ? 'window/pin-set' : 'window/pin-skipped', by },
      { durable: true },
    )
    this.#announcer.emit('windows/changed')
  }

  async #choosePin(pin: string | null): Promise<void> {
    if (pin === null) return this.#sealed.put('pin', 'pin', { kind: 'skipped' })
    const salt = randomBytes(16)
    const hash = await scrypt(pin, salt, 32)
    this.#sealed.put('pin', 'pin', { kind: 'set', salt: salt.toString('base64'), hash: hash.toString('base64') })
  }

  /** The window may decide nothing any more; its open connections end. */
  revoke(id: string, by: string): void {
    const window = this.#sealed.get('window', id, Window)
    if (!window) throw new HubError('window/unknown', `No window ${id} is paired.`)
    this.#sealed.remove('window', id)
    for (const end of this.#open.get(id) ?? []) end()
    void this.#audit.append({ kind: 'window', what: 'window/revoked', by, detail: window.name }, { durable: false })
    this.#announcer.emit('windows/changed')
  }

  /** A proven window is connected; `end` closes its connection when it is revoked. Returns what to do when it goes. */
  opened(id: string, end: () => void): () => void {
    const ends = this.#open.get(id) ?? new Set()
    this.#open.set(id, ends.add(end))
    this.#announcer.emit('windows/changed')
    return () => {
      ends.delete(end)
      this.#announcer.emit('windows/changed')
    }
  }

  async #refused(what: string, detail: string): Promise<void> {
    await this.#audit.append({ kind: 'refused', what, detail }, { durable: false })
  }
}

function signedBy(publicKey: string, signature: string, challenge: Challenge): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64url'), format: 'der', type: 'spki' })
    if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return false
    const text = Buffer.from(proofText(challenge))
    return verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}

function no(kind: Exclude<Verdict['kind'], 'accepted'>, message: string, hint?: string): Verdict {
  return { kind, problem: { code: `window/${kind}`, message, ...(hint ? { hint } : {}) } }
}
