// Writes a file whole or not at all: a temporary file beside it, flushed, then renamed over it.
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { withFolder } from '../kit/open-file.ts'

export async function writeWhole(realPath: string, content: string): Promise<void> {
  await withFolder(dirname(realPath), held => writeInto(held, basename(realPath), content))
}

async function writeInto(held: string, name: string, content: string): Promise<void> {
  const target = join(held, name)
  const temporary = join(held, `.${randomBytes(8).toString('hex')}.tmp`)
  const mode = (await stat(target).catch(() => undefined))?.mode
  // What its owner made read-only stays as it is, though its folder would allow a rename.
  if (mode !== undefined) await access(target, constants.W_OK)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
  const file = await open(temporary, flags, mode === undefined ? 0o666 : mode & 0o777)
  try {
    await file.writeFile(content, 'utf8')
    if (mode !== undefined) await file.chmod(mode & 0o777)
    await file.sync()
    await file.close()
    await rename(temporary, target)
  } catch (error) {
    await file.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
}
