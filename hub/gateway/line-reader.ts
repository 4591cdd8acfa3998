// Cuts a byte stream into lines of valid UTF-8, each of bounded length. Bytes become text here and nowhere else.
import { HubError } from '../error.ts'

const MAX_LINE_BYTES = 64 * 1024 * 1024
const NEWLINE = 10

export interface LineReaderOptions {
  onLine: (line: string) => void
  /** Too long, or not UTF-8. That line is dropped; the ones after it are read on. */
  onProblem: (problem: HubError) => void
  maxBytes?: number
}

/** Feed it chunks as they come. Empty lines are skipped, a carriage return before the newline is taken off. */
export class LineReader {
  readonly #options: LineReaderOptions
  readonly #maxBytes: number
  // A byte order mark stays in the text, so that whoever parses the line refuses it.
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #parts: Uint8Array[] = []
  #bytes = 0
  #skipping = false

  constructor(options: LineReaderOptions) {
    this.#options = options
    this.#maxBytes = options.maxBytes ?? MAX_LINE_BYTES
  }

  push(chunk: Uint8Array): void {
    let at = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      this.#keep(chunk.subarray(at, end))
      this.#finish()
      at = end + 1
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at))
  }

  #keep(part: Uint8Array): void {
    if (this.#skipping) return
    this.#bytes += part.length
    this.#parts.push(part)
    if (this.#bytes <= this.#maxBytes) return
    this.#skipping = true
    this.#parts = []
    const limit = `${Math.round(this.#maxBytes / 1024 / 1024)} MB`
    this.#options.onProblem(new HubError('line/too-long', `A line is longer than ${limit}.`))
  }

  #finish(): void {
    const parts = this.#parts
    const skipped = this.#skipping
    this.#parts = []
    this.#bytes = 0
    this.#skipping = false
    if (skipped) return
    const line = this.#decode(parts.length === 1 ? parts[0]! : Buffer.concat(parts))
    if (line) this.#options.onLine(line)
  }

  #decode(bytes: Uint8Array): string | undefined {
    const length = bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length
    try {
      return this.#decoder.decode(bytes.subarray(0, length))
    } catch (cause) {
      this.#options.onProblem(new HubError('line/not-utf8', 'A line is not valid UTF-8.', { cause }))
      return undefined
    }
  }
}
