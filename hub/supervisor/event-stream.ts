// Cuts an HTTP event stream into its events, with a limit: a longer event is dropped whole.

export interface StreamEvent {
  /** `message` unless named otherwise. */
  type: string
  data: string
  /** All its lines as they came. */
  text: string
}

const KEPT_CHARACTERS = 4_096

export class Events {
  readonly #limit: number
  readonly #onEvent: (event: StreamEvent) => void | Promise<void>
  readonly #onTooLong: (bytes: number, head: string) => void
  readonly #decoder = new TextDecoder()
  #lines: string[] = []
  /** Of the line that has not ended yet. */
  #parts: string[] = []
  #lineLength = 0
  /** Of the whole event so far. */
  #characters = 0
  #isDropping = false
  #head = ''
  #heldReturn = ''

  constructor(
    limit: number,
    onEvent: (event: StreamEvent) => void | Promise<void>,
    onTooLong: (characters: number, head: string) => void,
  ) {
    this.#limit = limit
    this.#onEvent = onEvent
    this.#onTooLong = onTooLong
  }

  /** Resolves once every event of the chunk was taken. */
  async push(chunk: Uint8Array): Promise<void> {
    let text = this.#heldReturn + this.#decoder.decode(chunk, { stream: true })
    // A return at the end may be half of a line end.
    this.#heldReturn = text.endsWith('\r') ? '\r' : ''
    if (this.#heldReturn) text = text.slice(0, -1)
    const [first, ...more] = text.split(/\r\n|\n|\r/)
    this.#add(first!)
    for (const piece of more) {
      if (this.#lineLength > 0) this.#endLine()
      else await this.#endEvent()
      this.#add(piece)
    }
  }

  #add(piece: string): void {
    if (piece === '') return
    this.#lineLength += piece.length
    this.#characters += piece.length
    if (this.#isDropping) return
    this.#parts.push(piece)
    if (this.#characters <= this.#limit) return
    this.#isDropping = true
    this.#head = [...this.#lines, this.#parts.join('')].join('\n').slice(0, KEPT_CHARACTERS)
    this.#lines = []
    this.#parts = []
  }

  #endLine(): void {
    if (!this.#isDropping) this.#lines.push(this.#parts.join(''))
    this.#parts = []
    this.#lineLength = 0
  }

  async #endEvent(): Promise<void> {
    const [lines, wasDropped, characters, head] = [this.#lines, this.#isDropping, this.#characters, this.#head]
    this.#lines = []
    this.#characters = 0
    this.#isDropping = false
    if (wasDropped) this.#onTooLong(characters, head)
    else if (lines.length > 0) await this.#onEvent(eventOf(lines))
  }
}

function eventOf(lines: string[]): StreamEvent {
  const values = (name: string) =>
    lines
      .filter(line => line === name || line.startsWith(`${name}:`))
      .map(line => line.slice(name.length + 1).replace(/^ /, ''))
  return { type: values('event').at(-1) || 'message', data: values('data').join('\n'), text: `${lines.join('\n')}\n\n` }
}
