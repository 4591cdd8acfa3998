// Where deleted things wait, to be restored: one folder each, with a note of where it came from.
import { randomBytes } from 'node:crypto'
import { cp, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'

const Note = z.object({ from: z.string(), at: z.string(), name: z.string() })

/** In the user's place for state. */
export function placeOfTrash(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'files-server', 'trash')
}

export class Trash {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Moves it here; returns the id that brings it back. */
  async put(realPath: string): Promise<string> {
    const id = await this.#note(realPath)
    try {
      await move(realPath, join(this.folder, id, 'content', basename(realPath)))
    } catch (error) {
      await rm(join(this.folder, id), { recursive: true, force: true })
      throw error
    }
    return id
  }

  /** Keeps a copy of what is about to be overwritten. */
  async keep(realPath: string): Promise<string> {
    const id = await this.#note(realPath)
    await cp(realPath, join(this.folder, id, 'content', basename(realPath)), { verbatimSymlinks: true })
    return id
  }

  /** Where a trash id came from. */
  async origin(id: string): Promise<string> {
    if (!/^[0-9a-f]{24}$/.test(id)) throw unknown(id)
    const text = await readFile(join(this.folder, id, 'note.json'), 'utf8').catch(() => {
      throw unknown(id)
    })
    return Note.parse(JSON.parse(text)).from
  }

  /** Moves it to `target`, which must be free. */
  async takeOut(id: string, target: string): Promise<void> {
    const origin = await this.origin(id)
    await mustBeFree(target)
    await move(join(this.folder, id, 'content', basename(origin)), target)
    await rm(join(this.folder, id), { recursive: true, force: true })
  }

  async #note(realPath: string): Promise<string> {
    const id = randomBytes(12).toString('hex')
    await mkdir(join(this.folder, id, 'content'), { recursive: true, mode: 0o700 })
    const note = { from: realPath, at: new Date().toISOString(), name: basename(realPath) }
    await writeFile(join(this.folder, id, 'note.json'), JSON.stringify(note), { mode: 0o600 })
    return id
  }
}

function unknown(id: string): Failure {
  return new Failure(
    'not_found',
    `Nothing in the trash has the id ${JSON.stringify(id.slice(0, 40))}.`,
    'Use the trashId that delete_file returned.',
  )
}

export async function mustBeFree(target: string): Promise<void> {
  const there = await lstat(target).catch(() => undefined)
  if (there) throw new Failure('conflict', `${target} exists already.`, 'Choose another name, or delete that first.')
}

/** A rename, or between disks a copy and then a removal. The source goes only after the copy is whole. */
export async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    await cp(from, to, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
      errorOnExist: true,
      force: false,
    })
    await rm(from, { recursive: true })
  }
}
