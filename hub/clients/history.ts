// What we wrote into clients' files and may still be undone, with what undoing has to know.
import { isAbsolute } from 'node:path'
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
  /** Servers whose own entries this took out, or put back. */
  taken: z.array(z.string()).default([]),
  given: z.array(z.string()).default([]),
})
export type Note = z.infer<typeof Note>

export interface Write extends Omit<WrittenRow, 'entry'> {
  note: Note
}

/** A copy beside its file. `hasServers`: it was made when servers were taken out of the file. */
export interface Copy {
  path: string
  hasServers: boolean
}

/** The writes per client. An undone write is forgotten; the undoing itself cannot be undone. */
export class History {
  readonly #written: Written
  readonly #dropBackup: (name: string) => void
  readonly #atOnce: (work: () => void) => void

  /** `atOnce`: runs work as one transaction of the database. */
  constructor(written: Written, dropBackup: (name: string) => void, atOnce: (work: () => void) => void) {
    this.#written = written
    this.#atOnce = atOnce
    this.#dropBackup = dropBackup
  }

  /** The write that holds now, or null. */
  newest(client: string): Write | null {
    return this.#writes(client).at(-1) ?? null
  }

  /** The ids of all clients that something was written for, or is about to be. */
  clients(): string[] {
    return this.#written.clients()
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

  /** Copies that lie beside the clients' files: there was no key to encrypt them with. */
  copiesBeside(): Copy[] {
    return this.clients().flatMap(id =>
      this.#written.list(id).flatMap(row => {
        const path = row.backup
        return path && isAbsolute(path) ? [{ path, hasServers: (read(row)?.note.taken.length ?? 0) > 0 }] : []
      }),
    )
  }

  begin(write: Omit<Write, 'id'>): number {
    const { note, ...row } = write
    return this.#written.intend({ ...row, entry: JSON.stringify(note) })
  }

  /** The file is as intended. Writes it undid go, and copies that are too old. Killed in between, it is done again. */
  finish(intent: number): void {
    const write = read(this.#written.intents().find(row => row.id === intent))
    if (!write) {
      this.#written.drop(intent)
      return
    }
    const writes = this.#writes(write.client)
    const undone = writes.filter(each => write.note.undoes.includes(each.id))
    const left = writes.filter(each => !undone.includes(each))
    // What only tokens were replaced on since is what undoing goes back to, however many those were.
    const isBase = (at: number) => left.slice(at + 1).every(each => each.note.why === 'token')
    const gone = [...undone, ...left.filter((_, at) => at < left.length - KEPT_WRITES && !isBase(at))]
    for (const each of gone) if (each.backup) this.#dropBackup(each.backup)
    this.#atOnce(() => {
      for (const each of gone) this.#written.remove(each.id)
      this.#written.finish(intent)
    })
  }

  /** Nothing was written. */
  drop(intent: number): void {
    const row = this.#written.intents().find(each => each.id === intent)
    if (row?.backup) this.#dropBackup(row.backup)
    this.#written.drop(intent)
  }

  /** Begun, and neither finished nor dropped. */
  unfinished(): Write[] {
    return this.#written.intents().flatMap(row => read(row) ?? [])
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
