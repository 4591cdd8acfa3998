// What a server said: the last lines in memory, and a file on disk that rotates. Secrets are removed before either.
import { renameSync } from 'node:fs'
import { appendFile, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogLine } from '../../contract/servers.ts'
import { KeyLines } from '../vault/key-lines.ts'
import { REMOVED } from '../vault/shapes.ts'

const RING_LINES = 1_000
const FILE_BYTES = 1_000_000
const FILES = 3
const FLUSH_MS = 200
const LINE_CHARS = 8_000
/** A server that floods costs no more than a burst of so many, and so many a second after; what is over is counted and said. */
const BURST_LINES = 1_000
const LINES_PER_SECOND = 100

export class Logs {
  readonly #file: string
  readonly #folder: string
  readonly #redact: (text: string) => string
  readonly #ring: LogLine[] = []
  readonly #followers = new Set<(line: LogLine) => void>()
  #waiting: string[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #fileBytes: number | undefined
  #room = BURST_LINES
  #roomAtMs = 0
  #skipped = 0
  readonly #keys = { stderr: new KeyLines(), stdout: new KeyLines(), gatehouse: new KeyLines() }

  constructor(folder: string, file: string, redact: (text: string) => string) {
    this.#folder = folder
    this.#file = join(folder, file)
    this.#redact = redact
  }

  add(stream: LogLine['stream'], said: string): void {
    const text = this.#keys[stream].hides(said) ? REMOVED : said
    if (stream !== 'gatehouse' && !this.#hasRoom()) {
      this.#skipped++
      return
    }
    this.#keep(stream, text)
  }

  last(count: number): LogLine[] {
    return count > 0 ? this.#ring.slice(-count) : []
  }

  /** The last lines of stderr since `at`, as evidence. */
  stderrSince(at: number): string[] {
    return this.#ring.filter(line => line.stream === 'stderr' && line.at >= at).map(line => line.text)
  }

  follow(follower: (line: LogLine) => void): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    this.#saySkipped()
    this.#flush()
    await this.#writing
  }

  #hasRoom(): boolean {
    const now = performance.now()
    this.#room = Math.min(BURST_LINES, this.#room + ((now - this.#roomAtMs) / 1_000) * LINES_PER_SECOND)
    this.#roomAtMs = now
    if (this.#room < 1) return false
    // After a flood a whole second's lines at once, so that what is said in between is said once a second.
    if (this.#skipped > 0 && this.#room < LINES_PER_SECOND) return false
    this.#saySkipped()
    this.#room--
    return true
  }

  #saySkipped(): void {
    if (this.#skipped === 0) return
    const skipped = this.#skipped
    this.#skipped = 0
    this.#keep('gatehouse', `${skipped} lines were left out: it says more than can be kept.`)
  }

  #keep(stream: LogLine['stream'], text: string): void {
    // Redacted whole and cut after, so that no secret is cut in two and missed.
    const clean = this.#redact(text)
    const shown = clean.length > LINE_CHARS ? `${clean.slice(0, LINE_CHARS)} … (${clean.length} characters)` : clean
    const line: LogLine = { at: Date.now(), stream, text: shown }
    this.#ring.push(line)
    if (this.#ring.length > RING_LINES * 1.5) this.#ring.splice(0, this.#ring.length - RING_LINES)
    for (const follower of this.#followers) follower(line)
    this.#waiting.push(`${new Date(line.at).toISOString()} ${stream} ${shown}\n`)
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const text = this.#waiting.join('')
    this.#waiting = []
    // A log that cannot be written must not stop a server; its lines are still in memory.
    if (text) this.#writing = this.#writing.then(() => this.#write(text)).catch(() => {})
  }

  async #write(text: string): Promise<void> {
    if (this.#fileBytes === undefined) {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      this.#fileBytes = await stat(this.#file).then(
        s => s.size,
        () => 0,
      )
    }
    if (this.#fileBytes > 0 && this.#fileBytes + text.length > FILE_BYTES) this.#rotate()
    await appendFile(this.#file, text, { mode: 0o600 })
    this.#fileBytes += Buffer.byteLength(text)
  }

  /** x.log → x.log.1 → x.log.2 → gone. */
  #rotate(): void {
    for (let n = FILES - 1; n > 0; n--) {
      try {
        renameSync(n === 1 ? this.#file : `${this.#file}.${n - 1}`, `${this.#file}.${n}`)
      } catch {
        // There are not that many yet.
      }
    }
    this.#fileBytes = 0
  }
}
