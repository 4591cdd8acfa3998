// Cuts a byte stream into lines, with a limit: a longer line is dropped whole, and only its two ends are kept to say so.

const NEWLINE = 10
const RETURN = 13
/** What is kept of both ends of a dropped line: enough to find an id in. */
const KEPT_BYTES = 4_096

export interface TooLong {
  bytes: number
  head: Buffer
  tail: Buffer
}

export class Lines {
  readonly #limit: number
  readonly #onLine: (line: Buffer) => void
  readonly #onTooLong: (line: TooLong) => void
  #parts: Buffer[] = []
  #bytes = 0
  #dropped: TooLong | undefined

  constructor(limitBytes: number, onLine: (line: Buffer) => void, onTooLong: (line: TooLong) => void) {
    this.#limit = limitBytes
    this.#onLine = onLine
    this.#onTooLong = onTooLong
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      const end = chunk.indexOf(NEWLINE, at)
      this.#add(end < 0 ? chunk.subarray(at) : chunk.subarray(at, end))
      if (end < 0) return
      this.#finish()
      at = end + 1
    }
  }

  /** The stream ended: what stood behind the last line end, as a line of its own. */
  end(): Buffer | null {
    if (this.#dropped) this.#finish()
    const rest = this.#bytes > 0 ? Buffer.concat(this.#parts) : null
    this.#parts = []
    this.#bytes = 0
    return rest
  }

  #add(part: Buffer): void {
    if (part.length === 0) return
    if (this.#dropped) {
      this.#dropped.bytes += part.length
      this.#dropped.tail = lastOf(Buffer.concat([this.#dropped.tail, lastOf(part)]))
      return
    }
    this.#parts.push(part)
    this.#bytes += part.length
    if (this.#bytes <= this.#limit) return
    const whole = Buffer.concat(this.#parts)
    // Copies, so that the dropped bytes are not kept alive by two small windows on them.
    this.#dropped = {
      bytes: whole.length,
      head: Buffer.from(whole.subarray(0, KEPT_BYTES)),
      tail: Buffer.from(lastOf(whole)),
    }
    this.#parts = []
    this.#bytes = 0
  }

  #finish(): void {
    if (this.#dropped) {
      const dropped = this.#dropped
      this.#dropped = undefined
      this.#onTooLong(dropped)
      return
    }
    const line = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
    this.#parts = []
    this.#bytes = 0
    this.#onLine(line.at(-1) === RETURN ? line.subarray(0, -1) : line)
  }
}

function lastOf(bytes: Buffer): Buffer {
  return bytes.length > KEPT_BYTES ? bytes.subarray(bytes.length - KEPT_BYTES) : bytes
}
