// A client by hand: whole lines out and in, so that a test sees the bytes themselves and counts the answers to each request.
import { isUtf8 } from 'node:buffer'
import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { PROTOCOL } from '../contract/hello.ts'
import { cli, type Home } from './harness.ts'

export interface Message {
  jsonrpc?: unknown
  id?: unknown
  method?: unknown
  result?: { isError?: boolean; content?: { text?: string }[]; tools?: { name: string }[] }
  error?: { code: number; message: string }
}

const NEWLINE = 10

export class RawPeer {
  /** Lines that are no frame at all. There must be none. */
  readonly junk: string[] = []
  /** Answers with an id that nobody waits for. */
  readonly unasked: Message[] = []
  /** Errors that name no id: for lines in which none could be read. */
  nameless = 0
  readonly closed: Promise<void>
  readonly #to: Writable
  readonly #waiting = new Map<string, ((message: Message) => void)[]>()
  #rest: Buffer[] = []
  #last = 0

  constructor(from: Readable, to: Writable) {
    this.#to = to
    to.on('error', () => {})
    from.on('error', () => {})
    from.on('data', (chunk: Buffer) => this.#read(chunk))
    this.closed = new Promise(resolve => from.once('close', () => resolve()))
  }

  /** Requests without an answer so far. */
  get open(): string[] {
    return [...this.#waiting.keys()]
  }

  /** As bytes: of strings that wait, Node reserves three times their length and gives the stream up at 2 GB. */
  write(bytes: Buffer | string): void {
    this.#to.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
  }

  /** No more is said. */
  end(): void {
    this.#to.end()
  }

  /** Waits for the answer with that id. */
  answer(id: string | number): Promise<Message> {
    return new Promise(resolve => {
      const key = keyOf(id)
      this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), resolve])
    })
  }

  ask(method: string, params: object = {}): Promise<Message> {
    const id = `ask-${++this.#last}`
    const answer = this.answer(id)
    this.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    return answer
  }

  call(name: string, args: object = {}): Promise<Message> {
    return this.ask('tools/call', { name, arguments: args })
  }

  async initialize(clientInfo = { name: 'raw', version: '1' }): Promise<void> {
    await this.ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo })
    this.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
  }

  #read(chunk: Buffer): void {
    let at = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      this.#line(Buffer.concat([...this.#rest.splice(0), chunk.subarray(at, end)]))
      at = end + 1
    }
    if (at < chunk.length) this.#rest.push(chunk.subarray(at))
  }

  #line(line: Buffer): void {
    const message = isUtf8(line) ? parsed(line.toString()) : undefined
    if (!message) return void this.junk.push(line.toString('latin1').slice(0, 500))
    if (message.method !== undefined) return
    if (message.id === null) return void this.nameless++
    const key = keyOf(message.id)
    const waiting = this.#waiting.get(key)
    const first = waiting?.shift()
    if (!first) return void this.unasked.push(message)
    if (waiting?.length === 0) this.#waiting.delete(key)
    first(message)
  }
}

/** `gatehouse connect`, as a client's config starts it. */
export function startBridge(home: Home): { peer: RawPeer; process: ChildProcess } {
  const child = spawn(process.execPath, [cli, 'connect'], { env: home.env, stdio: ['pipe', 'pipe', 'ignore'] })
  return { peer: new RawPeer(child.stdout, child.stdin), process: child }
}

/** The hub's socket itself, as a bridge enters it; `server` for one alone. The first line that comes back is the welcome. */
/** `called`: what the client says it is, in its entry and in its own words. */
export async function enterAsBridge(socket: string, server?: string, called?: string): Promise<RawPeer> {
  const stream = connect(socket)
  await new Promise((resolve, reject) => stream.once('connect', resolve).once('error', reject))
  stream.write(
    `${JSON.stringify({ protocol: PROTOCOL, version: 'test', role: 'bridge', ...(server ? { server } : {}), ...(called ? { client: called } : {}) })}\n`,
  )
  const peer = new RawPeer(stream, stream)
  await peer.initialize(called ? { name: called, version: called } : undefined)
  const welcome = peer.unasked.splice(0)
  if (welcome.length !== 1) throw new Error(`Not a welcome: ${JSON.stringify(welcome)}`)
  return peer
}

export function keyOf(id: unknown): string {
  return typeof id === 'string' ? JSON.stringify(id) : Object.is(id, -0) ? '-0' : String(id)
}

function parsed(line: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(line)
    const isObject = typeof message === 'object' && message !== null && !Array.isArray(message)
    return isObject ? (message as Message) : undefined
  } catch {
    return undefined
  }
}
