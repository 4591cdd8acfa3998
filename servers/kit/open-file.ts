// Opens what was checked and nothing else: no link that came in between is followed, at the end of the path or in the midst of it.
import { constants } from 'node:fs'
import { type FileHandle, open, readlink } from 'node:fs/promises'
import { Failure } from './failure.ts'

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_DIRECTORY = 0 } = constants

/** A regular file at a real path. Closes after `use`. */
export async function withFile<T>(realPath: string, use: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
  // Without waiting: a pipe would wait for its writer.
  return withOpen(realPath, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, async file => {
    const stat = await file.stat()
    if (stat.isDirectory())
      throw new Failure('validation_error', `${realPath} is a folder.`, 'Use list_files for folders.')
    if (!stat.isFile())
      throw new Failure('validation_error', `${realPath} is not a regular file.`, 'Pipes and devices cannot be read.')
    return use(file, stat.size)
  })
}

/** A folder at a real path. What `use` does to paths below `held` happens in this folder, wherever its path leads meanwhile. */
export async function withFolder<T>(realPath: string, use: (held: string) => Promise<T>): Promise<T> {
  return withOpen(realPath, O_RDONLY | O_NOFOLLOW | O_DIRECTORY, async (folder, isKnown) =>
    use(isKnown ? placeOf(folder) : realPath),
  )
}

const placeOf = (file: FileHandle) => `/proc/self/fd/${file.fd}`

async function withOpen<T>(
  realPath: string,
  flags: number,
  use: (file: FileHandle, isKnown: boolean) => Promise<T>,
): Promise<T> {
  const file = await open(realPath, flags)
  try {
    // Linux says what was opened. Other systems do not: there a folder that is swapped in this moment wins.
    const opened = await readlink(placeOf(file)).catch(() => null)
    if (opened !== null && folded(opened) !== folded(realPath))
      throw new Failure('conflict', `${realPath} was moved or replaced while it was opened.`, 'Try again.')
    return await use(file, opened !== null)
  } finally {
    await file.close()
  }
}

/** Disks that do not tell letter case apart know a name as it was given at first. */
const folded = (path: string) => path.normalize('NFC').toLowerCase()
