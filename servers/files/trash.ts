// Where deleted things wait, to be restored: one folder each, with a note of where it came from.
import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { withFile } from '../kit/open-file.ts'
import { inTurns } from './in-turns.ts'
import { move } from './moving.ts'

const Note = z.object({ from: z.string(), at: z.string(), name: z.string() })
const ID = /^[0-9a-f]{24}$/
const DAY_MS = 86_400_000

export interface Trashed {
  trashId: string
  /** Where it was. */
  from: string
  at: string
  kind: 'file' | 'folder' | 'other'
  /** Null for folders. */
  size: number | null
}

/** In the user's place for state. */
export function placeOfTrash(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'files-server', 'trash')
}

export class Trash {
  readonly folder: string
  readonly #days: number
  #isSwept = false

  /** `days`: after which things are gone for good; 0: never. */
  constructor(folder: string, days: number) {
    this.folder = folder
    this.#days = days
  }

  /** Moves it here; returns the id that brings it back. */
  put(realPath: string): Promise<string> {
    return this.#added(realPath, place => move(realPath, place))
  }

  /** Keeps a copy of what is about to be overwritten. */
  keep(realPath: string): Promise<string> {
    return this.#added(realPath, place =>
      withFile(realPath, file => writeFile(place, file.createReadStream({ autoClose: false }), { mode: 0o600 })),
    )
  }

  /** Where a trash id came from. */
  async origin(id: string): Promise<string> {
    const note = ID.test(id) ? await this.#noteOf(id) : null
    if (note === null) throw unknown(id)
    return note.from
  }

  /** Moves it to `target`, which must be free. */
  async takeOut(id: string, target: string): Promise<void> {
    await move(join(this.folder, id, 'content', basename(await this.origin(id))), target)
    await rm(join(this.folder, id), { recursive: true, force: true })
  }

  /** The newest first. */
  async list(): Promise<Trashed[]> {
    const ids = (await readdir(this.folder).catch(() => [])).filter(id => ID.test(id))
    // Few at once: a system that has no more files to open would hide the rest.
    const all = await inTurns(ids, id => this.#lookAt(id), 16)
    return all.filter(one => one !== null).toSorted((a, b) => (a.at < b.at ? 1 : -1))
  }

  async #lookAt(id: string): Promise<Trashed | null> {
    const note = await this.#noteOf(id)
    const facts = note && (await lstat(join(this.folder, id, 'content', note.name)).catch(() => null))
    if (!note || !facts) return null
    const kind = facts.isDirectory() ? 'folder' : facts.isFile() ? 'file' : 'other'
    return { trashId: id, from: note.from, at: note.at, kind, size: kind === 'folder' ? null : facts.size }
  }

  async #noteOf(id: string): Promise<z.output<typeof Note> | null> {
    try {
      return Note.parse(JSON.parse(await readFile(join(this.folder, id, 'note.json'), 'utf8')))
    } catch {
      return null
    }
  }

  async #added(realPath: string, bring: (place: string) => Promise<void>): Promise<string> {
    await this.#sweep()
    const id = randomBytes(12).toString('hex')
    const folder = join(this.folder, id)
    await mkdir(join(folder, 'content'), { recursive: true, mode: 0o700 })
    const note = { from: realPath, at: new Date().toISOString(), name: basename(realPath) }
    try {
      await writeFile(join(folder, 'note.json'), JSON.stringify(note), { mode: 0o600 })
      await bring(join(folder, 'content', note.name))
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
    return id
  }

  /** Once in a process. */
  async #sweep(): Promise<void> {
    if (this.#isSwept || this.#days === 0) return
    this.#isSwept = true
    const oldest = new Date(Date.now() - this.#days * DAY_MS).toISOString()
    for (const { trashId, at } of await this.list())
      if (at < oldest) await rm(join(this.folder, trashId), { recursive: true, force: true })
  }
}

function unknown(id: string): Failure {
  return new Failure(
    'not_found',
    `Nothing in the trash has the id ${JSON.stringify(id.slice(0, 40))}.`,
    'Look at the trash with list_trash.',
  )
}
