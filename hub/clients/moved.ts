// What was taken out of clients' files, so that it can be given back. Sealed: it says which keys go into which file.
// The entry itself is encrypted: beside the keys that went to the vault, others may stand in what only its client knows.
import { z } from 'zod'
import { HubError } from '../error.ts'
import type { Sealed } from '../store/sealed.ts'
import { locked, unlocked } from './locked.ts'

const KIND = 'moved'
const Entry = z.record(z.string(), z.json())
const Stored = z.object({
  client: z.string(),
  name: z.string(),
  locked: z.string(),
  keys: z.array(z.object({ path: z.array(z.string()), secret: z.string() })),
})

export interface TakenServer extends Omit<z.infer<typeof Stored>, 'locked'> {
  /** As it stood, with references in the place of keys. */
  entry: z.infer<typeof Entry>
}

export class Moved {
  readonly #sealed: Sealed
  readonly #key: () => Buffer | null

  constructor(sealed: Sealed, key: () => Buffer | null) {
    this.#sealed = sealed
    this.#key = key
  }

  of(client: string): TakenServer[] {
    return this.all().filter(one => one.client === client)
  }

  all(): TakenServer[] {
    const key = this.#key()
    if (!key) return []
    return this.#sealed.list(KIND, Stored).map(({ key: place, value: { locked: box, ...taken } }) => ({
      ...taken,
      entry: Entry.parse(JSON.parse(unlocked(Buffer.from(box, 'base64'), key, place).toString())),
    }))
  }

  put({ entry, ...taken }: TakenServer): void {
    const key = this.#key()
    if (!key)
      throw new HubError('clients/keychain', 'What is taken over is kept encrypted, and your keychain is not open.', {
        hint: 'Nothing was taken. Unlock the keychain and try again.',
      })
    const place = placeOf(taken)
    this.#sealed.put(KIND, place, {
      ...taken,
      locked: locked(Buffer.from(JSON.stringify(entry)), key, place).toString('base64'),
    })
  }

  forget(client: string, name: string): void {
    this.#sealed.remove(KIND, placeOf({ client, name }))
  }
}

function placeOf({ client, name }: Pick<TakenServer, 'client' | 'name'>): string {
  return `${client} ${name}`
}
