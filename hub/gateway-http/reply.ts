// One HTTP response: a single JSON answer, or an event stream as soon as something else goes before it.

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { inOneLine, memberAt } from '../../contract/wire.ts'

const KEEP_ALIVE_MS = 15_000
/** Who does not read is cut off. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024

/** Answers of the modern era say with the status, too, what went wrong. */
const STATUS: Record<number, number> = { [-32601]: 404, [-32020]: 400, [-32021]: 400, [-32022]: 400 }

export class Reply {
  readonly #response: ServerResponse
  readonly #headers: Record<string, string>
  readonly #isModern: boolean
  #beat: NodeJS.Timeout | undefined

  constructor(response: ServerResponse, headers: Record<string, string>, isModern: boolean) {
    this.#response = response
    this.#headers = headers
    this.#isModern = isModern
    response.once('close', () => clearInterval(this.#beat))
  }

  get isOver(): boolean {
    return this.#response.writableEnded || this.#response.destroyed
  }

  /** From now on an event stream. */
  stream(): void {
    if (this.#response.headersSent) return
    this.#response.writeHead(200, {
      ...this.#headers,
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    this.#response.flushHeaders()
    this.#beat = setInterval(() => this.#response.write(': still here\n\n'), KEEP_ALIVE_MS)
  }

  /** Something that goes before the answer. A promise: the reader is slow. */
  event(frame: string): void | Promise<void> {
    if (this.isOver) return
    this.stream()
    const isTaken = this.#response.write(`data: ${inOneLine(frame)}\n\n`)
    if (isTaken) return
    if (this.#response.writableLength > MOST_WAITING_BYTES) return void this.#response.destroy()
    return Promise.race([once(this.#response, 'drain'), once(this.#response, 'close')]).then(
      () => {},
      () => {},
    )
  }

  /** The answer; nothing follows. */
  answer(frame: string): void {
    if (this.isOver) return
    clearInterval(this.#beat)
    if (this.#response.headersSent) return void this.#response.end(`data: ${inOneLine(frame)}\n\n`)
    const code = this.#isModern ? memberAt(frame, ['error', 'code']) : undefined
    const status = code ? (STATUS[Number(frame.slice(code.start, code.end))] ?? 200) : 200
    const body = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(frame) }
    this.#response.writeHead(status, { ...this.#headers, ...body }).end(frame)
  }

  end(status: number): void {
    if (this.isOver) return
    clearInterval(this.#beat)
    if (!this.#response.headersSent) this.#response.writeHead(status, this.#headers)
    this.#response.end()
  }
}
