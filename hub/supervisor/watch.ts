// The hub's end of the sentry: tells it which runs there are, and starts another one should it die.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Run } from './family.ts'

const RESPAWN_MS = 500

export class Watch {
  readonly #runs = new Map<number, Run>()
  readonly #starting = new Set<string>()
  #sentry: ChildProcess | undefined
  #closed = false

  constructor() {
    this.#spawn()
  }

  /** The sentry's pid; null while there is none. */
  get pid(): number | null {
    return this.#sentry?.pid ?? null
  }

  /** A spawn is about to happen: should we be killed in it, its processes are known by their mark alone. */
  expect(mark: string): void {
    this.#starting.add(mark)
    this.#tell(`?${mark}\n`)
  }

  /** The spawn failed. */
  forget(mark: string): void {
    if (this.#starting.delete(mark)) this.#tell(`!${mark}\n`)
  }

  add(run: Run): void {
    this.#starting.delete(run.mark)
    this.#runs.set(run.pid, run)
    this.#tell(plus(run))
  }

  remove(pid: number): void {
    if (this.#runs.delete(pid)) this.#tell(`-${pid}\n`)
  }

  /** Lets the sentry go; it ends what is still listed. Resolves when it is gone. */
  async close(): Promise<void> {
    this.#closed = true
    const sentry = this.#sentry
    if (!sentry || sentry.exitCode !== null) return
    const gone = new Promise(resolve => sentry.once('exit', resolve))
    sentry.stdin?.end()
    sentry.ref()
    await gone
  }

  #spawn(): void {
    if (this.#closed) return
    const env = process.versions.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {}
    // A session of its own: Ctrl-C in the hub's terminal is not for it. Its stderr has nobody to read it.
    const sentry = spawn(process.execPath, [entry()], {
      detached: true,
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
      windowsHide: true,
    })
    this.#sentry = sentry
    sentry.stdin?.on('error', () => {})
    const again = () => {
      if (this.#sentry !== sentry) return
      this.#sentry = undefined
      if (!this.#closed) setTimeout(() => this.#spawn(), RESPAWN_MS).unref()
    }
    sentry.once('exit', again).once('error', again).unref()
    for (const mark of this.#starting) this.#tell(`?${mark}\n`)
    for (const run of this.#runs.values()) this.#tell(plus(run))
  }

  #tell(line: string): void {
    this.#sentry?.stdin?.write(line)
  }
}

function plus(run: Run): string {
  return `+${run.pid} ${run.startTime} ${run.mark}\n`
}

/** In a checkout the source runs as it is; built, it stands beside the bundle. */
function entry(): string {
  const source = join(import.meta.dirname, 'sentry.ts')
  return existsSync(source) ? source : join(import.meta.dirname, 'sentry.js')
}
