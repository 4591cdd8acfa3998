// Whether a defined server may start: what a person agreed to, held against what is configured now.
import type { Agreement } from '../../contract/servers.ts'
import type { Accepted } from './accepted.ts'
import type { Definition } from './definition.ts'
import { notesOn } from './notes.ts'

/** Whether a server may start, and what it waits for. `note`: what config.json asks for and nobody accepted. */
export type Standing =
  | { may: 'start'; note?: string }
  | { may: 'wait'; for: 'agreement' | 'secret'; what: string }
  | { may: 'no'; what: string }

export interface StandingSources {
  accepted: Accepted
  hasSecret: (name: string) => boolean
  /** Without a person: everything is agreed and granted, and the servers named here are trusted. Else null. */
  unattended: { trust: readonly string[] } | null
}

export class Standings {
  readonly #accepted: Accepted
  readonly #hasSecret: (name: string) => boolean
  readonly #unattended: { trust: readonly string[] } | null

  constructor({ accepted, hasSecret, unattended }: StandingSources) {
    this.#accepted = accepted
    this.#hasSecret = hasSecret
    this.#unattended = unattended
  }

  standing(definition: Definition): Standing {
    const { id, name, secretNames } = definition
    if (!definition.enabled)
      return {
        may: 'no',
        what: this.#accepted.isOff(id)
          ? `${name} was disabled. Enable it in the window.`
          : `${name} is disabled in config.json.`,
      }
    if (!this.isAgreed(definition)) {
      const what = this.#accepted.isUnread(id)
        ? `What was agreed to for ${name} cannot be read before the keychain is open: see Credentials.`
        : this.#accepted.agreement(id)
          ? `${name} was changed: agree to it again in the window.`
          : `Agree to the command of ${name} in the window.`
      return { may: 'wait', for: 'agreement', what }
    }
    const missing = secretNames.filter(secret => !this.#hasSecret(secret))
    if (missing.length)
      return {
        may: 'wait',
        for: 'secret',
        what: `${name} needs the secret ${missing.join(', ')}: set it in Credentials or with \`gatehouse secrets set\`.`,
      }
    const asked = secretNames.filter(secret => !this.isGranted(definition, secret))
    if (asked.length)
      return {
        may: 'wait',
        for: 'secret',
        what: `${name} asks for the secret ${asked.join(', ')}: give it in the window.`,
      }
    if (definition.trust && !this.isTrusted(definition))
      return {
        may: 'start',
        note: `config.json trusts ${name}, but nobody accepted that in the window, so it does not count.`,
      }
    return { may: 'start' }
  }

  /** Why not all of what config.json says of it is in force, in words; null when it is. */
  doubt(definition: Definition): string | null {
    const standing = this.standing(definition)
    if (standing.may !== 'start') return standing.what
    return standing.note ?? null
  }

  /** What a person is shown before agreeing; null when nothing is left to agree to. */
  agreement(definition: Definition): Agreement | null {
    const { id, digest, launch, secretNames } = definition
    const secrets = secretNames.map(name => ({
      name,
      stored: this.#hasSecret(name),
      granted: this.isGranted(definition, name),
    }))
    const agreed = this.isAgreed(definition)
    if (agreed && secrets.every(secret => secret.stored && secret.granted)) return null
    const before = agreed ? undefined : this.#accepted.agreement(id)
    const notes = notesOn(launch)
    if (definition.trust && !this.isTrusted(definition))
      notes.push('config.json says that its own read-only marks count; they do only if you say so here.')
    return { digest, launch, before: before?.launch ?? null, unread: this.#accepted.isUnread(id), secrets, notes }
  }

  isAgreed({ id, digest }: Definition): boolean {
    return this.#unattended !== null || this.#accepted.agreement(id)?.digest === digest
  }

  isGranted({ id, digest }: Definition, secret: string): boolean {
    return this.#unattended !== null || this.#accepted.isGranted(id, digest, secret)
  }

  /** Configured, and accepted by a person for exactly this launch. */
  isTrusted({ id, name, slug, trust, digest }: Definition): boolean {
    if (this.#unattended) return this.#unattended.trust.includes(name) || this.#unattended.trust.includes(slug)
    return trust && this.#accepted.isTrusted(id, digest)
  }
}
