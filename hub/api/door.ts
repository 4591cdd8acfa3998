// What the keychain keeps of who may decide: readable by no program that reads our files, and not put back with them.
import { z } from 'zod'

const Kept = z.object({
  /** `skipped`: the person chose to have no PIN, after a warning. */
  pin: z.union([
    z.object({ kind: z.literal('set'), salt: z.string(), hash: z.string() }),
    z.object({ kind: z.enum(['skipped', 'not-chosen']) }),
  ]),
  /** When one was tried, so that a restart gives no new tries. */
  wrongPins: z.array(z.number()),
  /** Ids of those paired, so that an older state.db put back brings none back. */
  windows: z.array(z.string()),
})
type Kept = z.infer<typeof Kept>

const NEW: Kept = { pin: { kind: 'not-chosen' }, wrongPins: [], windows: [] }
/** An entry that cannot be read lets nobody in: a PIN that nothing is. */
const SHUT: Kept = {
  pin: { kind: 'set', salt: '', hash: Buffer.alloc(32).toString('base64') },
  wrongPins: [],
  windows: [],
}

export interface DoorStore {
  read(): string | null
  write(text: string): Promise<void>
}

export class Door {
  readonly #store: DoorStore

  constructor(store: DoorStore) {
    this.#store = store
  }

  read(): Kept {
    const text = this.#store.read()
    return text === null ? NEW : (Kept.safeParse(parseJson(text)).data ?? SHUT)
  }

  change(parts: Partial<Kept>): Promise<void> {
    return this.#store.write(JSON.stringify({ ...this.read(), ...parts }))
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
