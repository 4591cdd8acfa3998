// Moves a file or folder to a place that is free. Nothing there is ever overwritten, also when two come at once.
import { randomBytes } from 'node:crypto'
import { cp, link, lstat, rename, rm, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../kit/failure.ts'
import { withFolder } from '../kit/open-file.ts'

/** Both are real paths. */
export async function move(from: string, to: string): Promise<void> {
  await withFolder(dirname(from), heldFrom =>
    withFolder(dirname(to), async heldTo => {
      const [source, target] = [join(heldFrom, basename(from)), join(heldTo, basename(to))]
      if (await isSame(source, target, from, to)) return await rename(source, target)
      if (await lstat(target).catch(() => undefined)) throw taken(to)
      try {
        await renameNew(source, target)
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code
        if (code === 'EEXIST') throw taken(to)
        if (code !== 'EXDEV') throw error
        await moveBetweenDisks(source, target)
      }
    }),
  )
}

/** The same file under a name that differs by letter case alone, on a disk that does not tell them apart. */
async function isSame(source: string, target: string, from: string, to: string): Promise<boolean> {
  if (from === to || from.toLowerCase() !== to.toLowerCase()) return false
  const [a, b] = await Promise.all([lstat(source), lstat(target).catch(() => null)])
  return a.ino === b?.ino && (a.isDirectory() || a.nlink === 1)
}

function taken(path: string): Failure {
  return new Failure('conflict', `${path} exists already.`, 'Choose another name, or delete that first.')
}

/** A rename would overwrite a file that came in between; a link does not. */
async function renameNew(from: string, to: string): Promise<void> {
  if (!(await lstat(from)).isFile() || !(await linked(from, to))) return rename(from, to)
  try {
    await unlink(from)
  } catch (error) {
    await rm(to)
    throw error
  }
}

/** False where there are no links: some disks, and files of others. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (NO_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

/** The source goes only after the copy is whole. */
async function moveBetweenDisks(from: string, to: string): Promise<void> {
  const copy = join(dirname(to), `.${randomBytes(8).toString('hex')}.tmp`)
  try {
    await cp(from, copy, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
    await renameNew(copy, to)
  } catch (error) {
    await rm(copy, { recursive: true, force: true })
    throw error
  }
  await rm(from, { recursive: true })
}
