// Numbers for Prometheus, while a person wants them: counted and given out from then on, and not at all before.
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileSync } from 'atomically'
import { z } from 'zod'
import type { AuditEvent } from '../../contract/audit.ts'
import type { MetricsStatus } from '../../contract/metrics.ts'
import type { Announcer } from '../announce.ts'
import { HubError, problemOf } from '../error.ts'
import type { Sealed } from '../store/sealed.ts'
import { type MetricsListener, openListener } from './listener.ts'
import type { Numbers, Readings } from './numbers.ts'

interface Options extends Readings {
  folder: string
  sealed: Sealed
  announcer: Announcer
}

/** A row, or what makes it. */
type Row = AuditEvent | (() => AuditEvent)

interface Log {
  append(row: Row, o: { durable: boolean }): Promise<void>
}

const Setting = z.object({ on: z.boolean(), port: z.number() })
const DEFAULT_PORT = 9464
const RETRY_MS = 10_000
const TOKEN = /^[\w-]{43}$/

export class Metrics {
  readonly #o: Options
  readonly #tokenFile: string
  #numbers: Numbers | null = null
  #open: MetricsListener | null = null
  #problem: string | null = null
  #retry: NodeJS.Timeout | undefined
  /** One opening or closing after the other. */
  #queue: Promise<void> = Promise.resolve()
  #isClosed = false
  readonly #again = () => void this.#sync()
  readonly #asked = (id: string) => this.#numbers?.asked(id)
  readonly #approvalChanged = (id: string) => this.#numbers?.approvalChanged(id)
  readonly #serversChanged = () => this.#numbers?.serversChanged()

  constructor(options: Options) {
    this.#o = options
    this.#tokenFile = join(options.folder, 'metrics-token')
  }

  /** As it was when the hub ended; a keychain that comes late has its say when it comes. */
  begin(): Promise<void> {
    this.#o.announcer
      .on('vault/changed', this.#again)
      .on('approvals/asked', this.#asked)
      .on('approvals/changed', this.#approvalChanged)
      .on('servers/changed', this.#serversChanged)
      .on('config/changed', this.#serversChanged)
    return this.#sync()
  }

  status(): MetricsStatus {
    const { on, port } = this.#setting()
    const url = this.#open ? `http://127.0.0.1:${this.#open.port}/metrics` : null
    return { on, port, url, tokenFile: this.#open ? this.#tokenFile : null, problem: on ? this.#problem : null }
  }

  /** Throws HubError when the port is not to be had; then nothing is changed. */
  async set(on: boolean, port = this.#setting().port): Promise<void> {
    const before = this.#setting()
    this.#o.sealed.put('metrics', 'setting', { on, port })
    await this.#sync()
    if (!on || !this.#problem) return
    const problem = this.#problem
    this.#o.sealed.put('metrics', 'setting', before)
    await this.#sync()
    throw new HubError('metrics/port', problem, { hint: 'Choose another port.' })
  }

  /** The log as the gateway writes it, counted on the way. Costs one look while nobody wants the numbers. */
  counted(log: Log): Log {
    return {
      append: (row, o) => {
        const numbers = this.#numbers
        return numbers ? countedAppend(log, numbers, row, o) : log.append(row, o)
      },
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#o.announcer
      .off('vault/changed', this.#again)
      .off('approvals/asked', this.#asked)
      .off('approvals/changed', this.#approvalChanged)
      .off('servers/changed', this.#serversChanged)
      .off('config/changed', this.#serversChanged)
    await this.#sync()
  }

  #setting(): z.infer<typeof Setting> {
    return this.#o.sealed.get('metrics', 'setting', Setting) ?? { on: false, port: DEFAULT_PORT }
  }

  #sync(): Promise<void> {
    this.#queue = this.#queue.then(() => this.#bring())
    return this.#queue
  }

  /** To where the setting says it belongs. */
  async #bring(): Promise<void> {
    const { on, port } = this.#setting()
    const isWanted = on && !this.#isClosed
    if (this.#open && (!isWanted || this.#open.port !== port)) {
      await this.#open.close()
      this.#open = null
      this.#o.announcer.emit('metrics/changed')
    }
    clearTimeout(this.#retry)
    if (!isWanted) {
      this.#numbers = null
      this.#problem = null
      if (!on) rmSync(this.#tokenFile, { force: true })
      return
    }
    if (this.#open) return
    try {
      // Loaded only by those who want it.
      const { Numbers } = await import('./numbers.ts')
      this.#numbers ??= new Numbers(this.#o)
      this.#open = await openListener({ port, token: this.#token(), page: this.#numbers })
      this.#problem = null
    } catch (error) {
      this.#problem = problemOf(error).message
      // Whoever holds the port may go.
      this.#retry = setTimeout(() => void this.#sync(), RETRY_MS).unref()
    }
    this.#o.announcer.emit('metrics/changed')
  }

  /** Kept over restarts, gone when it is turned off. */
  #token(): string {
    try {
      const kept = readFileSync(this.#tokenFile, 'utf8').trim()
      if (TOKEN.test(kept)) return kept
    } catch {
      // None yet.
    }
    const token = randomBytes(32).toString('base64url')
    writeFileSync(this.#tokenFile, `${token}\n`, { mode: 0o600 })
    return token
  }
}

async function countedAppend(log: Log, numbers: Numbers, row: Row, o: { durable: boolean }): Promise<void> {
  const began = performance.now()
  try {
    await log.append(typeof row === 'function' ? () => numbers.saw(row()) : row, o)
  } catch (error) {
    numbers.didNotWrite()
    throw error
  }
  if (o.durable) numbers.wrote(performance.now() - began)
  if (typeof row !== 'function') numbers.saw(row)
}
