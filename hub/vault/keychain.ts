// The OS keychain with a deadline on every access. One access at a time: a hanging one must not take all native threads.
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { HubError } from '../error.ts'
import type { KeychainAnswer, KeychainRequest } from './keychain-worker.ts'

/** Why an access failed: no keychain here, locked, refused by the person, or no answer in time. */
export type KeychainFailure = 'missing' | 'locked' | 'denied' | 'waiting'

export class KeychainError extends HubError {
  readonly kind: KeychainFailure

  constructor(kind: KeychainFailure, detail: string) {
    super(`vault/${kind}`, `${SENTENCES[kind]}${detail ? ` (${detail})` : ''}`, { hint: keychainHint(kind) })
    this.kind = kind
  }
}

const SENTENCES: Record<KeychainFailure, string> = {
  missing: 'There is no keychain to keep secrets in.',
  locked: 'Your keychain is locked.',
  denied: 'Your keychain did not let Gatehouse in.',
  waiting: 'Your keychain did not answer in time.',
}

/** What to do about it on this platform. */
export function keychainHint(kind: KeychainFailure, platform: NodeJS.Platform = process.platform): string {
  if (kind === 'locked') return 'Unlock it; Gatehouse goes on by itself.'
  if (kind === 'denied') return 'Unlock it, or allow Gatehouse in its question, then press Try again in Credentials.'
  if (kind === 'waiting')
    return 'Look for a question of your keychain that waits for an answer, perhaps behind other windows.'
  if (platform === 'linux')
    return 'Install and start a secret service (gnome-keyring or KWallet) in your session, or run inside `dbus-run-session` with one; Gatehouse goes on by itself.'
  return 'Log in to a desktop session, where the system’s keychain is available; Gatehouse goes on by itself.'
}

/** The keychain's name on this platform. */
export function keychainName(platform: NodeJS.Platform = process.platform): string {
  if (platform === 'darwin') return 'macOS Keychain'
  if (platform === 'win32') return 'Windows Credential Manager'
  return 'Secret Service'
}

/** What the library said, sorted. It has no codes, so its words decide; anything unknown counts as missing. */
export function failureOf(problem: string): KeychainFailure {
  if (/dismiss|denied|not permitted|cancel|-128\b|-25293\b/i.test(problem)) return 'denied'
  if (/\block|interaction (is )?not allowed|-25308\b/i.test(problem)) return 'locked'
  return 'missing'
}

interface Waiting {
  request: KeychainRequest
  resolve: (value: string | null) => void
  reject: (error: KeychainError) => void
  timer: NodeJS.Timeout
}

export class Keychain {
  readonly #service: string
  readonly #deadlineMs: number
  readonly #queue: Waiting[] = []
  #worker: Worker | null = null
  /** Set while the native call runs, also after its caller gave up. */
  #current: Waiting | null = null
  #closed = false

  constructor(service: string, deadlineMs: number) {
    this.#service = service
    this.#deadlineMs = deadlineMs
    nameTheBus()
  }

  get(account: string): Promise<string | null> {
    return this.#access({ op: 'get', service: this.#service, account })
  }

  async set(account: string, value: string): Promise<void> {
    await this.#access({ op: 'set', service: this.#service, account, value })
  }

  async remove(account: string): Promise<void> {
    await this.#access({ op: 'remove', service: this.#service, account })
  }

  /** The accounts of every entry of this service, whoever remembers them. */
  async accounts(): Promise<string[]> {
    const found = await this.#access({ op: 'list', service: this.#service, account: '' })
    return z.array(z.string()).parse(JSON.parse(found ?? '[]'))
  }

  /** True while a native call has not come back. */
  isBusy(): boolean {
    return this.#current !== null
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const waiting of this.#queue.splice(0)) this.#fail(waiting, new KeychainError('waiting', 'the hub stops'))
    if (!this.#current) {
      await this.#worker?.terminate()
      return
    }
    this.#fail(this.#current, new KeychainError('waiting', 'the hub stops'))
    // A thread inside a native call cannot be ended and would hold up the exit for ever.
    this.#worker?.unref()
    process.once('exit', () => this.#current && process.kill(process.pid, 'SIGKILL'))
  }

  #access(request: KeychainRequest): Promise<string | null> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new KeychainError('waiting', 'the hub stops'))
      const timer = setTimeout(() => this.#giveUp(waiting), this.#deadlineMs)
      const waiting: Waiting = { request, resolve, reject, timer }
      this.#queue.push(waiting)
      this.#next()
    })
  }

  #next(): void {
    if (this.#current) return
    const waiting = this.#queue.shift()
    if (!waiting) {
      this.#worker?.unref()
      return
    }
    this.#current = waiting
    this.#worker ??= this.#startWorker()
    this.#worker.ref()
    this.#worker.postMessage(waiting.request)
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL('./keychain-worker.ts', import.meta.url), { execArgv: [] })
    worker.on('message', (answer: KeychainAnswer) => this.#settle(answer))
    worker.on('error', error => {
      this.#worker = null
      this.#settle({ problem: error instanceof Error ? error.message : String(error) })
    })
    return worker
  }

  #settle(answer: KeychainAnswer): void {
    const waiting = this.#current
    this.#current = null
    if (waiting) {
      clearTimeout(waiting.timer)
      if ('problem' in answer)
        waiting.reject(new KeychainError(failureOf(answer.problem), answer.problem.slice(0, 300)))
      else waiting.resolve(answer.value)
    }
    this.#next()
  }

  #giveUp(waiting: Waiting): void {
    const at = this.#queue.indexOf(waiting)
    if (at >= 0) this.#queue.splice(at, 1)
    else this.#worker?.unref()
    this.#fail(waiting, new KeychainError('waiting', `${Math.round(this.#deadlineMs / 1000)} s`))
  }

  #fail(waiting: Waiting, error: KeychainError): void {
    clearTimeout(waiting.timer)
    waiting.reject(error)
  }
}

// A hub started from a bridge or over SSH may lack the variable although the user's bus is there, or comes with the
// next login. libdbus reads it once in a process's life, so it is set before the first access whether or not it answers.
function nameTheBus(): void {
  if (process.platform !== 'linux' || process.env.DBUS_SESSION_BUS_ADDRESS) return
  const folder = process.env.XDG_RUNTIME_DIR || `/run/user/${process.getuid?.()}`
  process.env.DBUS_SESSION_BUS_ADDRESS = `unix:path=${folder}/bus`
}
