// The profiles of all clients: sealed, so that what a person hid stays hidden whoever writes into the file, and kept plainly
// beside that, so that it is not forgotten where there is no keychain. Both count: a row put there by hand can only hide more.
import { z } from 'zod'
import type { Announcer } from '../announce.ts'
import type { Kv } from '../store/kv.ts'
import type { Sealed } from '../store/sealed.ts'
import { limitsOf } from './limits.ts'
import { Hidden, Profile, StoredProfile } from './profile.ts'

const KIND = 'profile'
const PLAIN = z.record(z.string(), z.array(Hidden))

interface Options {
  sealed: Pick<Sealed, 'put' | 'remove' | 'list'>
  kv: Pick<Kv, 'get' | 'put'>
  announcer: Announcer
}

export class Profiles {
  readonly #o: Options
  readonly #known = new Map<string, Profile>()
  readonly #onVault = () => this.#reload()

  constructor(options: Options) {
    this.#o = options
    for (const [client, hidden] of Object.entries(this.#plain())) this.#take(client, hidden)
    this.#reload()
    options.announcer.on('vault/changed', this.#onVault)
  }

  /** What this client is shown; null where nothing is hidden from it and it takes all there is. */
  of(client: string): Profile | null {
    const profile = this.#known.get(client) ?? new Profile([], limitsOf(client))
    this.#known.set(client, profile)
    return profile.limits || profile.hidden.length > 0 ? profile : null
  }

  /** As it is or would be, and what of the change is one. */
  wouldBe(client: string, hide: readonly Hidden[], show: readonly Hidden[]): ReturnType<Profile['with']> {
    return (this.of(client) ?? new Profile([], null)).with(hide, show)
  }

  change(client: string, hide: readonly Hidden[], show: readonly Hidden[]): void {
    const { profile, ...changed } = this.wouldBe(client, hide, show)
    if (changed.hide.length + changed.show.length === 0) return
    if (changed.show.length > 0) this.#o.sealed.put(KIND, client, { hidden: profile.hidden })
    else this.#seal(client, profile.hidden)
    this.#known.set(client, profile)
    this.#keepPlain()
    this.#o.announcer.emit('profiles/changed', client)
  }

  /** The client is no more. */
  forget(client: string): void {
    if (!this.#known.delete(client)) return
    this.#o.sealed.remove(KIND, client)
    this.#keepPlain()
  }

  close(): void {
    this.#o.announcer.off('vault/changed', this.#onVault)
  }

  // The keychain may open after us: what was hidden before and what was hidden meanwhile both count, and both are kept.
  #reload(): void {
    const stored = new Map(this.#o.sealed.list(KIND, StoredProfile).map(({ key, value }) => [key, value.hidden]))
    for (const [client, hidden] of stored) this.#take(client, hidden)
    for (const [client, { hidden }] of this.#known)
      if (hidden.length > (stored.get(client)?.length ?? 0)) this.#seal(client, hidden)
    this.#keepPlain()
  }

  #seal(client: string, hidden: readonly Hidden[]): void {
    try {
      this.#o.sealed.put(KIND, client, { hidden })
    } catch {
      // A full disk must not keep a person from hiding: that holds in memory at least.
    }
  }

  #take(client: string, hidden: readonly Hidden[]): void {
    const { profile, hide } = (this.#known.get(client) ?? new Profile([], limitsOf(client))).with(hidden, [])
    this.#known.set(client, profile)
    if (hide.length > 0) this.#o.announcer.emit('profiles/changed', client)
  }

  #plain(): z.infer<typeof PLAIN> {
    try {
      return PLAIN.parse(JSON.parse(this.#o.kv.get('profiles') ?? '{}'))
    } catch {
      return {}
    }
  }

  #keepPlain(): void {
    const all = [...this.#known].filter(([, profile]) => profile.hidden.length > 0)
    const text = JSON.stringify(Object.fromEntries(all.map(([id, { hidden }]) => [id, hidden])))
    try {
      if ((this.#o.kv.get('profiles') ?? '{}') !== text) this.#o.kv.put('profiles', text)
    } catch {
      // What is sealed, or held in memory, still counts.
    }
  }
}
