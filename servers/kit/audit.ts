// A line for each call over HTTP. What cannot be written waits, in order; when too many wait, calls are refused: none is lost.
import { randomUUID } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from './log.ts'

export type WriteLines = (text: string) => Promise<void>

interface Options {
  log: Log
  most: number
  batchMs?: number
}

const BATCH_MS = 1_000
const BATCH_LINES = 200
const LONGEST_WAIT_MS = 10_000

export class Audit {
  readonly #write: WriteLines
  readonly #log: Log
  readonly #most: number
  readonly #batchMs: number
  #waiting: string[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #failures = 0

  constructor(write: WriteLines, { log, most, batchMs = BATCH_MS }: Options) {
    this.#write = write
    this.#log = log
    this.#most = most
    this.#batchMs = batchMs
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Then no call may begin: there would be no place for its line. */
  get isFull(): boolean {
    return this.#waiting.length >= this.#most
  }

  note(line: Record<string, unknown>, { atOnce }: { atOnce: boolean }): void {
    // By the id whoever takes them drops one that comes twice, its answer having been lost.
    const told = { id: randomUUID(), time: new Date().toISOString(), ...line }
    const text = this.#log.redact(JSON.stringify(told))
    this.#waiting.push(text)
    if (atOnce || this.#waiting.length >= BATCH_LINES) void this.#flush()
    else this.#timer ??= setTimeout(() => void this.#flush(), this.#batchMs)
  }

  /** What still waits when its time is over is written to stderr: someone has it. */
  async close(withinMs: number): Promise<void> {
    const done = this.#flush()
    const late = new AbortController()
    await Promise.race([done, sleep(withinMs, undefined, { signal: late.signal }).catch(() => {})])
    late.abort()
    if (this.#waiting.length === 0) return
    this.#log.say('error', 'the audit could not be written; its lines follow', { lines: this.#waiting.length })
    process.stderr.write(`${this.#waiting.join('\n')}\n`)
    this.#waiting = []
  }

  #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing ??= this.#empty().finally(() => {
      this.#writing = undefined
      // Noted while the last one ended.
      if (this.#waiting.length > 0) void this.#flush()
    })
    return this.#writing
  }

  async #empty(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH_LINES)
      try {
        await this.#write(`${batch.join('\n')}\n`)
        this.#waiting.splice(0, batch.length)
        if (this.#failures > 0) this.#log.say('warn', 'the audit is written again', { lines: batch.length })
        this.#failures = 0
      } catch (error) {
        const why = error instanceof Error ? error.message : `${error}`
        if (this.#failures++ === 0)
          this.#log.say('error', 'the audit cannot be written; its lines wait', { why, most: this.#most })
        await sleep(Math.min(250 * 2 ** Math.min(this.#failures, 8), LONGEST_WAIT_MS))
      }
    }
  }
}

/** By AUDIT_TO: stdout, a file, or an address. */
export function writerTo(target: string): WriteLines {
  if (target === 'stdout')
    return text =>
      new Promise((resolve, reject) => process.stdout.write(text, error => (error ? reject(error) : resolve())))
  if (target.startsWith('/')) return toFile(target)
  return async body => {
    const headers = { 'content-type': 'application/x-ndjson' }
    const signal = AbortSignal.timeout(5_000)
    const answer = await fetch(target, { method: 'POST', body, headers, signal, redirect: 'error' })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
  }
}

/** What was cut off by a full disk is ended first, so that it takes no whole line with it. */
function toFile(path: string): WriteLines {
  let isCut = false
  return async text => {
    const lines = isCut ? `\n${text}` : text
    isCut = true
    await appendFile(path, lines, { mode: 0o600, flush: true })
    isCut = false
  }
}
