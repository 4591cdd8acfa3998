// Writes a file whole or not at all: a temporary file beside it, flushed, then renamed over it.
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export async function writeWhole(realPath: string, content: string): Promise<void> {
  const temporary = join(
    dirname(realPath),
    `.${basename(realPath).slice(0, 100)}.${randomBytes(4).toString('hex')}.tmp`,
  )
  const mode = (await stat(realPath).catch(() => undefined))?.mode
  const file = await open(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
    mode === undefined ? 0o666 : mode & 0o777,
  )
  try {
    await file.writeFile(content, 'utf8')
    if (mode !== undefined) await file.chmod(mode & 0o777)
    await file.sync()
    await file.close()
    await rename(temporary, realPath)
  } catch (error) {
    await file.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
}
