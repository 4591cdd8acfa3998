// What opens the gate for one client: a random token in its entry, of which only the hash is kept. Not sealed: whoever
// could add a hash here can read the token in the client's own file, and tokens must be good without a keychain.
import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Kv } from '../store/kv.ts'

/** `retired`: of an entry that was taken out, in force again when that is undone. */
const Kept = z.object({ hashes: z.array(z.string()), retired: z.array(z.string()) })
type Kept = z.infer<typeof Kept>

/** The clients' tokens. While an entry is being written, the old and the new one are good. */
export class Tokens {
  readonly #kv: Pick<Kv, 'get' | 'put'>
  readonly #clients: () => readonly string[]

  /** `clients`: the ids of all there are. */
  constructor(kv: Pick<Kv, 'get' | 'put'>, clients: () => readonly string[]) {
    this.#kv = kv
    this.#clients = clients
  }

  newToken(): string {
    return `gh_${randomBytes(32).toString('base64url')}`
  }

  /** Whose token this is, or null. */
  clientOf(token: string): string | null {
    const hash = hashOfToken(token)
    return this.#clients().find(client => this.#of(client).hashes.includes(hash)) ?? null
  }

  isGood(client: string, token: string): boolean {
    return this.#of(client).hashes.includes(hashOfToken(token))
  }

  /** To be called before an entry with this token is written. */
  admit(client: string, token: string): void {
    const kept = this.#of(client)
    const hash = hashOfToken(token)
    if (!kept.hashes.includes(hash)) this.#put(client, { ...kept, hashes: [...kept.hashes, hash] })
  }

  /** The client's file now holds this token, or none: every other one ends. `retire`: what ends may be brought back. */
  settle(client: string, token: string | null, retire: boolean): void {
    const kept = this.#of(client)
    const hash = token === null ? null : hashOfToken(token)
    const known = hash !== null && [...kept.hashes, ...kept.retired].includes(hash)
    const retired = retire ? kept.hashes.filter(each => each !== hash) : []
    this.#put(client, { hashes: known ? [hash] : [], retired })
  }

  #of(client: string): Kept {
    const text = this.#kv.get(`client-token:${client}`)
    return text === null ? { hashes: [], retired: [] } : Kept.parse(JSON.parse(text))
  }

  #put(client: string, kept: Kept): void {
    this.#kv.put(`client-token:${client}`, JSON.stringify(kept))
  }
}

function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
