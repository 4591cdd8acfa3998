// What opens the gate for one client: a random token in its entry, of which only the hash is kept.
import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Sealed } from '../store/sealed.ts'

const KIND = 'client-token'
/** `retired`: of an entry that was taken out, in force again when that is undone. */
const Kept = z.object({ hashes: z.array(z.string()), retired: z.array(z.string()) })
type Kept = z.infer<typeof Kept>

/** The clients' tokens. While an entry is being written, the old and the new one are good. */
export class Tokens {
  readonly #sealed: Pick<Sealed, 'get' | 'put' | 'list'>

  constructor(sealed: Pick<Sealed, 'get' | 'put' | 'list'>) {
    this.#sealed = sealed
  }

  newToken(): string {
    return `gh_${randomBytes(32).toString('base64url')}`
  }

  /** Whose token this is, or null. */
  clientOf(token: string): string | null {
    const hash = hashOfToken(token)
    return this.#sealed.list(KIND, Kept).find(row => row.value.hashes.includes(hash))?.key ?? null
  }

  isGood(client: string, token: string): boolean {
    return this.#of(client).hashes.includes(hashOfToken(token))
  }

  /** To be called before an entry with this token is written. */
  admit(client: string, token: string): void {
    const kept = this.#of(client)
    const hash = hashOfToken(token)
    if (!kept.hashes.includes(hash)) this.#sealed.put(KIND, client, { ...kept, hashes: [...kept.hashes, hash] })
  }

  /** The client's file now holds this token, or none: every other one ends. `retire`: what ends may be brought back. */
  settle(client: string, token: string | null, retire: boolean): void {
    const kept = this.#sealed.get(KIND, client, Kept)
    // Not there, or not readable while the keychain is closed: nothing ends that nobody knows.
    if (!kept) return
    const hash = token === null ? null : hashOfToken(token)
    const known = hash !== null && [...kept.hashes, ...kept.retired].includes(hash)
    const retired = retire ? kept.hashes.filter(each => each !== hash) : []
    this.#sealed.put(KIND, client, { hashes: known ? [hash] : [], retired })
  }

  #of(client: string): Kept {
    return this.#sealed.get(KIND, client, Kept) ?? { hashes: [], retired: [] }
  }
}

function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
