// Which windows may decide: pairing by a link that works once, and revoking.
import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { z } from 'zod'
import { type Challenge, type Proof, proofText, type Verdict } from '../../contract/hello.ts'
import type { PairedWindow } from '../../contract/hub.ts'
import type { Announcer } from '../announce.ts'
import type { Audit } from '../audit/audit.ts'
import { HubError } from '../error.ts'
import type { Sealed } from '../store/sealed.ts'
import { Door, type DoorStore } from './door.ts'
import { Pin } from './pin.ts'

const Window = z.object({
  name: z.string(),
  publicKey: z.string(),
  pairedAt: z.number(),
  lastSeenAt: z.number().nullable(),
  /** Paired at the very port the hub listens on, not through a forwarded one. */
  direct: z.boolean().optional(),
})
type Window = z.infer<typeof Window>
export const LINK_LIFE_MS = 120_000
const WRONG_PINS_PER_LINK = 5
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
  readonly pin: Pin
  #door: Door
  #links = new Map<string, Link>()
  #open = new Map<string, Set<() => void>>()
  readonly #isLocked: () => boolean
  /** Gave the passphrase of the file that says who is paired: who has that has all that pairing guards. */
  readonly #vouched = new Map<string, Window>()
  /** Paired while nobody could say who is, and not known since. */
  readonly #ended = new Set<string>()

  /** `isLocked`: what is paired stands in the encrypted file, and nobody has opened it yet. */
  constructor(options: {
    sealed: Sealed
    door: DoorStore
    announcer: Announcer
    audit: Pick<Audit, 'append'>
    isLocked?: () => boolean
  }) {
    this.#isLocked = options.isLocked ?? (() => false)
    this.#sealed = options.sealed
    this.#door = new Door(options.door)
    this.#announcer = options.announcer
    this.#audit = options.audit
    const changed = () => options.announcer.emit('windows/changed')
    this.pin = new Pin({ door: this.#door, audit: options.audit, isLocked: this.#isLocked, changed })
  }

  list(thisOne: string | null = null): PairedWindow[] {
    return this.#paired().map(({ key, value }) => ({
      id: key,
      name: value.name,
      pairedAt: value.pairedAt,
      lastSeenAt: value.lastSeenAt,
      open: (this.#open.get(key)?.size ?? 0) > 0,
      thisOne: key === thisOne,
    }))
  }

  /** Whether it may decide now; asked at every call, so that no connection outlives its window. */
  isPaired(id: string): boolean {
    return this.#find(id) !== undefined
  }

  /** This window gave the right passphrase: it stays a window when the file says who is one. */
  vouch(id: string): void {
    const window = this.#find(id)
    if (window) this.#vouched.set(id, window)
  }

  /** The keychain appeared and with it what was paired before: windows it does not know are windows no more. */
  endUnknown(): void {
    for (const [id, window] of this.#vouched) this.#keep(id, window)
    this.#vouched.clear()
    for (const [id, ends] of this.#open) {
      if (this.isPaired(id)) continue
      this.#ended.add(id)
      for (const end of [...ends]) end()
    }
    this.#announcer.emit('windows/changed')
  }

  #keep(id: string, window: Window): void {
    if (this.isPaired(id)) return
    this.#sealed.put('window', id, window)
    // Counts at once; a file that cannot be written to just now says so itself.
    void this.#door.change({ windows: [...this.#door.read().windows, id] }).catch(() => {})
    const detail = `${window.name}, by the passphrase of the encrypted file`
    void this.#audit.append({ kind: 'window', what: 'window/paired', by: `window:${id}`, detail }, { durable: false })
  }

  /** A one-time code for the link's fragment; good for 120 s. */
  newCode(): string {
    const code = randomBytes(24).toString('base64url')
    this.#links.set(code, { until: Date.now() + LINK_LIFE_MS, wrongPins: 0, usedBy: null })
    return code
  }

  /** Nothing was ever chosen here. Where a PIN was, it is asked for even when no window is left. */
  get firstPairing(): boolean {
    return this.pin.state === 'not-chosen' && this.#paired().length === 0
  }

  /** What a window must sign. `address`: the host it reached us by, so that a signature is good for no other listener. */
  challenge(instance: string, address: string): Challenge {
    return {
      nonce: randomBytes(24).toString('base64url'),
      instance,
      address,
      pinNeeded: this.pin.state === 'set',
      firstPairing: this.firstPairing,
    }
  }

  /**
   * Checks a window's proof. Nothing is paired, and no link used up, by a wrong one. `direct`: it came by the port the
   * hub listens on. Who paired so cannot come back by another name: that would be somebody who passes its words on.
   */
  async check(proof: Proof, challenge: Challenge, direct = true): Promise<Verdict> {
    if (proof.kind === 'key') return this.#checkKey(proof, challenge, direct)
    const verdict = await this.#pair(proof, challenge, direct)
    if (verdict.kind !== 'accepted' && verdict.kind !== 'pin-wrong')
      await this.#refused(`window/${verdict.kind}`, verdict.problem.message)
    return verdict
  }

  #checkKey(proof: Extract<Proof, { kind: 'key' }>, challenge: Challenge, direct: boolean): Verdict {
    const window = this.#find(proof.window)
    if (window && (direct || !window.direct) && signedBy(window.publicKey, proof.signature, challenge)) {
      this.#sealed.put('window', proof.window, { ...window, lastSeenAt: Date.now() })
      return { kind: 'accepted', window: proof.window, firstPairing: false }
    }
    void this.#refused('window/unknown-key', 'A window with a key that is not paired tried to connect.')
    if (this.#isLocked())
      return no(
        'unknown-key',
        'The encrypted file is locked, and which windows are paired stands in it.',
        'Give its passphrase in a terminal, with `gatehouse vault unlock`: then this window goes on by itself. Or pair it anew with a link of `gatehouse open`, and give the passphrase in it, under Credentials.',
        'window/locked',
      )
    if (this.#ended.has(proof.window))
      return no(
        'unknown-key',
        'This window was paired while the keychain or the encrypted file was locked, and is not one of those named there.',
        'Run `gatehouse open` for a new link; it asks for your PIN.',
      )
    return no('unknown-key', 'This window is not paired with this Gatehouse.', 'Run `gatehouse open` for a new link.')
  }

  async #pair(proof: Extract<Proof, { kind: 'pair' }>, challenge: Challenge, direct: boolean): Promise<Verdict> {
    const link = this.#links.get(proof.code)
    if (link?.usedBy) return this.#usedTwice(link.usedBy)
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
    if (link.usedBy) return this.#usedTwice(link.usedBy)
    if (this.#links.get(proof.code) !== link)
      return no('link-used', 'This link was used before.', 'Run `gatehouse open` for a new link.')
    const id = `win_${randomBytes(6).toString('hex')}`
    link.usedBy = id
    this.#sealed.put('window', id, {
      name: proof.name,
      publicKey: proof.publicKey,
      pairedAt: Date.now(),
      lastSeenAt: Date.now(),
      direct,
    })
    await this.#door.change({ windows: [...this.#door.read().windows, id] })
    // Only now: while the PIN is made, no other link may be a first one.
    if (first && proof.pin) await this.pin.choose(proof.pin)
    await this.#audit.append(
      { kind: 'window', what: 'window/paired', by: `window:${id}`, detail: proof.name },
      { durable: true },
    )
    this.#announcer.emit('windows/changed')
    return { kind: 'accepted', window: id, firstPairing: first }
  }

  #usedTwice(window: string): Verdict {
    if (this.isPaired(window)) this.revoke(window, 'link used twice')
    return no(
      'link-used',
      'This link was used before. The window it paired was revoked, to be safe.',
      'Run `gatehouse open` for a new link.',
    )
  }

  async #checkPin(pin: string | undefined, link: Link): Promise<Verdict | null> {
    const state = this.pin.state
    if (state === 'skipped') return null
    if (state === 'not-chosen') {
      return no(
        'refused',
        'A window is paired already, and no PIN was chosen in it.',
        'Choose one there: Settings, Windows.',
      )
    }
    if (!pin) return no('pin-needed', 'Type the PIN that was chosen with the first window.')
    if (await this.pin.isRight(pin, 'a new window')) return null
    link.wrongPins++
    if (link.wrongPins >= WRONG_PINS_PER_LINK) link.until = 0
    return no(
      'pin-wrong',
      'That is not the PIN.',
      link.until === 0 ? 'This link is used up. Run `gatehouse open` for a new one.' : 'Try again.',
    )
  }

  #find(id: string): Window | undefined {
    return this.#door.read().windows.includes(id) ? this.#sealed.get('window', id, Window) : undefined
  }

  #paired(): { key: string; value: Window }[] {
    const { windows } = this.#door.read()
    return this.#sealed.list('window', Window).filter(one => windows.includes(one.key))
  }

  /** The window may decide nothing any more; its open connections end. */
  revoke(id: string, by: string): void {
    const window = this.#find(id)
    if (!window) throw new HubError('window/unknown', `No window ${id} is paired.`)
    this.#sealed.remove('window', id)
    const windows = this.#door.read().windows.filter(one => one !== id)
    // Counts at once; a keychain that cannot be written to just now says so itself.
    void this.#door.change({ windows }).catch(() => {})
    for (const end of [...(this.#open.get(id) ?? [])]) end()
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

function no(kind: Exclude<Verdict['kind'], 'accepted'>, message: string, hint?: string, code?: string): Verdict {
  return { kind, problem: { code: code ?? `window/${kind}`, message, ...(hint ? { hint } : {}) } }
}
