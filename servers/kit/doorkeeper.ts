// Before a request reaches the server: its host and origin, its caller and their role, how often they came; then its line in the audit.
import { createHash } from 'node:crypto'
import { type AuthInfo, validateHostHeader, validateOriginHeader } from '@modelcontextprotocol/server'
import type { Request, RequestHandler, Response } from 'express'
import picomatch from 'picomatch'
import { Counter } from 'prom-client'
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'
import type { Audit } from './audit.ts'
import { type Caller, type Callers, digest, NotLetIn } from './callers.ts'
import { type HttpSettings, isLoopback } from './http-settings.ts'
import type { Metrics } from './metrics.ts'
import { refuse } from './refuse.ts'
import type { HttpCall, Kit } from './tools.ts'

interface Options {
  server: string
  host: string
  kit: Kit
  metrics: Metrics
  callers: Callers
  audit: Audit
  rateLimit: number
  settings: HttpSettings
}

const PROBED = ['/health', '/ready', '/metrics']
const LOCAL = ['localhost', '127.0.0.1', '[::1]']
const MOST_NAME = 128
const MOST_STREAMS = 20
const MOST_DEEP = 100

export class Doorkeeper {
  /** Calls that are not answered yet. */
  running = 0
  readonly #o: Options
  readonly #hosts: string[]
  readonly #origins: string[]
  readonly #rate: RateLimiterMemory
  readonly #unknown: RateLimiterMemory
  readonly #refused: Counter
  readonly #streams = new Map<string, number>()
  readonly #isAtOnce: (name: string) => boolean

  constructor(options: Options) {
    const { settings, host, metrics, rateLimit } = options
    this.#o = options
    const isLocal = isLoopback(host)
    this.#hosts = [...settings.HTTP_HOSTS, ...(isLocal ? LOCAL : [])]
    this.#origins = [...settings.HTTP_ORIGINS, ...(isLocal ? LOCAL : [])]
    this.#rate = new RateLimiterMemory({ points: rateLimit, duration: 60 })
    this.#unknown = new RateLimiterMemory({ points: rateLimit, duration: 60 })
    this.#refused = new Counter({
      name: 'mcp_http_refused_total',
      help: 'Requests that were not let in, by why',
      labelNames: ['reason'],
      registers: [metrics.registry],
    })
    const names = settings.AUDIT_AT_ONCE.split(',').map(name => name.trim())
    this.#isAtOnce = picomatch(names.filter(Boolean), { nocase: true, bash: true })
  }

  /** Against pages whose name was pointed here (DNS rebinding). Beyond this computer probes come by address. */
  readonly host: RequestHandler = (req, res, next) => {
    const isProbe = !isLoopback(this.#o.host) && PROBED.includes(req.path)
    if (isProbe || validateHostHeader(req.headers.host, this.#hosts).ok) return next()
    this.noted(req, res, () => {
      this.#deny(req, res, 403, 'host', 'This server is not called by this name. HTTP_HOSTS says by which.')
    })
  }

  readonly origin: RequestHandler = (req, res, next) => {
    if (validateOriginHeader(req.headers.origin, this.#origins).ok) return next()
    this.#deny(req, res, 403, 'origin', 'Pages of this origin may not call. HTTP_ORIGINS says which may.')
  }

  readonly caller: RequestHandler = async (req, res, next) => {
    try {
      res.locals.caller = await this.#o.callers.of(req.headers.authorization)
      next()
    } catch (error) {
      if (!(error instanceof NotLetIn)) throw error
      if (await this.#isTooOften(this.#unknown, req.socket.remoteAddress ?? '', res)) return
      if (error.status === 401) res.set('www-authenticate', this.#challenge(req))
      else res.set('retry-after', '10')
      this.#deny(req, res, error.status, 'caller', error.message)
    }
  }

  /** Who reads the numbers, when only some may. */
  readonly scraper: RequestHandler = async (req, res, next) => {
    const { HTTP_METRICS_TOKEN: token } = this.#o.settings
    if (!token || isSame(req.headers.authorization ?? '', `Bearer ${token}`)) return next()
    if (await this.#isTooOften(this.#unknown, req.socket.remoteAddress ?? '', res)) return
    this.#refused.inc({ reason: 'metrics' })
    refuse(
      res.set('www-authenticate', `Bearer realm="${this.#o.server}"`),
      401,
      'The numbers are read with HTTP_METRICS_TOKEN.',
    )
  }

  /** Nothing is run, and nobody refused, that cannot be noted. */
  readonly noted: RequestHandler = (_, res, next) => {
    if (!this.#o.audit.isFull) return next()
    this.#refused.inc({ reason: 'audit' })
    refuse(res.set('retry-after', '10'), 503, 'Calls cannot be noted now, so none is run. Try again in a while.')
  }

  readonly rate: RequestHandler = async (req, res, next) => {
    const caller = res.locals.caller as Caller
    if (!(await this.#isTooOften(this.#rate, caller.name, res))) return next()
    this.#note(req, res, { outcome: 'rate_limited' }, false)
  }

  /** Its role. Then it runs, and is noted when it has. */
  readonly call: RequestHandler = (req, res, next) => {
    if (!req.is('application/json')) return this.#deny(req, res, 415, 'body', 'Send application/json.')
    if (isDeeper(req.body, MOST_DEEP)) {
      // Whoever walks it, to note it or to answer it, would run out of stack.
      req.body = undefined
      return this.#deny(req, res, 400, 'body', `This is nested deeper than ${MOST_DEEP} levels.`)
    }
    if (Array.isArray(req.body)) return this.#deny(req, res, 400, 'body', 'Send one message at a time.')
    const caller = res.locals.caller as Caller
    const tool = askedOf(req.body)
    if (tool === null) {
      this.#admit(req, caller, () => {})
      return next()
    }
    const isTool = !READING.includes(tool)
    const { readOnlyHint = !isTool, destructiveHint = isTool } = this.#o.kit.annotations.get(tool) ?? {}
    if (!this.#o.callers.mayCall(caller, tool, readOnlyHint)) {
      const roles = this.#o.callers.rolesFor(tool, readOnlyHint)
      const yours = caller.roles.join(', ') || 'none'
      const message = `${tool} needs the role ${roles.join(' or ') || '(none has it)'}; yours: ${yours}.`
      return this.#deny(req, res, 403, 'role', message, { roles })
    }
    const began = performance.now()
    const atOnce =
      destructiveHint ||
      Object.values(argumentsOf(req.body))
        .flat()
        .some(one => this.#names(one))
    let isNoted = false
    const note = (outcome: string, more: object = {}) => {
      if (isNoted) return
      isNoted = true
      this.#note(req, res, { outcome, ms: Math.round(performance.now() - began), ...more }, atOnce)
    }
    let isAnswered = false
    this.#admit(req, caller, (correlation, kind) => {
      isAnswered = true
      note(kind ?? 'ok', { correlation })
    })
    // A stream of news has no end to wait for.
    const isCall = tool !== 'subscriptions/listen'
    if (!isCall && !this.#mayListen(caller.name, res))
      return this.#deny(
        req,
        res.set('retry-after', '60'),
        429,
        'streams',
        `You listen by ${MOST_STREAMS} streams already.`,
      )
    if (isCall) this.running++
    res.once('close', () => {
      if (isCall) this.running--
      // Wrong input and unknown names are answered before the tool is asked.
      if (!isTool || (res.writableFinished && !isAnswered)) note(isTool ? 'refused' : 'answered')
    })
    next()
  }

  /** So that one caller does not hold all the streams that there can be. */
  #mayListen(name: string, res: Response): boolean {
    const streams = this.#streams.get(name) ?? 0
    if (streams >= MOST_STREAMS) return false
    this.#streams.set(name, streams + 1)
    res.once('close', () => {
      const left = this.#streams.get(name)! - 1
      if (left > 0) this.#streams.set(name, left)
      else this.#streams.delete(name)
    })
    return true
  }

  #admit(req: Request, caller: Caller, ended: HttpCall['ended']): void {
    const extra: HttpCall = { caller, ended }
    const auth: AuthInfo = { token: '', clientId: caller.name, scopes: [...caller.roles], extra }
    Object.assign(req, { auth })
  }

  async #isTooOften(limiter: RateLimiterMemory, key: string, res: Response): Promise<boolean> {
    try {
      await limiter.consume(key)
      return false
    } catch (rejected) {
      const seconds = Math.max(1, Math.ceil((rejected as RateLimiterRes).msBeforeNext / 1000))
      this.#refused.inc({ reason: 'rate' })
      refuse(res.set('retry-after', `${seconds}`), 429, `Too many requests. Wait ${seconds} s.`, {
        retryAfter: seconds,
      })
      return true
    }
  }

  #deny(req: Request, res: Response, status: number, reason: string, message: string, more = {}): void {
    this.#refused.inc({ reason })
    this.#note(req, res, { outcome: 'denied', reason, status }, true)
    refuse(res, status, message, more)
  }

  #note(req: Request, res: Response, facts: object, atOnce: boolean): void {
    const caller = res.locals.caller as Caller | undefined
    const tool = askedOf(req.body)
    const args = tool === null ? {} : { argumentsHash: hashOf(argumentsOf(req.body)) }
    const who = caller ? { caller: caller.name, roles: caller.roles } : {}
    const what = { server: this.#o.server, from: req.socket.remoteAddress, ...who, ...(tool === null ? {} : { tool }) }
    this.#o.audit.note({ ...what, ...args, ...facts }, { atOnce })
  }

  #names(value: unknown): boolean {
    return typeof value === 'string' && value.length <= MOST_NAME && this.#isAtOnce(value)
  }

  #challenge(req: Request): string {
    const { HTTP_PUBLIC_URL: url, JWT_ISSUER: issuer } = this.#o.settings
    const wrong = req.headers.authorization ? ', error="invalid_token"' : ''
    const where =
      url && issuer ? `, resource_metadata="${new URL('/.well-known/oauth-protected-resource/mcp', url)}"` : ''
    return `Bearer realm="${this.#o.server}"${wrong}${where}`
  }
}

/** Beside tools, what gives something away: for who may read. No tool has a name with a slash. */
const READING: readonly string[] = [
  'resources/read',
  'resources/subscribe',
  'subscriptions/listen',
  'prompts/get',
  'completion/complete',
]

/** The tool that is called, or what else is asked that not everyone may; null for lists and the like. */
function askedOf(body: unknown): string | null {
  const { method, params } = (body ?? {}) as { method?: unknown; params?: { name?: unknown } }
  const reading = READING.find(one => one === method)
  if (reading) return reading
  const name = params?.name
  // What is no name is none of a tool; not all of it can be made a text as it is.
  return method === 'tools/call'
    ? `${typeof name === 'string' ? name : JSON.stringify(name)}`.slice(0, MOST_NAME)
    : null
}

/** Level by level: a walk that calls itself is what must not happen. */
function isDeeper(value: unknown, most: number): boolean {
  let level = [value]
  for (let depth = 0; depth <= most; depth++) {
    level = level.flatMap(one => (one !== null && typeof one === 'object' ? Object.values(one) : []))
    if (level.length === 0) return false
  }
  return true
}

function argumentsOf(body: unknown): Record<string, unknown> {
  const { params } = body as { params?: { arguments?: unknown } }
  const given = params?.arguments
  return given && typeof given === 'object' ? (given as Record<string, unknown>) : {}
}

/** Compared by digests: how long it takes says nothing of what is right. */
const isSame = (a: string, b: string) => digest(a) === digest(b)
const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex')
