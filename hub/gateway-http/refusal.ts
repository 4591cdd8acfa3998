// Why an HTTP request is turned away before any frame of it reaches a link.
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
