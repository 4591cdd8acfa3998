// A remote server over Streamable HTTP, or over the HTTP+SSE it replaced where a server knows only that. The SDK's transports
// keep sessions, streams and headers; frames are read off the wire under them.
import { setTimeout as wait } from 'node:timers/promises'
import {
  type JSONRPCMessage,
  PROTOCOL_VERSION_META_KEY,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client'
import type { Launch } from '../../contract/servers.ts'
import { HubError } from '../error.ts'
import type { Connection, ConnectionEvents, Ending } from './connection.ts'
import { HttpRefusal } from './http-problem.ts'
import { tap } from './http-tap.ts'
import { headersOf, type ParamHeader, paramHeaders } from './param-headers.ts'

const FRAME_BYTES = 64 * 1024 * 1024
/** Streams of the server's own that could not be opened again in a row, about ten seconds, before the session counts as over. */
const FAILED_STREAMS = 4
/** What servers of the older transport answer to a POST, as the spec says to find them. */
const OLDER = [400, 404, 405]

export interface Remote {
  url: string
  headers: Record<string, string>
  /** As written, to say which header or secret something is about. */
  launch: Launch
}

interface Outgoing {
  id?: number
  method?: string
  params?: Record<string, unknown> & { _meta?: Record<string, unknown> }
}

/** Resolves once the address is usable; whether anybody answers there, the handshake finds out. */
export async function openHttp(
  remote: Remote,
  events: ConnectionEvents,
  redact: (text: string) => string,
): Promise<Connection> {
  const connection = new HttpConnection(remote, events, redact)
  await connection.start()
  return connection
}

class HttpConnection implements Connection {
  readonly pid = null
  readonly ended: Promise<Ending>
  readonly #url: URL
  readonly #events: ConnectionEvents
  readonly #redact: (text: string) => string
  readonly #init: { fetch: typeof fetch; requestInit: RequestInit }
  #transport: StreamableHTTPClientTransport | SSEClientTransport
  #end!: (ending: Ending) => void
  #failedStreams = 0
  #isOlder = false
  #initialize: number | undefined
  /** Requests of 2026-07-28 and later: each is cancelled by closing its own stream. */
  readonly #streams = new Map<number, AbortController>()
  /** `tools/list` under way, and what the tools listed so far want in headers. */
  readonly #listing = new Set<number>()
  readonly #params = new Map<string, ParamHeader[]>()

  constructor({ url, headers, launch }: Remote, events: ConnectionEvents, redact: (text: string) => string) {
    this.#url = addressOf(url)
    this.#events = events
    this.#redact = redact
    this.ended = new Promise(resolve => {
      this.#end = resolve
    })
    const fetch = tap({
      launch,
      limitBytes: FRAME_BYTES,
      isOlder: () => this.#isOlder,
      onFrame: text => this.#frame(text),
      onTooLong: (id, bytes, head) => {
        const known = id === null ? head : `{"jsonrpc":"2.0","id":${id},`
        events.onTooLong({ bytes, head: Buffer.from(known), tail: Buffer.alloc(0) })
      },
      onBytes: () => {
        this.#failedStreams = 0
        events.onBytes()
      },
      onDone: (id, how) => {
        this.#streams.delete(id)
        // Nobody waits any more, unless what came was the answer to something else.
        if (how === 'whole')
          events.onUndelivered(`{"id":${id}}`, new HubError('server/unreachable', 'it answered something else.'))
      },
      onSessionLost: () => this.#over(new HubError('server/session-lost', 'it has forgotten this session.')),
      onGone: problem => this.#over(problem),
      onStreamEnd: () => this.#streamEnded(),
      redact,
    })
    this.#init = { fetch, requestInit: { headers } }
    const patient = { initialReconnectionDelay: 1_000, maxReconnectionDelay: 30_000, reconnectionDelayGrowFactor: 1.5 }
    this.#transport = new StreamableHTTPClientTransport(this.#url, {
      ...this.#init,
      reconnectionOptions: { ...patient, maxRetries: FAILED_STREAMS },
    })
  }

  async start(): Promise<void> {
    this.#listen()
    await this.#transport.start()
  }

  queuedBytes(): number {
    return 0
  }

  send(frame: string): void {
    const message = JSON.parse(frame, asWritten) as Outgoing
    const { id, method, params } = message
    if (method === 'notifications/cancelled' && this.#cancel(params?.requestId)) return
    if (method === 'initialize') this.#initialize = id
    if (method === 'tools/list' && id !== undefined) this.#listing.add(id)
    void this.#post(message, frame)
  }

  async close(graceMs: number): Promise<void> {
    this.#over(null)
    const transport = this.#transport
    // A server that is not there any more must not hold up a stop.
    const farewell = 'terminateSession' in transport ? transport.terminateSession().catch(() => {}) : undefined
    await Promise.race([farewell, wait(graceMs, undefined, { ref: false })])
    await transport.close()
  }

  async #post(message: Outgoing, frame: string): Promise<void> {
    const { id, method, params } = message
    const isModern = id !== undefined && typeof params?._meta?.[PROTOCOL_VERSION_META_KEY] === 'string'
    const stream = isModern ? new AbortController() : undefined
    if (stream) this.#streams.set(id!, stream)
    // Nobody waits for what becomes of our own answers and notifications; a request must not wait for ever.
    const undelivered = (error: Error) => {
      this.#streams.delete(id!)
      if (method && !stream?.signal.aborted) this.#events.onUndelivered(frame, error)
    }
    try {
      const transport: Transport = this.#transport
      await transport.send(message as unknown as JSONRPCMessage, {
        onRequestStreamEnd: () =>
          undelivered(new HubError('server/unreachable', 'its answer ended before it was whole.')),
        ...(stream ? { requestSignal: stream.signal, headers: this.#headersFor(message) } : {}),
      })
    } catch (error) {
      if (method === 'initialize' && error instanceof HttpRefusal && OLDER.includes(error.status))
        return this.#tryOlder(message, frame, error)
      undelivered(this.#problemOf(error))
    }
  }

  /** A server that refuses the first POST may speak the transport from before 2025-03-26. */
  async #tryOlder(message: Outgoing, frame: string, refused: HttpRefusal): Promise<void> {
    if (this.#transport instanceof SSEClientTransport)
      return this.#events.onUndelivered(frame, this.#problemOf(refused))
    await this.#transport.close()
    this.#transport = new SSEClientTransport(this.#url, this.#init)
    this.#listen(false)
    try {
      await this.#transport.start()
    } catch {
      await this.#transport.close()
      if (refused.answer) return void (await this.#events.onFrame(refused.answer))
      return this.#events.onUndelivered(frame, this.#problemOf(refused))
    }
    this.#listen()
    this.#isOlder = true
    this.#events.onLog('gatehouse', 'It speaks the older HTTP+SSE transport.')
    await this.#post(message, frame)
  }

  #listen(isLoud = true): void {
    this.#transport.onerror = error => {
      if (isLoud) this.#events.onLog('gatehouse', this.#problemOf(error).message)
    }
  }

  /** The server's own stream: Streamable HTTP opens it again; the older transport ends with it. */
  #streamEnded(): void {
    this.#failedStreams++
    if (this.#isOlder || this.#failedStreams > FAILED_STREAMS)
      this.#over(new HubError('server/unreachable', 'its stream ended.'))
  }

  #over(error: Error | null): void {
    // Whoever waits for the request that showed it is told first.
    setImmediate(() => this.#end({ exitCode: null, signal: null, error: error && this.#problemOf(error) }))
  }

  #cancel(requestId: unknown): boolean {
    const stream = typeof requestId === 'number' ? this.#streams.get(requestId) : undefined
    if (!stream) return false
    this.#streams.delete(requestId as number)
    stream.abort()
    return true
  }

  #frame(text: string): void | Promise<void> {
    if (this.#initialize !== undefined || this.#listing.size > 0) this.#look(text)
    return this.#events.onFrame(text)
  }

  #look(text: string): void {
    let frame: { id?: unknown; result?: { protocolVersion?: unknown; tools?: unknown } } | null
    try {
      frame = JSON.parse(text)
    } catch {
      return
    }
    const { id, result } = frame ?? {}
    if (typeof id !== 'number') return
    // What was agreed on in the answer to initialize goes into a header of all that follows.
    if (id === this.#initialize) {
      this.#initialize = undefined
      if (typeof result?.protocolVersion === 'string') this.#transport.setProtocolVersion(result.protocolVersion)
    }
    if (this.#listing.delete(id) && Array.isArray(result?.tools)) {
      for (const tool of result.tools as { name?: unknown; inputSchema?: unknown }[]) {
        const wanted = paramHeaders(tool?.inputSchema)
        if (typeof tool?.name !== 'string') continue
        if (wanted.length > 0) this.#params.set(tool.name, wanted)
        else this.#params.delete(tool.name)
      }
    }
  }

  #headersFor({ method, params }: Outgoing): Record<string, string> {
    const wanted = method === 'tools/call' ? this.#params.get(String(params?.name)) : undefined
    return wanted ? headersOf(wanted, params?.arguments) : {}
  }

  #problemOf(error: unknown): Error {
    const message = this.#redact(error instanceof Error ? error.message : String(error))
    if (!(error instanceof HubError)) return new Error(message)
    return new HubError(error.code, message, error.hint ? { hint: error.hint } : {})
  }
}

function addressOf(text: string): URL {
  const url = URL.parse(text)
  if (url && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  // The address may hold a secret, so it is not repeated.
  throw new HubError('server/bad-url', 'Its url is not an http or https address.', {
    hint: 'Correct it in its settings.',
  })
}

const { rawJSON } = JSON as unknown as { rawJSON(source: string): unknown }

// The SDK writes the message anew: a number that JavaScript would round, or spell otherwise, goes out as its sender wrote
// it, since that is what a person was shown.
function asWritten(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  return typeof value === 'number' && source !== undefined && String(value) !== source ? rawJSON(source) : value
}
