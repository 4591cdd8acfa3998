// The embedded database, in a thread of its own: a statement that does not end is ended with the thread, and the server goes on.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'
import { Failure } from '../kit/failure.ts'
import type { Settings } from '../kit/settings.ts'
import { type Ask, type Asking, beginning, type Database, type Rows } from './database.ts'
import type { Answered, Asked } from './embedded-worker.ts'
import type { SETTINGS } from './settings.ts'

/** The first time an embedded database is made, it sets itself up. */
const OPEN_MS = 120_000

export class Embedded implements Database {
  readonly title = 'the embedded database'
  readonly #folder: string | undefined
  readonly #timeoutMs: number
  #thread: Thread | undefined
  #lock: Sqlite.Database | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor({ EMBEDDED_FOLDER, STATEMENT_TIMEOUT_MS }: Settings<typeof SETTINGS>) {
    this.#folder = EMBEDDED_FOLDER
    this.#timeoutMs = STATEMENT_TIMEOUT_MS
  }

  /** One after the other: it has one session. */
  transaction<T>(o: Asking, work: (ask: Ask) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#transaction(o, work))
    this.#last = turn.catch(() => {})
    return turn
  }

  async #transaction<T>({ readOnly, keep, signal }: Asking, work: (ask: Ask) => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    const thread = await this.#opened()
    const ask: Ask = async (sql, params = []) => {
      signal.throwIfAborted()
      return this.#ended(thread, { sql, params: [...params] })
    }
    const plain = (sql: string) => this.#ended(thread, { sql, params: null })
    try {
      await plain(beginning(readOnly, this.#timeoutMs))
      const result = await work(ask)
      await plain(keep ? 'COMMIT' : 'ROLLBACK')
      return result
    } catch (error) {
      if (thread === this.#thread) await plain('ROLLBACK')
      throw error
    } finally {
      if (thread === this.#thread) await plain('DISCARD ALL')
    }
  }

  async #ended(thread: Thread, asked: Asked): Promise<Rows> {
    const answered = await thread.ask(asked, this.#timeoutMs)
    if (answered) return answered
    const isFull = thread.isOver
    this.#thread = undefined
    await thread.end()
    const what = isFull ? 'had no memory left for this' : `did not end this in ${this.#timeoutMs / 1000} s`
    const loss = this.#folder ? '' : ' What it held in memory is gone.'
    throw new Failure(
      isFull ? 'validation_error' : 'timeout',
      `The embedded database ${what}, and was started anew.${loss}`,
      'Ask for less: a narrower condition, a limit.',
    )
  }

  async #opened(): Promise<Thread> {
    if (this.#thread && !this.#thread.isOver) return this.#thread
    if (this.#folder) this.#lock ??= lockOf(this.#folder)
    const thread = new Thread(this.#folder)
    if (!(await thread.ask({ sql: 'SELECT 1', params: [] }, OPEN_MS))) {
      await thread.end()
      throw new Failure('timeout', 'The embedded database does not open.', 'Try again, or set DATABASE_URL.')
    }
    this.#thread = thread
    return thread
  }

  async close(): Promise<void> {
    await this.#last
    await this.#thread?.end()
    this.#lock?.close()
  }
}

/** Two processes in one folder would ruin it. The system lets go of it when this process ends, however it ends. */
function lockOf(folder: string): Sqlite.Database {
  mkdirSync(dirname(folder), { recursive: true })
  const lock = new Sqlite(`${folder.replace(/[\\/]+$/, '')}.lock`, { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch {
    lock.close()
    throw new Failure(
      'conflict',
      'Another process uses the embedded database of this folder.',
      'End that one, or ask the person to name another EMBEDDED_FOLDER.',
    )
  }
}

/** One question at a time. */
class Thread {
  readonly #worker: Worker
  #answer: ((answered: Answered | null) => void) | undefined
  /** It ended by itself: what was asked took all its memory. */
  isOver = false

  constructor(folder: string | undefined) {
    this.#worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), {
      workerData: { folder },
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    })
    this.#worker.unref()
    this.#worker.on('message', answered => this.#answer?.(answered))
    this.#worker.on('error', () => {})
    this.#worker.on('exit', () => {
      this.isOver = true
      this.#answer?.(null)
    })
  }

  /** Null when there is no answer in time. Throws what the database says. */
  async ask(asked: Asked, withinMs: number): Promise<Rows | null> {
    const answered = await new Promise<Answered | null>(resolve => {
      if (this.isOver) return resolve(null)
      const late = setTimeout(resolve, withinMs, null)
      this.#answer = answered => {
        clearTimeout(late)
        resolve(answered)
      }
      this.#worker.postMessage(asked)
    })
    if (answered && 'error' in answered) throw Object.assign(new Error(answered.error.message), answered.error)
    return answered
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}
