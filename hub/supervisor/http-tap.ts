// The `fetch` under the SDK's transports: frames are read off the answers here, as their sender wrote them and within
// bounds. The SDK sees only what it needs to keep sessions and streams.
import { isUtf8 } from 'node:buffer'
import { Agent } from 'undici'
import type { Launch } from '../../contract/servers.ts'
import { elements, members } from '../../contract/wire.ts'
import { HubError } from '../error.ts'
import { Events } from './event-stream.ts'
import { noAnswer, refusal } from './http-problem.ts'

export interface TapOptions {
  launch: Launch
  limitBytes: number
  /** Answers come over the server's one stream, not to the request. */
  isOlder(): boolean
  onFrame(text: string): void | Promise<void>
  /** `id`: of the request it would have answered, where that is known. */
  onTooLong(id: number | null, bytes: number, head: string): void
  onBytes(): void
  /** The answer to this request is over; a stream may yet be taken up again. */
  onDone(id: number, how: 'whole' | 'stream'): void
  /** The server no longer knows this session. */
  onSessionLost(): void
  redact(text: string): string
  /** Nobody is at that host. */
  onGone(error: HubError): void
  /** A stream of the server's own, opened by GET, has ended or could not be opened. */
  onStreamEnd(): void
}

interface Request {
  id: number | null
  method: string | null
  verb: string
  hasSession: boolean
}

/** By itself fetch gives up after five minutes without a byte; a call may take longer. A dead peer shows by TCP's keep-alive. */
const PATIENT = new Agent({ headersTimeout: 0, bodyTimeout: 0 }) as unknown as NonNullable<RequestInit['dispatcher']>

const SHORTEST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 60_000
const REFUSAL_BYTES = 64 * 1024
/** What the SDK sees of frames: that a request was answered, or that something else was said. */
const ANSWERED = '{"jsonrpc":"2.0","id":0,"result":{}}'
const OTHER = '{"jsonrpc":"2.0","method":"x"}'
/** A server of before 2026 refuses to be asked for its versions in many ways; all of them mean that it cannot be. */
const isPlainRefusal = (status: number) => status >= 400 && status < 500 && ![401, 403, 407, 408, 429].includes(status)

export function tap(options: TapOptions): typeof fetch {
  let hadStream = false
  return async (input, init) => {
    const request = requestOf(init)
    let response: Response
    try {
      response = await fetch(input, { ...init, dispatcher: PATIENT })
    } catch (error) {
      if (init?.signal?.aborted) throw error
      const { problem, isGone } = noAnswer(error)
      if (request.verb === 'GET') options.onStreamEnd()
      else if (isGone) options.onGone(problem)
      throw problem
    }
    options.onBytes()
    if (response.status >= 400 && request.verb !== 'DELETE') return refused(response, request, hadStream, options)
    if (request.id !== null && !options.isOlder() && [202, 204].includes(response.status))
      throw new HubError('server/unreachable', `it took ${request.method} and gave no answer (${response.status}).`)
    const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
    if (type === 'text/event-stream' && response.ok && response.body) {
      hadStream ||= request.verb === 'GET'
      return streamed(response, request, options)
    }
    const { bytes, isWhole } = await readUpTo(response, options.limitBytes, options.onBytes)
    if (!isWhole) {
      options.onTooLong(request.id, bytes.length, '')
      throw new HubError('server/answer-too-long', 'its answer is over the limit of 64 MB.')
    }
    if (request.id === null || type !== 'application/json' || !response.ok || options.isOlder())
      return again(response, bytes)
    if (!isUtf8(bytes)) throw new HubError('server/unreachable', 'its answer is not UTF-8.')
    await frames(bytes.toString('utf8'), options.onFrame)
    options.onDone(request.id, 'whole')
    return again(response, ANSWERED)
  }
}

/** What it refused: an answer of MCP's with a status of HTTP's, a method it does not know, a lost session, or everything. */
async function refused(
  response: Response,
  request: Request,
  hadStream: boolean,
  options: TapOptions,
): Promise<Response> {
  const { bytes, isWhole } = await readUpTo(response, REFUSAL_BYTES, options.onBytes)
  const text = bytes.toString('utf8')
  const { status } = response
  // The SDK knows what it means that a server offers no stream of its own.
  if (status === 405 && request.verb === 'GET') return again(response, '')
  if (request.verb === 'GET') options.onStreamEnd()
  // Some answer so where they offer no stream.
  const isLost = status === 404 && request.hasSession && (request.verb === 'POST' || hadStream)
  if (isLost) options.onSessionLost()
  else if (request.id !== null && isAnswerTo(request.id, text)) {
    // Refused at the start, another way of speaking may be tried first.
    if (request.method === 'initialize')
      throw Object.assign(refusal(status, '', options.launch), { answer: text.trim() })
    await options.onFrame(text.trim())
    return new Response(ANSWERED, { headers: { 'content-type': 'application/json' } })
  } else if (request.method === 'server/discover' && isPlainRefusal(status)) {
    const error = { code: -32601, message: `Answered with ${status}.` }
    await options.onFrame(JSON.stringify({ jsonrpc: '2.0', id: request.id, error }))
    return new Response(ANSWERED, { headers: { 'content-type': 'application/json' } })
  }
  // Redacted whole, before any of it is cut: half a secret would not be known as one.
  throw refusal(status, isWhole ? options.redact(text) : '', options.launch)
}

function streamed(response: Response, request: Request, options: TapOptions): Response {
  const encoder = new TextEncoder()
  let out: TransformStreamDefaultController<Uint8Array>
  const events = new Events(
    options.limitBytes,
    async event => {
      const lines = event.text.split('\n').map(patient)
      if (event.type !== 'message' || event.data === '') return out.enqueue(encoder.encode(lines.join('\n')))
      await options.onFrame(event.data)
      const heads = lines.filter(line => /^(id|retry)\b/.test(line))
      out.enqueue(encoder.encode([...heads, `data: ${isAnswer(event.data) ? ANSWERED : OTHER}`, '', ''].join('\n')))
    },
    (characters, head) => {
      options.onTooLong(request.id, characters, head)
      if (request.id !== null) out.enqueue(encoder.encode(`data: ${ANSWERED}\n\n`))
    },
  )
  const body = response.body!.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start: controller => {
        out = controller
      },
      transform: chunk => {
        options.onBytes()
        return events.push(chunk)
      },
      flush: () => {
        if (request.id !== null) options.onDone(request.id, 'stream')
        else if (request.verb === 'GET') options.onStreamEnd()
      },
    }),
  )
  return new Response(body, response)
}

/** A server says how soon it wants to be asked again; never at once, or it is asked as fast as the network goes. */
function patient(line: string): string {
  const [, ms] = /^retry: ?(\d+)$/.exec(line) ?? []
  return ms === undefined ? line : `retry: ${Math.min(LONGEST_RETRY_MS, Math.max(SHORTEST_RETRY_MS, Number(ms)))}`
}

function requestOf(init: RequestInit | undefined): Request {
  const verb = init?.method ?? 'GET'
  const hasSession = new Headers(init?.headers).has('mcp-session-id')
  if (typeof init?.body !== 'string') return { id: null, method: null, verb, hasSession }
  const { id, method } = JSON.parse(init.body) as { id?: unknown; method?: unknown }
  const isRequest = typeof method === 'string' && typeof id === 'number'
  return { id: isRequest ? id : null, method: typeof method === 'string' ? method : null, verb, hasSession }
}

async function readUpTo(
  response: Response,
  most: number,
  onBytes: () => void,
): Promise<{ bytes: Buffer; isWhole: boolean }> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    onBytes()
    length += chunk.length
    if (length > most) return { bytes: Buffer.concat(chunks), isWhole: false }
    chunks.push(chunk)
  }
  return { bytes: Buffer.concat(chunks), isWhole: true }
}

function again({ status, statusText, headers }: Response, body: Buffer | string): Response {
  const hasNone = [101, 204, 205, 304].includes(status)
  return new Response(hasNone ? null : new Uint8Array(Buffer.from(body)), { status, statusText, headers })
}

/** One frame; or, as versions before 2025-06-18 may answer, several in an array. */
async function frames(text: string, onFrame: TapOptions['onFrame']): Promise<void> {
  const start = text.search(/\S/)
  if (text[start] !== '[') return void (await onFrame(text.trim()))
  for (const one of isJson(text) ? elements(text, start) : []) await onFrame(text.slice(one.start, one.end))
}

function isAnswerTo(id: number, text: string): boolean {
  return isJson(text) && (JSON.parse(text) as { id?: unknown; error?: unknown } | null)?.id === id && isAnswer(text)
}

function isAnswer(text: string): boolean {
  return isJson(text) && text.trimStart().startsWith('{') && !members(text).some(m => m.key === 'method')
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
