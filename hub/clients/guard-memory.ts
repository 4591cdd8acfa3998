// What the guardian keeps of each client: what the person chose, what is asked, how the file was when our entry stood in it.
import { z } from 'zod'
import { ClientEvent, GuardQuestion } from '../../contract/clients.ts'
import type { Kv } from '../store/kv.ts'

const KEPT_EVENTS = 40
const MOST_DIFF = 12_000

const Chosen = z.object({
  /** Our entry is put back by itself when the client drops it. */
  keep: z.boolean(),
  /** What the person said when it was asked who took the entry out. */
  answer: z.enum(['back', 'out']).nullable(),
  asks: GuardQuestion.nullable(),
  /** The write whose entry the person took out for good. */
  out: z.number().nullable(),
  /** When our entry was put back by itself, the last few times. */
  restores: z.array(z.number()),
  /** How it stood when it was last looked at. */
  kind: z.string().nullable(),
})
export type Chosen = z.infer<typeof Chosen>

const NOTHING: Chosen = { keep: false, answer: null, asks: null, out: null, restores: [], kind: null }

/** `others`: a digest of what the file said but for our entry; `shown`: its text with secrets masked, or a part of it. */
const Seen = z.object({ hash: z.string(), others: z.string(), shown: z.string() })
export type Seen = z.infer<typeof Seen>

const Events = z.array(ClientEvent)

/** Lasting, per client. */
export class GuardMemory {
  readonly #kv: Pick<Kv, 'get' | 'put' | 'remove'>

  constructor(kv: Pick<Kv, 'get' | 'put' | 'remove'>) {
    this.#kv = kv
  }

  of(client: string): Chosen {
    return { ...NOTHING, ...this.#read(`client-guard:${client}`, Chosen) }
  }

  change(client: string, change: Partial<Chosen>): void {
    const before = this.of(client)
    const after = { ...before, ...change }
    if (JSON.stringify(before) !== JSON.stringify(after)) this.#kv.put(`client-guard:${client}`, JSON.stringify(after))
  }

  seen(client: string): Seen | null {
    return this.#read(`client-seen:${client}`, Seen)
  }

  see(client: string, seen: Seen): void {
    this.#kv.put(`client-seen:${client}`, JSON.stringify(seen))
  }

  /** Newest first. */
  events(client: string): ClientEvent[] {
    return this.#read(`client-history:${client}`, Events) ?? []
  }

  add(client: string, event: ClientEvent): void {
    const diff = event.diff.length > MOST_DIFF ? `${event.diff.slice(0, MOST_DIFF)}\n… cut off …` : event.diff
    const events = [{ ...event, diff }, ...this.events(client)].slice(0, KEPT_EVENTS)
    this.#kv.put(`client-history:${client}`, JSON.stringify(events))
  }

  linkedAt(client: string): number | null {
    return this.#read(`client-linked:${client}`, z.number())
  }

  linked(client: string, at: number): void {
    this.#kv.put(`client-linked:${client}`, String(at))
  }

  // What was damaged or is of another version counts as not there.
  #read<T>(key: string, shape: z.ZodType<T>): T | null {
    const text = this.#kv.get(key)
    if (text === null) return null
    try {
      const read = shape.safeParse(JSON.parse(text))
      return read.success ? read.data : null
    } catch {
      return null
    }
  }
}
