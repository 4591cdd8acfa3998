// A child process spoken to over stdin and stdout, one frame a line.
import { isUtf8 } from 'node:buffer'
import type { ChildProcess } from 'node:child_process'
import crossSpawn from 'cross-spawn'
import { writeLine } from '../one-write.ts'
import type { Connection, ConnectionEvents, Ending } from './connection.ts'
import { endRun } from './end-run.ts'
import type { Run } from './family.ts'
import type { ResolvedLaunch } from './launch.ts'
import { Lines } from './lines.ts'
import type { ProcessEntry } from './processes.ts'
import { processes } from './processes.ts'

const FRAME_BYTES = 64 * 1024 * 1024
/** Lines of stderr are kept whole up to here, so that a secret in one is seen whole. */
const STDERR_LINE_BYTES = 512 * 1024
/** Who floods stderr is read no faster than this, so that the hub has time for the others: 20 MB/s. */
const STDERR_BYTES = 512 * 1024
const STDERR_PER_MS = 25
/** Frames handed on and not yet taken: above it, the server's output waits. */
const UNTAKEN_BYTES = 4 * 1024 * 1024
/** A grandchild may hold stdout open after the server is gone: what is still on its way gets this long. */
const DRAIN_MS = 250

/** Its processes are to be remembered, or forgotten, by whoever must end them should we be killed. */
export interface RunKeeper {
  /** Told before the spawn, which then begins or fails. */
  begins(mark: string): void
  failed(mark: string): void
  began(run: Run): void
  ended(pid: number, left: ProcessEntry[]): void
}

/** Spawns and waits until the process is there. Rejects with the system's error (ENOENT, …). */
export async function openStdio(
  launch: ResolvedLaunch,
  keeper: RunKeeper,
  events: ConnectionEvents,
): Promise<StdioConnection> {
  keeper.begins(launch.mark)
  const child = crossSpawn(launch.command, launch.args, {
    cwd: launch.cwd,
    env: launch.env,
    // A group of its own, to be ended as one. Windows has none, and would open a console.
    detached: process.platform !== 'win32',
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  })
  if (child.pid === undefined) {
    keeper.failed(launch.mark)
    throw await new Promise<Error>(resolve => child.once('error', resolve))
  }
  return StdioConnection.of(child, child.pid, launch.mark, keeper, events)
}

export class StdioConnection implements Connection {
  readonly pid: number
  readonly ended: Promise<Ending>
  readonly #child: ChildProcess
  readonly #events: ConnectionEvents
  readonly #keeper: RunKeeper
  readonly #run: Run
  #untaken = 0
  #closing: Promise<void> | undefined
  #isExited = false

  /** The start time is asked before anything else can happen, so that hub and sentry know the run from its first moment. */
  static async of(
    child: ChildProcess,
    pid: number,
    mark: string,
    keeper: RunKeeper,
    events: ConnectionEvents,
  ): Promise<StdioConnection> {
    const first = processes.one(pid)
    const connection = new StdioConnection(child, { pid, startTime: '', mark }, keeper, events)
    connection.#run.startTime = (await first)?.startTime ?? ''
    keeper.began(connection.#run)
    return connection
  }

  private constructor(child: ChildProcess, run: Run, keeper: RunKeeper, events: ConnectionEvents) {
    this.pid = run.pid
    this.#run = run
    this.#child = child
    this.#keeper = keeper
    this.#events = events
    // A pipe that broke: the exit says what happened.
    child.stdin!.on('error', () => {})
    this.#readFrames()
    this.#readStderr()
    this.ended = this.#waitForEnd()
  }

  queuedBytes(): number {
    return this.#child.stdin!.writableLength
  }

  send(frame: string): void {
    const stdin = this.#child.stdin!
    if (!stdin.writable) return
    // A newline inside would be two frames. JSON's strings hold none, so between tokens a space says the same.
    writeLine(stdin, frame.includes('\n') ? frame.replaceAll(/[\r\n]+/g, ' ') : frame)
  }

  close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  async #close(graceMs: number): Promise<void> {
    const closeInput = this.#isExited ? {} : { closeInput: () => this.#child.stdin!.end() }
    const left = await endRun(this.#run, { graceMs, groupIsOurs: true, ...closeInput })
    this.#child.stdout!.destroy()
    this.#child.stderr!.destroy()
    this.#keeper.ended(this.pid, left)
    for (const { pid } of left) this.#events.onLog('gatehouse', `Process ${pid} of it could not be ended.`)
  }

  #readFrames(): void {
    const stdout = this.#child.stdout!
    const lines = new Lines(FRAME_BYTES, line => this.#frame(line), this.#events.onTooLong)
    stdout.on('data', (chunk: Buffer) => {
      this.#events.onBytes()
      lines.push(chunk)
      if (this.#untaken > UNTAKEN_BYTES) stdout.pause()
    })
    stdout.on('error', () => {})
    stdout.once('end', () => {
      const rest = lines.end()
      if (rest) this.#events.onLog('stdout', `(cut off) ${shown(rest)}`)
    })
  }

  #frame(line: Buffer): void {
    if (line.length === 0) return
    if (!isUtf8(line)) {
      this.#events.onLog('stdout', `(not UTF-8) ${shown(line)}`)
      return
    }
    const taken = this.#events.onFrame(line.toString('utf8'))
    if (!(taken instanceof Promise)) return
    this.#untaken += line.length
    void taken
      .catch(() => {})
      .then(() => {
        this.#untaken -= line.length
        if (this.#untaken <= UNTAKEN_BYTES) this.#child.stdout!.resume()
      })
  }

  #readStderr(): void {
    const stderr = this.#child.stderr!
    const lines = new Lines(
      STDERR_LINE_BYTES,
      line => this.#events.onLog('stderr', line.toString('utf8')),
      ({ bytes }) => this.#events.onLog('gatehouse', `A line of ${bytes} bytes on stderr was left out.`),
    )
    let allowance = STDERR_BYTES
    stderr.on('data', (chunk: Buffer) => {
      this.#events.onBytes()
      lines.push(chunk)
      if (allowance === STDERR_BYTES) {
        setTimeout(() => {
          allowance = STDERR_BYTES
          stderr.resume()
        }, STDERR_PER_MS).unref()
      }
      allowance -= chunk.length
      if (allowance < 0) stderr.pause()
    })
    stderr.on('error', () => {})
    stderr.once('end', () => {
      const rest = lines.end()
      if (rest) this.#events.onLog('stderr', rest.toString('utf8'))
    })
  }

  async #waitForEnd(): Promise<Ending> {
    const child = this.#child
    const drained = Promise.all(
      [child.stdout!, child.stderr!].map(stream => new Promise(resolve => stream.once('close', resolve))),
    )
    const ending = await new Promise<Ending>(resolve => {
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal, error: null }))
      child.once('error', error => resolve({ exitCode: null, signal: null, error }))
      // Whoever lives on without a way to hear or to answer is no server any more: its callers must not wait for ever.
      const cutOff = (how: string) => () =>
        setTimeout(() => resolve({ exitCode: null, signal: null, error: new Error(how) }), DRAIN_MS).unref()
      child.stdout!.once('end', cutOff('it closed its output without ending.'))
      child.stdin!.once('error', cutOff('it closed its input without ending.'))
    })
    this.#isExited =
      child.exitCode !== null || child.signalCode !== null || ending.error === null || child.pid === undefined
    let limit: NodeJS.Timeout | undefined
    await Promise.race([drained, new Promise(resolve => (limit = setTimeout(resolve, DRAIN_MS)))])
    clearTimeout(limit)
    return ending
  }
}

function shown(bytes: Buffer): string {
  return bytes.subarray(0, 2_000).toString('utf8')
}
