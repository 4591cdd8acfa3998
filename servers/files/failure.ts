// What a tool tells the model when it cannot do what was asked: a kind, words, and what to try instead.

export type FailureKind = 'validation_error' | 'not_found' | 'permission_denied' | 'conflict' | 'internal_error'

/** Becomes an `isError` result. Never carries a stack. */
export class Failure extends Error {
  readonly kind: FailureKind
  readonly suggestion: string

  constructor(kind: FailureKind, message: string, suggestion: string) {
    super(message)
    this.kind = kind
    this.suggestion = suggestion
  }
}

const SYSTEM: Record<string, [FailureKind, string, string]> = {
  ENOENT: ['not_found', 'does not exist', 'Look at its folder with list_files.'],
  ENOTDIR: ['not_found', 'is not in a folder', 'A part of the path is a file. Look with list_files.'],
  EACCES: ['permission_denied', 'may not be read or changed by this user', 'Ask the person to change its permissions.'],
  EPERM: ['permission_denied', 'may not be changed', 'Ask the person.'],
  EISDIR: ['validation_error', 'is a folder', 'Use list_files for folders.'],
  ENOTEMPTY: ['conflict', 'is not empty', 'Choose another place.'],
  ENOSPC: ['internal_error', 'cannot be written: the disk is full', 'Ask the person to free some space.'],
  EROFS: ['permission_denied', 'lies on a disk that cannot be written', 'Choose another place.'],
  ELOOP: ['permission_denied', 'changed into a link while it was opened', 'Try again.'],
}

/** Any error as a failure about `path`. */
export function failureOf(error: unknown, path: string): Failure {
  if (error instanceof Failure) return error
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  const known = SYSTEM[code]
  if (known) return new Failure(known[0], `${path} ${known[1]}.`, known[2])
  return new Failure(
    'internal_error',
    `${path}: something went wrong${code ? ` (${code})` : ''}.`,
    'Look at the log of this server.',
  )
}
