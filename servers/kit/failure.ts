// What a tool tells the model when it cannot do what was asked: a kind, words, and what to try instead.

export type FailureKind =
  | 'validation_error'
  | 'not_found'
  | 'permission_denied'
  | 'conflict'
  | 'rate_limited'
  | 'timeout'
  | 'upstream_error'
  | 'internal_error'

/** Becomes an `isError` result. `details`: facts for programs. Never carries a stack or a secret. */
export class Failure extends Error {
  readonly kind: FailureKind
  readonly suggestion: string
  readonly details: Record<string, unknown>

  constructor(kind: FailureKind, message: string, suggestion: string, details: Record<string, unknown> = {}) {
    super(message)
    this.kind = kind
    this.suggestion = suggestion
    this.details = details
  }
}

/** Anything thrown that nobody foresaw. What it was is for the log alone. */
export function unforeseen(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure('internal_error', 'Something went wrong.', 'Look at the log of this server.')
}
