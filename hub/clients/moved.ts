// What was taken out of clients' files, so that it can be given back. Sealed: it says which keys go into which file.
import { z } from 'zod'
import type { Sealed } from '../store/sealed.ts'

const KIND = 'moved'
const Taken = z.object({
  client: z.string(),
  name: z.string(),
  /** As it stood, with references in the place of keys. */
  entry: z.record(z.string(), z.json()),
  keys: z.array(z.object({ path: z.array(z.string()), secret: z.string() })),
})
export type TakenServer = z.infer<typeof Taken>

export class Moved {
  readonly #sealed: Sealed

  constructor(sealed: Sealed) {
    this.#sealed = sealed
  }

  of(client: string): TakenServer[] {
    return this.#sealed.list(KIND, Taken).flatMap(({ value }) => (value.client === client ? [value] : []))
  }

  all(): TakenServer[] {
    return this.#sealed.list(KIND, Taken).map(({ value }) => value)
  }

  put(taken: TakenServer): void {
    this.#sealed.put(KIND, `${taken.client} ${taken.name}`, taken)
  }

  forget(client: string, name: string): void {
    this.#sealed.remove(KIND, `${client} ${name}`)
  }
}
