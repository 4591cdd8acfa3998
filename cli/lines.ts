// Cuts a byte stream into lines, as bytes and with the newline, so that they go on as they came. What is not ended yet is kept.
const NEWLINE = 10

export class Lines {
  #kept: Buffer[] = []

  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = []
    let at = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      const part = chunk.subarray(at, end + 1)
      lines.push(this.#kept.length === 0 ? part : Buffer.concat([...this.#kept, part]))
      this.#kept = []
      at = end + 1
    }
    if (at < chunk.length) this.#kept.push(chunk.subarray(at))
    return lines
  }

  /** What was not ended by a newline, and forgets it. */
  flush(): Buffer {
    const rest = Buffer.concat(this.#kept)
    this.#kept = []
    return rest
  }
}
