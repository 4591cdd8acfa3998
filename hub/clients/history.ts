// What we wrote into clients' files and may still be undone, with what undoing has to know.
import { z } from 'zod'
import type { Written, WrittenRow } from '../store/written.ts'

const KEPT_WRITES = 10

const Note = z.object({
  /** Digest of our entry as written; null when the write took it out. */
  digest: z.string().nullable(),
  temp: z.string(),
  /** `token`: only the token was replaced; undoing goes on to the write before. */
  why: z.enum(['entry', 'token']),
  /** Maps above the entry that were made for it. */
  created: z.number(),
  /** The topmost folder that was made for the file. */
  madeFolder: z.string().nullable(),
  /** Writes that this one undid. */
  undoes: z.array(z.number()),
})
export type Note = z.infer<typeof Note>

export interface Write extends Omit<WrittenRow, 'entry'> {
  note: Note
}

/** The writes per client. An undone write is forgotten; the undoing itself cannot be undone. */
export class History {
  readonly #written: Written
  readonly #dropBackup: (name: string) => void

  constructor(written: Written, dropBackup: (name: string) => void) {
    this.#written = written
    this.#dropBackup = dropBackup
  }

  /** The write that holds now, or null. */
  newest(client: string): Write | null {
    return this.#writes(client).at(-1) ?? null
  }

  /** The newest write and, while only tokens were replaced on the bytes it left, the ones before; newest first. */
  chain(client: string): Write[] {
    const writes = this.#writes(client)
    const chain = writes.splice(-1)
    for (let last = chain[0]; last?.note.why === 'token'; last = chain.at(-1)) {
      const before = writes.pop()
      if (before?.path !== last.path || before.hashAfter !== last.hashBefore) break
      chain.push(before)
    }
    return chain
  }

  begin(write: Omit<Write, 'id'>): number {
    const { note, ...row } = write
    return this.#written.intend({ ...row, entry: JSON.stringify(note) })
  }

  /** The file is as intended. Writes it undid go, and copies that are too old. */
  finish(intent: number): void {
    const write = read(this.#written.intents().find(row => row.id === intent))
    this.#written.finish(intent)
    if (!write) return
    const writes = this.#writes(write.client)
    const kept = new Set([...writes.slice(-KEPT_WRITES), ...this.chain(write.client)].map(each => each.id))
    for (const each of writes) if (write.note.undoes.includes(each.id) || !kept.has(each.id)) this.#remove(each)
  }

  /** Nothing was written. */
  drop(intent: number): void {
    const row = this.#written.intents().find(each => each.id === intent)
    this.#written.drop(intent)
    if (row?.backup) this.#dropBackup(row.backup)
  }

  /** Begun, and neither finished nor dropped. */
  unfinished(): Write[] {
    return this.#written.intents().flatMap(row => read(row) ?? [])
  }

  #remove(write: Write): void {
    this.#written.remove(write.id)
    if (write.backup) this.#dropBackup(write.backup)
  }

  #writes(client: string): Write[] {
    return this.#written.list(client).flatMap(row => (row.action === 'undo' ? [] : (read(row) ?? [])))
  }
}

function read(row: WrittenRow | undefined): Write | null {
  if (!row) return null
  const { entry, ...rest } = row
  const note = Note.safeParse(JSON.parse(entry))
  return note.success ? { ...rest, note: note.data } : null
}
