// What a person accepted about servers: agreements, grants of secrets, trust, and switching off. All of it sealed.
import { z } from 'zod'
import { Launch } from '../../contract/servers.ts'
import type { Sealed } from '../store/sealed.ts'

const Agreed = z.object({ digest: z.string(), launch: Launch, at: z.number() })
const ForDigest = z.object({ digest: z.string() })
const Off = z.object({ at: z.number() })

export class Accepted {
  readonly #sealed: Sealed
  /** Switched off while nothing could be written. */
  readonly #off = new Set<string>()

  constructor(sealed: Sealed) {
    this.#sealed = sealed
  }

  agreement(id: string): z.infer<typeof Agreed> | undefined {
    return this.#sealed.get('agreement', id, Agreed)
  }

  /** Something was agreed to, and the keychain that says what is not open. */
  isUnread(id: string): boolean {
    return this.#sealed.isUnread('agreement', id)
  }

  agree(id: string, digest: string, launch: Launch): void {
    const at = Date.now()
    // The next listing is the pin of its tools. Without this row a pin that is gone was taken out by hand.
    if (this.#sealed.get('pin', id, ForDigest)?.digest !== digest)
      this.#sealed.put('pin', id, { digest, at, package: null, tools: null })
    this.#sealed.put('agreement', id, { digest, launch, at })
  }

  isGranted(id: string, digest: string, secret: string): boolean {
    return this.#sealed.get('grant', `${id} ${secret}`, ForDigest)?.digest === digest
  }

  grant(id: string, digest: string, secret: string): void {
    this.#sealed.put('grant', `${id} ${secret}`, { digest })
  }

  /** Whatever is stored under this name next was given to nobody. */
  ungrant(secret: string): void {
    for (const { key } of this.#sealed.list('grant', ForDigest))
      if (key.endsWith(` ${secret}`)) this.#sealed.remove('grant', key)
  }

  // Bound to the digest: what was trusted is this command, not whatever takes its place.
  isTrusted(id: string, digest: string): boolean {
    return this.#sealed.get('trust', id, ForDigest)?.digest === digest
  }

  setTrust(id: string, digest: string, trust: boolean): void {
    if (trust) this.#sealed.put('trust', id, { digest })
    else this.#sealed.remove('trust', id)
  }

  /** Switched off by a person or a program through the hub: a hand in config.json cannot switch it on again. */
  isOff(id: string): boolean {
    return this.#off.has(id) || this.#sealed.get('off', id, Off) !== undefined || this.#sealed.isForged('off', id)
  }

  setOff(id: string, off: boolean): void {
    if (!off) {
      this.#sealed.remove('off', id)
      this.#off.delete(id)
      return
    }
    this.#off.add(id)
    try {
      this.#sealed.put('off', id, { at: Date.now() })
    } catch {
      // A full disk must not keep a person from switching off: that holds until the hub ends at least.
    }
  }

  forget(id: string): void {
    for (const kind of ['agreement', 'trust', 'off', 'pin']) this.#sealed.remove(kind, id)
    for (const { key } of this.#sealed.list('grant', ForDigest))
      if (key.startsWith(`${id} `)) this.#sealed.remove('grant', key)
  }
}
