// What the hub throws: a code for programs, a message and a hint for people.
import type { Problem } from '../contract/procedure.ts'

/** `code`: `part/what-happened`. `message`: what failed, on what. `hint`: what to do next. */
export class HubError extends Error {
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'HubError'
    this.code = code
    this.hint = options.hint
  }
}

/** Anything thrown, as what people are told. */
export function problemOf(error: unknown): Problem {
  if (error instanceof HubError)
    return { code: error.code, message: error.message, ...(error.hint ? { hint: error.hint } : {}) }
  return { code: 'hub/unexpected', message: error instanceof Error ? error.message : String(error) }
}

/** For the default branch of a switch that must name every kind. */
export function assertNever(value: never): never {
  throw new Error(`Not expected here: ${JSON.stringify(value)}`)
}
