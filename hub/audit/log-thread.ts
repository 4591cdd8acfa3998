// One worker thread of the log, asked and answered by number.
import { Worker } from 'node:worker_threads'
import { HubError } from '../error.ts'
import type { Ask, Reply, Task } from './worker-messages.ts'

export class LogThread {
  #worker: Worker
  #asked = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  #count = 0
  #gone: Error | null = null

  /** `standsBack`: it only reads, and calls come first. */
  constructor(folder: string, o: { standsBack: boolean }) {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { folder, ...o } })
    this.#worker.on('message', (reply: Reply) => this.#answer(reply))
    this.#worker.on('error', error => this.#end(error))
    this.#worker.on('exit', code => this.#end(new Error(`The log's thread ended (${code}).`)))
  }

  /** It ended by itself: out of memory, for one. */
  get isGone(): boolean {
    return this.#gone !== null
  }

  /** The answer is of the kind the task asks for; worker.ts and this file are one part. */
  ask<T>(task: Task): Promise<T> {
    if (this.#gone) return Promise.reject(this.#gone)
    const n = ++this.#count
    return new Promise<T>((resolve, reject) => {
      this.#asked.set(n, { resolve: value => resolve(value as T), reject })
      this.#worker.postMessage({ n, task } satisfies Ask)
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #answer(reply: Reply): void {
    const waiting = this.#asked.get(reply.n)
    this.#asked.delete(reply.n)
    if ('value' in reply) waiting?.resolve(reply.value)
    else {
      const { code, message, hint } = reply.problem
      waiting?.reject(new HubError(code, message, hint ? { hint } : {}))
    }
  }

  #end(error: Error): void {
    this.#gone ??= error
    for (const { reject } of this.#asked.values()) reject(this.#gone)
    this.#asked.clear()
  }
}
