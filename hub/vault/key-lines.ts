// Private keys that arrive line by line, as logs do: each line alone looks like nothing.

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/
/** Its body, also behind what a logger puts before each line, and what may stand above that; of a line without blanks at its ends. */
const PART = /^(?:[A-Za-z0-9+/=]*|(?:Proc-Type|DEK-Info|Version|Comment|Hash): .*)$|[\s:|>][A-Za-z0-9+/=]{32,}$/
/** No key has more lines. */
const MOST_LINES = 300

export class KeyLines {
  #left = 0

  /** Whether this line belongs to a key that an earlier one began. To be asked of every line, in order. */
  hides(line: string): boolean {
    if (this.#left > 0) {
      const isEnd = END.test(line)
      this.#left = isEnd ? 0 : this.#left - 1
      if (isEnd || PART.test(line.trim())) return true
      this.#left = 0
    }
    if (line.includes('-----BEGIN ') && BEGIN.test(line) && !END.test(line)) this.#left = MOST_LINES
    return false
  }
}
