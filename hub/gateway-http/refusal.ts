// Why an HTTP request is turned away before any frame of it reaches a link.
import { HubError } from '../error.ts'
import { RpcError } from '../gateway/route.ts'

export class HttpRefusal extends Error {
  readonly status: number
  /** JSON-RPC's code. */
  readonly code: number
  readonly headers: Record<string, string>

  constructor(status: number, message: string, code = -32000, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** Anything thrown, as the client is told. */
export function asRefusal(error: unknown): {
  status: number
  code: number
  message: string
  headers: Record<string, string>
  data?: unknown
} {
  if (error instanceof HttpRefusal) return error
  if (error instanceof RpcError)
    return {
      status: error.code === -32601 ? 404 : 400,
      code: error.code,
      message: error.message,
      headers: {},
      data: error.data,
    }
  const message =
    error instanceof HubError && error.hint
      ? `${error.message} ${error.hint}`
      : error instanceof Error
        ? error.message
        : String(error)
  const status =
    error instanceof HubError && error.code === 'server/unknown' ? 404 : error instanceof HubError ? 429 : 500
  return { status, code: -32000, message, headers: {} }
}
