// Text frames to and from the hub, one a line, over its local socket.
import { connect, type Socket } from 'node:net'

const NEWLINE = 10
const MAX_FRAME_BYTES = 64 * 1024 * 1024
const CONNECT_MS = 5_000

/** One connection. Exactly one listener takes the frames; what comes before there is one waits. */
export class Line {
  readonly #socket: Socket
  readonly #waiting: string[] = []
  #listener: ((frame: string) => void) | undefined
  #parts: Buffer[] = []
  #bytes = 0
  readonly closed: Promise<void>

  constructor(socket: Socket) {
    this.#socket = socket
    this.closed = new Promise(resolve => socket.once('close', () => resolve()))
    socket.on('error', () => socket.destroy())
    socket.on('data', chunk => this.#take(chunk))
  }

  get isOpen(): boolean {
    return this.#socket.writable
  }

  /** A frame is JSON text, which has no newline of its own; one that has would be two frames, so it is refused. */
  send(frame: string): void {
    if (!frame.includes('\n') && this.#socket.writable) this.#socket.write(`${frame}\n`)
  }

  listen(listener: (frame: string) => void): void {
    this.#listener = listener
    for (const frame of this.#waiting.splice(0)) listener(frame)
  }

  /** The next frame, or a failure when the line closes first. */
  next(deadlineMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const end = (act: () => void) => {
        clearTimeout(late)
        this.#listener = undefined
        act()
      }
      const late = setTimeout(() => end(() => reject(new Error('The hub does not answer.'))), deadlineMs)
      void this.closed.then(() => end(() => reject(new Error('The hub closed the connection.'))))
      const first = this.#waiting.shift()
      if (first === undefined) this.#listener = frame => end(() => resolve(frame))
      else end(() => resolve(first))
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    let at = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      this.#keep(chunk.subarray(at, end))
      const frame = Buffer.concat(this.#parts).toString('utf8')
      this.#parts = []
      this.#bytes = 0
      at = end + 1
      if (this.#listener) this.#listener(frame)
      else this.#waiting.push(frame)
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at))
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length
    if (this.#bytes > MAX_FRAME_BYTES) this.#socket.destroy()
    else this.#parts.push(part)
  }
}

/** Rejects when nobody listens there. */
export function openLine(path: string): Promise<Line> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const late = setTimeout(() => socket.destroy(new Error(`Nobody answers at ${path}.`)), CONNECT_MS)
    socket.once('error', reject)
    socket.once('connect', () => {
      clearTimeout(late)
      socket.off('error', reject)
      resolve(new Line(socket))
    })
    socket.once('close', () => clearTimeout(late))
  })
}
