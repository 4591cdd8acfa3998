// How much one client may have waiting here: what it asks at once, and what it leaves unread, is not to fill the hub's memory.

const MOST_IN_FLIGHT = 1_000
/** Of answers that a client leaves unread. */
const MOST_UNREAD_CHARS = 256 * 1_048_576
/** Of requests that wait for their answers. */
const MOST_ASKED_CHARS = 128 * 1_048_576

export class Room {
  #unread = 0
  #unreadChars = 0
  #askedChars = 0

  /** Why one more request has no room; null when it has. */
  whyFull(inFlight: number, request: string): string | null {
    if (inFlight + this.#unread >= MOST_IN_FLIGHT) return `More than ${MOST_IN_FLIGHT} requests wait already.`
    if (this.#askedChars === 0 || this.#askedChars + request.length <= MOST_ASKED_CHARS) return null
    return `Requests of more than ${MOST_ASKED_CHARS / 1_048_576} MB wait already.`
  }

  asks(request: string): void {
    this.#askedChars += request.length
  }

  asksNoMore(request: string): void {
    this.#askedChars -= request.length
  }

  /** Why an answer is not kept for a client that does not read; null when it is. */
  whyDropped(answer: string): string | null {
    if (this.#unread === 0 || this.#unreadChars + answer.length <= MOST_UNREAD_CHARS) return null
    const mb = Math.max(1, Math.round(answer.length / 1_048_576))
    return `The request was carried out, but its answer of ${mb} MB was dropped: this client leaves 256 MB of answers unread. Ask for less at a time.`
  }

  /** Counts an answer as unread until it is written. */
  holds(answer: string, written: void | Promise<void>): void {
    if (!written) return
    this.#unread++
    this.#unreadChars += answer.length
    const done = () => {
      this.#unread--
      this.#unreadChars -= answer.length
    }
    void written.then(done, done)
  }
}
