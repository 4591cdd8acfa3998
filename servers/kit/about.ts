// What goes wrong with files, in words about the path that was asked for.
import { Failure, type FailureKind } from './failure.ts'
import type { Answer } from './tools.ts'

export function answer<T>(text: string, data: T): Answer<T> {
  return { text, data }
}

/** Runs what a tool does with `path`; the system's errors become failures that name it. */
export async function about<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw failureOf(error, path)
  }
}

const SYSTEM: Record<string, [FailureKind, string, string]> = {
  ENOENT: ['not_found', 'does not exist', 'Look at its folder with list_files.'],
  ENOTDIR: ['not_found', 'is a file, or lies in one, where a folder is needed', 'Look at the folder above it.'],
  EACCES: ['permission_denied', 'may not be read or changed by this user', 'Ask the person to change its permissions.'],
  EPERM: ['permission_denied', 'may not be changed', 'Ask the person.'],
  EISDIR: ['validation_error', 'is a folder', 'Use list_files for folders.'],
  ENOTEMPTY: ['conflict', 'is not empty', 'Choose another place.'],
  ENAMETOOLONG: ['validation_error', 'has a name that is too long', 'Choose a shorter one.'],
  EEXIST: ['conflict', 'exists already', 'Choose another name, or delete that first.'],
  EDQUOT: ['internal_error', 'cannot be written: this user has no space left', 'Ask the person to free some space.'],
  ENOSPC: ['internal_error', 'cannot be written: the disk is full', 'Ask the person to free some space.'],
  EROFS: ['permission_denied', 'lies on a disk that cannot be written', 'Choose another place.'],
  ELOOP: ['permission_denied', 'changed into a link while it was opened', 'Try again.'],
}

/** Any error as a failure about `path`. */
function failureOf(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  const known = SYSTEM[code]
  return known ? new Failure(known[0], `${path} ${known[1]}.`, known[2]) : error
}
