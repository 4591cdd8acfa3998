// What a server says to a client that does not read: it is held back for a moment, so that nothing is lost and nothing
// piles up; then the client is behind, and the others who use that server wait for it no longer.

const HOLDS_ABOVE_CHARS = 1_048_576
const HOLD_MS = 1_000
/** Of a client that is behind; what comes on top is dropped until it has read. */
const MOST_CHARS = 16 * 1_048_576

export class UnreadNotes {
  #chars = 0
  #isBehind = false
  #hold: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #release = () => {}

  /** This one has no room. */
  isFull(note: string): boolean {
    return this.#isBehind && this.#chars + note.length > MOST_CHARS
  }

  /** Counts it until it is written. A promise: the server is to wait for it. */
  holds(note: string, written: void | Promise<void>): void | Promise<void> {
    if (!written) return
    this.#chars += note.length
    const done = () => {
      this.#chars -= note.length
      if (this.#chars <= HOLDS_ABOVE_CHARS) this.#goOn(false)
    }
    void written.then(done, done)
    if (this.#isBehind || this.#chars <= HOLDS_ABOVE_CHARS) return
    this.#hold ??= new Promise(resolve => {
      this.#release = resolve
      this.#timer = setTimeout(() => this.#goOn(true), HOLD_MS).unref()
    })
    return this.#hold
  }

  #goOn(isBehind: boolean): void {
    this.#isBehind = isBehind
    clearTimeout(this.#timer)
    this.#hold = undefined
    this.#release()
  }
}
