// The stdio bridge an AI client starts: copies lines between its stdin/stdout and the hub, and outlives the hub.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Problem } from '../contract/procedure.ts'
import { memberAt } from '../contract/wire.ts'
import type { Dialled } from './dial.ts'
import { errorFrame, glimpse, isAnswer, isRequest } from './frame-scan.ts'
import { Lines } from './lines.ts'

/** The outside world of a bridge. A test brings its own hub and its own clock. */
export interface Surroundings {
  stdin: Readable
  stdout: Writable
  /** Tries once to reach the hub. */
  dial(): Promise<Dialled>
  /** Starts a hub where none runs. Called before each try but the first; says why the last one did not come up. */
  start(): string
  /** Between tries; the last number is kept for all that follow. */
  backoffMs?: readonly number[]
  tries?: number
  /** How long answers are waited for after the client closed its side. */
  graceMs?: number
}

const BACKOFF_MS = [100, 200, 400, 800, 1600, 3200, 5000]
const TRIES = 10
const IDLE_RETRY_MS = 5000
const MOST_QUEUED_BYTES = 16 * 1024 * 1024

const THEN = 'Once that is mended, connect this client again.'
const WHAT_TO_DO = 'Start it with `gatehouse serve`, then connect this client again.'
const LOST =
  'Gatehouse stopped while this call was under way. It may or may not have been carried out: look before you repeat it.'

/** Which first requests may be sent again: they change nothing. */
const REPLAYED = new Set(['initialize', 'server/discover'])
const INITIALIZED = 'notifications/initialized'
const CANCELLED = 'notifications/cancelled'

/** Runs until the client closes stdin (0), or the hub cannot be had (1). */
export async function runBridge(at: Surroundings): Promise<number> {
  return new Bridge(at).run()
}

interface FirstRequest {
  line: Buffer
  id: string
  method: string
  answered: boolean
  initialized: boolean
}

class Bridge {
  readonly #at: Surroundings
  readonly #fromClient = new Lines()
  readonly #ended = new AbortController()
  /** The hub, while it takes lines. */
  #socket: Socket | null = null
  #first: FirstRequest | null = null
  /** Ids whose answers the client waits for, as source text. */
  readonly #open = new Set<string>()
  /** Lines that came while no hub was there. */
  #queue: Buffer[] = []
  #queuedBytes = 0
  #refused: Problem | null = null
  #onLine: () => void = () => {}

  constructor(at: Surroundings) {
    this.#at = at
  }

  async run(): Promise<number> {
    this.#listen()
    let tries = 0
    let why = ''
    while (!this.#isOver()) {
      const dialled = await this.#at.dial()
      if (this.#isOver()) {
        if (dialled.kind === 'connected') dialled.socket.destroy()
      } else if (dialled.kind === 'refused') {
        this.#refused = dialled.problem
        this.#answerAll(words(dialled.problem))
        await once(this.#ended.signal, 'abort')
      } else if (dialled.kind === 'connected') {
        tries = 0
        await this.#serve(dialled.socket)
      } else if (!this.#isNeeded()) await this.#idle()
      else if (++tries >= (this.#at.tries ?? TRIES)) {
        this.#answerAll(`Gatehouse cannot be reached (${tries} tries). ${why ? `${why} ${THEN}` : WHAT_TO_DO}`)
        return 1
      } else {
        why = this.#at.start()
        await this.#pause(this.#backoff(tries))
      }
    }
    return 0
  }

  #listen(): void {
    const { stdin, stdout } = this.#at
    stdout.on('error', () => this.#end())
    stdin.on('data', (chunk: Buffer) => {
      // Lines that came together go on together: one system call.
      const socket = this.#socket
      socket?.cork()
      for (const line of this.#fromClient.push(chunk)) this.#takeFromClient(line)
      socket?.uncork()
    })
    let input = true
    const noMore = () => {
      if (input) this.#afterInput().catch(() => this.#end())
      input = false
    }
    stdin.once('end', noMore).once('close', noMore).once('error', noMore)
  }

  #isOver(): boolean {
    return this.#ended.signal.aborted
  }

  /** Does the client wait for something? Only then a hub is started and tries are counted. */
  #isNeeded(): boolean {
    return this.#queue.length > 0 || this.#open.size > 0
  }

  #backoff(tries: number): number {
    const steps = this.#at.backoffMs ?? BACKOFF_MS
    const ms = steps[Math.min(tries - 1, steps.length - 1)] ?? 0
    return ms * (0.75 + Math.random() / 2)
  }

  async #pause(ms: number, also?: AbortSignal): Promise<void> {
    const signal = also ? AbortSignal.any([this.#ended.signal, also]) : this.#ended.signal
    await sleep(ms, undefined, { signal }).catch(() => {})
  }

  /** Nothing is asked: a hub that comes back is joined, but none is started before the client's next line. */
  async #idle(): Promise<void> {
    const line = new AbortController()
    this.#onLine = () => line.abort()
    await this.#pause(IDLE_RETRY_MS, line.signal)
  }

  async #serve(socket: Socket): Promise<void> {
    const { stdout, stdin } = this.#at
    const fromHub = new Lines()
    const again = this.#first?.answered && REPLAYED.has(this.#first.method) ? this.#first : null
    let swallow = again?.id ?? null
    if (again) socket.write(again.line)
    else this.#begin(socket)

    const isForClient = (line: Buffer): boolean => {
      const seen = glimpse(line)
      if (!isAnswer(seen)) return true
      if (seen.id === swallow) {
        swallow = null
        this.#begin(socket)
        return false
      }
      this.#open.delete(seen.id)
      if (this.#first?.id === seen.id) this.#first.answered = true
      return true
    }
    const goOn = () => socket.resume()
    stdout.on('drain', goOn)
    socket.on('drain', () => stdin.resume())
    socket.on('error', () => socket.destroy())
    socket.on('data', chunk => {
      const lines = fromHub.push(chunk).filter(isForClient)
      if (lines.length > 0 && !stdout.write(lines.length > 1 ? Buffer.concat(lines) : lines[0]!)) socket.pause()
    })
    const stop = () => {
      socket.end()
      setTimeout(() => socket.destroy(), 200).unref()
    }
    this.#ended.signal.addEventListener('abort', stop)
    socket.resume()
    await new Promise<void>(resolve => socket.once('close', () => resolve()))
    this.#ended.signal.removeEventListener('abort', stop)
    stdout.off('drain', goOn)
    this.#socket = null
    this.#loseCalls()
    // A write that the dying hub did not take had paused it: the next line must be heard, or no hub is ever started.
    stdin.resume()
  }

  /** The hub knows us: what waited goes out, what comes goes straight. */
  #begin(socket: Socket): void {
    const first = this.#first
    if (first?.answered && first.initialized) socket.write(`{"jsonrpc":"2.0","method":"${INITIALIZED}"}\n`)
    if (first && !first.answered && this.#isReplayed(first) && !this.#queue.includes(first.line))
      this.#queue.unshift(first.line)
    this.#socket = socket
    for (const line of this.#queue.splice(0)) socket.write(line)
    this.#queuedBytes = 0
    this.#at.stdin.resume()
  }

  #isReplayed(first: FirstRequest): boolean {
    return REPLAYED.has(first.method)
  }

  #takeFromClient(line: Buffer): void {
    if (isBlank(line)) return
    const seen = glimpse(line)
    if (isRequest(seen)) {
      if (this.#refused) this.#write(errorFrame(seen.id, -32000, words(this.#refused)))
      this.#first ??= { line, id: seen.id, method: seen.method, answered: false, initialized: false }
      if (!this.#refused) this.#open.add(seen.id)
    }
    if (this.#refused) return
    if (seen.method === INITIALIZED && this.#first) this.#first.initialized = true
    if (seen.method === CANCELLED) this.#open.delete(cancelledId(line.toString()))
    if (this.#socket) {
      if (!this.#socket.write(line)) this.#at.stdin.pause()
      return
    }
    this.#queue.push(line)
    this.#queuedBytes += line.length
    if (this.#queuedBytes > MOST_QUEUED_BYTES) this.#at.stdin.pause()
    this.#onLine()
  }

  /** The hub went: what it had taken is lost, but for a first request without effects, which is said again. */
  #loseCalls(): void {
    const waiting = new Set(this.#queue.map(line => glimpse(line).id))
    for (const id of [...this.#open]) {
      if (waiting.has(id)) continue
      if (this.#first?.id === id && !this.#first.answered && this.#isReplayed(this.#first)) continue
      this.#open.delete(id)
      this.#write(errorFrame(id, -32603, LOST))
    }
  }

  #answerAll(message: string): void {
    for (const id of this.#open) this.#write(errorFrame(id, -32000, message))
    this.#open.clear()
    this.#queue = []
    this.#at.stdin.resume()
  }

  #write(line: string): void {
    this.#at.stdout.write(`${line}\n`)
  }

  /** The client closed its side: what is under way gets a moment, then all ends. */
  async #afterInput(): Promise<void> {
    const rest = this.#fromClient.flush()
    if (rest.length > 0) this.#takeFromClient(Buffer.concat([rest, NEWLINE]))
    const until = Date.now() + (this.#at.graceMs ?? 1000)
    while (!this.#isOver() && this.#open.size > 0 && Date.now() < until) await sleep(10)
    this.#end()
  }

  #end(): void {
    this.#ended.abort()
  }
}

const NEWLINE = Buffer.from('\n')
const BRACE = 123

function words(problem: Problem): string {
  return `${problem.message}${problem.hint ? ` ${problem.hint}` : ''}`
}

/** Any line of a message begins with a brace; only what may be blank is looked at whole. */
function isBlank(line: Buffer): boolean {
  return line[0] !== BRACE && line.toString().trim() === ''
}

function cancelledId(text: string): string {
  const member = memberAt(text, ['params', 'requestId'])
  return member ? text.slice(member.start, member.end) : ''
}
