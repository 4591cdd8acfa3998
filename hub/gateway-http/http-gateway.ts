// AI clients over HTTP, on loopback: both eras on one URL, `/mcp` for all servers and `/mcp/s/<slug>` for one alone.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AuditEvent } from '../../contract/audit.ts'
import { HubError } from '../error.ts'
import { type ClientFrame, errorFrame, isObject, readFrame } from '../gateway/frame.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { envelopeOf, LEGACY_VERSIONS } from '../gateway/modern.ts'
import { ENVELOPE } from '../supervisor/era.ts'
import { Allowance, type Rate } from './allowance.ts'
import { readBody } from './body.ts'
import { type Entrant, enter } from './door.ts'
import { compare, compareArguments } from './headers.ts'
import { ModernPosts } from './modern-posts.ts'
import { asRefusal, HttpRefusal } from './refusal.ts'
import { Reply } from './reply.ts'
import { type OpenLink, Session } from './session.ts'

export interface HttpParts {
  gateway: Pick<Gateway, 'link'>
  clientOf: (token: string) => string | null
  title: (client: string) => string
  audit: { append(event: AuditEvent, options: { durable: boolean }): Promise<void> }
  /** A link was opened, or closed. */
  onLink: (change: 1 | -1) => void
  /** Requests of one client: so many at once, and so many a second over time. */
  rate?: Rate
  /** The steady clock, in ms. */
  now?: () => number
}

const IDLE_MS = 30 * 60_000
const LOOK_MS = 15_000
const MOST_AT_ONCE = 200

export class HttpGateway {
  readonly port: number
  readonly #o: HttpParts
  readonly #server: Server
  readonly #sessions = new Map<string, Session>()
  readonly #posts = new Map<string, ModernPosts>()
  readonly #tokens = new Map<ModernPosts, string>()
  readonly #allowance: Allowance
  readonly #looking: NodeJS.Timeout
  readonly #now: () => number

  /** Throws HubError when the port is taken: clients know this one and no other. */
  static async open(port: number, parts: HttpParts): Promise<HttpGateway> {
    const server = createServer({ maxHeaderSize: 64 * 1024 })
    server.headersTimeout = 10_000
    server.requestTimeout = 30_000
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => {
        const why = cause.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used: ${cause.message}`
        const hint = 'End that program, or choose another port in Settings and give clients the new address.'
        reject(new HubError('http/port', `Clients cannot connect over HTTP: port ${port} ${why}.`, { hint, cause }))
      })
      server.listen(port, '127.0.0.1', resolve)
    })
    return new HttpGateway(server, parts)
  }

  private constructor(server: Server, parts: HttpParts) {
    this.#server = server
    this.#o = parts
    this.#allowance = new Allowance(parts.rate)
    this.#now = parts.now ?? (() => performance.now())
    const address = server.address()
    this.port = typeof address === 'object' && address ? address.port : 0
    server.on('request', (request, response) => void this.#serve(request, response))
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  /** Links that are open over HTTP. */
  get size(): number {
    return this.#sessions.size + this.#posts.size
  }

  async close(): Promise<void> {
    clearInterval(this.#looking)
    for (const session of this.#sessions.values()) session.close('Gatehouse is stopping.')
    for (const posts of this.#posts.values()) posts.close('Gatehouse is stopping.')
    this.#server.closeAllConnections()
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
  }

  /** A token that is no longer good opens nothing, and ends what it opened. */
  #look(): void {
    const now = this.#now()
    const isOver = (token: string, client: string, used: { isBusy: boolean; usedAtMs: number }) =>
      this.#o.clientOf(token) !== client || (!used.isBusy && now - used.usedAtMs > IDLE_MS)
    for (const [id, session] of this.#sessions) {
      if (!isOver(session.token, session.client, session)) continue
      this.#sessions.delete(id)
      session.close('its session ended')
    }
    for (const [key, posts] of this.#posts) {
      const token = this.#tokens.get(posts)!
      if (!isOver(token, key.split(' ')[0]!, posts)) continue
      this.#posts.delete(key)
      posts.close('its token ended or was not used')
    }
  }

  /** What was opened with a token that is good no more ends now. */
  recheck(): void {
    this.#look()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let frame: ClientFrame | undefined
    try {
      const slug = slugOf(request.url)
      const who = enter(request, this.#o.clientOf)
      this.#allowance.take(who.client)
      if (request.method === 'GET') this.#stand(request, response, who)
      else if (request.method === 'DELETE') this.#end(request, response, who)
      else if (request.method === 'POST') {
        const text = await readBody(request)
        const read = readFrame(text)
        if (read.kind === 'refused') throw new HttpRefusal(400, read.message, read.code)
        frame = read
        this.#post(frame, request, response, who, slug)
      } else
        throw new HttpRefusal(405, 'This address takes POST, GET and DELETE.', -32000, { allow: 'POST, GET, DELETE' })
    } catch (error) {
      this.#refuse(request, response, frame, error)
    }
  }

  #post(
    frame: ClientFrame,
    request: IncomingMessage,
    response: ServerResponse,
    who: Entrant,
    slug: string | null,
  ): void {
    if (isModern(frame, request)) {
      this.#modern(frame, request, response, who, slug)
      return
    }
    const said = request.headers['mcp-protocol-version']
    if (said !== undefined && !LEGACY_VERSIONS.includes(String(said)))
      throw new HttpRefusal(400, `Version ${String(said).slice(0, 40)} of MCP is not known here.`, -32000)
    const isFirst = frame.method === 'initialize' && request.headers['mcp-session-id'] === undefined
    const session = isFirst
      ? new Session(who, slug ?? '', this.#opener(who, slug))
      : this.#sessionOf(request, who, slug)
    if (isFirst) this.#sessions.set(session.id, session)
    session.usedAtMs = this.#now()
    const reply = new Reply(response, { 'mcp-session-id': session.id }, false)
    if (frame.kind === 'request') {
      session.request(frame, frame.text, reply, listener => void response.once('close', listener))
      return
    }
    session.tell(frame.text)
    reply.end(202)
  }

  #modern(
    frame: ClientFrame,
    request: IncomingMessage,
    response: ServerResponse,
    who: Entrant,
    slug: string | null,
  ): void {
    const meta = frame.value._meta
    const version = isObject(meta) ? meta[ENVELOPE.version] : undefined
    if (frame.kind === 'request') {
      if (version !== undefined) compare(request.headers, frame, String(version))
      if (envelopeOf(frame) === null)
        throw new HttpRefusal(400, `"_meta" must name the version: "${ENVELOPE.version}".`, -32602)
    }
    const key = `${who.client} ${slug ?? ''}`
    let posts = this.#posts.get(key)
    if (!posts || this.#tokens.get(posts) !== who.token) {
      posts?.close('its token was replaced')
      posts = new ModernPosts(this.#opener(who, slug))
      this.#posts.set(key, posts)
      this.#tokens.set(posts, who.token)
    }
    posts.usedAtMs = this.#now()
    const reply = new Reply(response, {}, true)
    if (frame.kind !== 'request') {
      posts.tell(frame.text)
      reply.end(202)
      return
    }
    if (posts.size >= MOST_AT_ONCE) throw new HttpRefusal(429, `More than ${MOST_AT_ONCE} requests wait already.`)
    if (frame.method === 'tools/call' && typeof frame.value.name === 'string')
      compareArguments(request.headers, frame, posts.definition(frame.value.name)?.inputSchema)
    if (frame.method === 'subscriptions/listen') reply.stream()
    posts.request(frame, reply, listener => void response.once('close', listener))
  }

  #stand(request: IncomingMessage, response: ServerResponse, who: Entrant): void {
    const session = this.#sessionOf(request, who, slugOf(request.url))
    session.stand(
      new Reply(response, { 'mcp-session-id': session.id }, false),
      listener => void response.once('close', listener),
    )
  }

  #end(request: IncomingMessage, response: ServerResponse, who: Entrant): void {
    const session = this.#sessionOf(request, who, slugOf(request.url))
    this.#sessions.delete(session.id)
    session.close('its client ended the session')
    response.writeHead(204).end()
  }

  #sessionOf(request: IncomingMessage, who: Entrant, slug: string | null): Session {
    const id = request.headers['mcp-session-id']
    if (id === undefined) {
      const isPost = request.method === 'POST'
      const words = isPost ? 'A session begins with initialize.' : 'Without a session this address takes POST alone.'
      throw new HttpRefusal(isPost ? 400 : 405, words, -32000, isPost ? {} : { allow: 'POST' })
    }
    const session = this.#sessions.get(String(id))
    // Another client's session is not there for this one.
    if (!session || session.client !== who.client || session.token !== who.token || session.path !== (slug ?? ''))
      throw new HttpRefusal(404, 'There is no such session. Begin anew with initialize.', -32001)
    return session
  }

  #opener(who: Entrant, slug: string | null): OpenLink {
    const { gateway, title, onLink } = this.#o
    return send => {
      const only = slug === null ? {} : { server: slug }
      const link = gateway.link({ client: who.client, title: title(who.client), send, kind: 'http', ...only })
      onLink(1)
      const close = (why: string) => {
        link.close(why)
        onLink(-1)
      }
      return { receive: line => link.receive(line), definition: name => link.definition(name), close }
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, frame: ClientFrame | undefined, error: unknown): void {
    const { status, code, message, headers, data } = asRefusal(error)
    if (status === 400 || status === 401 || status === 403)
      void this.#o.audit
        .append(
          { kind: 'refused', what: `http/${status}`, by: request.headers.host ?? 'nobody', detail: message },
          { durable: false },
        )
        .catch(() => {})
    if (response.headersSent || response.destroyed) return void response.destroy()
    const text = errorFrame(frame?.id ?? null, code, message, data)
    response.writeHead(status, { ...headers, 'content-type': 'application/json', connection: 'close' }).end(text)
  }
}

/** Null: all servers together. Throws HttpRefusal for any other address. */
function slugOf(url = '/'): string | null {
  const path = url.split('?')[0]!
  if (path === '/mcp' || path === '/mcp/') return null
  const slug = /^\/mcp\/s\/([A-Za-z0-9_-]{1,64})\/?$/.exec(path)?.[1]
  if (slug !== undefined) return slug
  throw new HttpRefusal(404, 'The address is /mcp, or /mcp/s/ and a server’s short name.')
}

function isModern(frame: ClientFrame, request: IncomingMessage): boolean {
  const meta = frame.value._meta
  if (isObject(meta) && meta[ENVELOPE.version] !== undefined) return true
  if (frame.method === 'server/discover' || frame.method === 'subscriptions/listen') return true
  const said = request.headers['mcp-protocol-version']
  return (
    request.headers['mcp-session-id'] === undefined && said !== undefined && !LEGACY_VERSIONS.includes(String(said))
  )
}
