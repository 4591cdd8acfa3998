// Tells whether a file is still the one that was read.
import { statSync } from 'node:fs'

/** Another one for every other file of this name, and for every change of it; empty when there is none. */
export function markOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? '' : code
  }
}
