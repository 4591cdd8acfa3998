// The hub as the shell's child: started by path on plain Node, told of by its ready line, and stopped in order.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { z } from 'zod'
import { HubFile } from '../contract/hub-file.ts'

const START_MS = 60_000
/** The hub gives its own parts 20 s to close. */
const STOP_MS = 25_000

const Ready = z.object({ event: z.literal('ready'), socket: z.string() })
const Link = z.object({ url: z.string() })

/** What is run, on what, for which data folder. */
export interface Programs {
  node: string
  hub: string
  cli: string
  data: string
  env: NodeJS.ProcessEnv
}

/** A hub to talk to. `takeCode`: a pairing code, once: from the pipe only we hold, else from a new link. */
export interface RunningHub {
  socket: string
  takeCode(): Promise<string | null>
}

/** One hub: the one that runs already, or a child of ours. */
export class HubProcess {
  readonly #programs: Programs
  #child: ChildProcess | undefined

  #isEnding = false

  constructor(programs: Programs) {
    this.#programs = programs
  }

  /** Whether stopping is ours to do. */
  get isOurs(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The socket that hub.json names, whether anybody listens there or not; null without the file. */
  known(): RunningHub | null {
    try {
      const { socket } = HubFile.parse(JSON.parse(readFileSync(join(this.#programs.data, 'hub.json'), 'utf8')))
      return { socket, takeCode: () => this.#newCode() }
    } catch {
      return null
    }
  }

  /** Starts it. Rejects with its last words when it ends before it is ready. */
  async start(): Promise<RunningHub> {
    // Whoever keeps the window connected sees the stopped hub go, and must not bring up another.
    if (this.#isEnding) throw new Error('Gatehouse is ending.')
    const { node, hub, data } = this.#programs
    const child = spawn(node, [hub, '--data', data, '--pairing-fd', '3'], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: hubEnvironment(this.#programs.env),
      windowsHide: true,
    })
    this.#child = child
    const words: string[] = []
    createInterface({ input: child.stderr! }).on('line', line => {
      words.push(line)
      if (words.length > 20) words.shift()
    })
    const code = firstLine(child.stdio[3] as Readable)
    const over = once(child, 'exit').then(() => {
      const last = words.find(line => line.startsWith('gatehouse: '))?.slice('gatehouse: '.length) ?? words.at(-1)
      throw new Error(last ?? 'The hub ended before it was ready.')
    })
    const failed = once(child, 'error').then(([cause]) => {
      throw new Error(`The hub could not be started: ${(cause as Error).message}`)
    })
    const ready = firstLine(child.stdout!).then(line => Ready.parse(JSON.parse(line ?? 'null')))
    ready.catch(() => {})
    failed.catch(() => {})
    over.catch(() => {})
    const late = AbortSignal.timeout(START_MS)
    const tooLate = once(late, 'abort').then(() => {
      child.kill('SIGKILL')
      throw new Error('The hub was not ready within a minute.')
    })
    tooLate.catch(() => {})
    // A hub that ends also ends its output: its words count more than that.
    const { socket } = await Promise.race([ready.catch(() => over), over, failed, tooLate])
    let unused = true
    return {
      socket,
      takeCode: async () => {
        if (!unused) return this.#newCode()
        unused = false
        return (await code) ?? this.#newCode()
      },
    }
  }

  /** Ends the hub that is ours, waits until it is gone, and starts no other. */
  async stop(): Promise<void> {
    this.#isEnding = true
    const child = this.#child
    if (!child || !this.isOurs) return
    const gone = once(child, 'exit')
    // Windows has no signal that a program can answer: the hub is asked over its socket.
    if (process.platform === 'win32') await this.#cli(['stop']).catch(() => child.kill())
    else child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await gone
    clearTimeout(timer)
  }

  async #newCode(): Promise<string | null> {
    try {
      const { url } = Link.parse(JSON.parse(await this.#cli(['open', '--print', '--json'])))
      return new URLSearchParams(new URL(url).hash.slice(1)).get('pair')
    } catch {
      return null
    }
  }

  async #cli(args: string[]): Promise<string> {
    const { node, cli, data, env } = this.#programs
    const options = { env: hubEnvironment(env), timeout: STOP_MS, windowsHide: true }
    const { stdout } = await promisify(execFile)(node, [cli, ...args, '--data', data], options)
    return stdout
  }
}

/** The caller's, without what steers Node, the loader, Electron or npm. */
export function hubEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const steers = /^(NODE_OPTIONS|NODE_PATH|LD_.*|DYLD_.*|ELECTRON_.*|CHROME_.*|npm_.*|GATEHOUSE_(TOKEN|HOME|NODE))$/i
  return Object.fromEntries(Object.entries(env).filter(([name]) => !steers.test(name)))
}

async function firstLine(stream: Readable): Promise<string | null> {
  const lines = createInterface({ input: stream })
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    once(lines, 'close').then(() => null),
  ])
  return line
}
