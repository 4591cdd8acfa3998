// The same server over Streamable HTTP, for a team: who calls, what they may, how often; health, readiness, numbers, audit.
import { createServer } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import express, { type ErrorRequestHandler, type RequestHandler, type Response } from 'express'
import helmet from 'helmet'
import { collectDefaultMetrics, Gauge } from 'prom-client'
import { Audit, writerTo } from './audit.ts'
import { Callers } from './callers.ts'
import { Doorkeeper } from './doorkeeper.ts'
import { checkTogether, HTTP_SETTINGS, type HttpSettings, listenAt } from './http-settings.ts'
import { Metrics } from './metrics.ts'
import { Readiness } from './readiness.ts'
import { refuse } from './refuse.ts'
import type { Backed } from './serve.ts'
import { SettingsError } from './settings.ts'
import { shutDownOnSignal } from './shut-down.ts'
import type { Kit } from './tools.ts'
import { urisIn } from './watches.ts'

export interface Listening {
  at: string
  name: string
  version: string
  kit: Kit
  metrics: Metrics
  backed: Backed
  /** Requests of one caller in 60 s. */
  rateLimit: number
  settings: HttpSettings
}

export { HTTP_SETTINGS, Metrics }

const MOST_BYTES = 1024 * 1024

/** Gives what a crash still has to do. */
export async function listen({
  at,
  name,
  version,
  kit,
  metrics,
  backed,
  rateLimit,
  settings,
}: Listening): Promise<() => Promise<void>> {
  const { host, port } = listenAt(at)
  checkTogether(host, settings)
  if (backed.local && settings.HTTP_REPLICAS > 1)
    throw new SettingsError(`HTTP_REPLICAS is ${settings.HTTP_REPLICAS}, but ${backed.local}`)
  const { log } = kit
  const audit = new Audit(writerTo(settings.AUDIT_TO), { log, most: settings.AUDIT_MOST })
  const callers = new Callers(settings)
  const readiness = new Readiness(backed.ready, () => audit.isFull)
  count(metrics, audit)
  // One, so that its tools and what they say of themselves are known.
  await backed.server().close()

  const door = new Doorkeeper({ server: name, host, kit, metrics, callers, audit, rateLimit, settings })
  const onerror = (error: Error) => log.say('warn', error.message)
  const mcp = createMcpHandler(backed.server, { onerror, maxRequestBodySize: MOST_BYTES })
  const answer = toNodeHandler(mcp, { onerror })
  kit.watches.onUpdated(uri => mcp.notify.resourceUpdated(uri))

  const app = express()
  app.disable('etag')
  app.use(helmet())
  app.use(door.host)
  app.get('/health', (_, res) => void res.json({ status: 'ok', version, uptime: Math.round(process.uptime()) }))
  app.get('/ready', async (_, res) => {
    const why = await readiness.whyNot()
    res.status(why === null ? 200 : 503).json(why === null ? { status: 'ready' } : { status: 'not ready', why })
  })
  app.get('/metrics', door.scraper, async (_, res) => {
    res.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  const { HTTP_PUBLIC_URL: url, JWT_ISSUER: issuer } = settings
  if (url && issuer)
    app.get('/.well-known/oauth-protected-resource{/mcp}', (_, res) => {
      res.json({
        resource: new URL('/mcp', url).href,
        authorization_servers: [issuer],
        bearer_methods_supported: ['header'],
      })
    })
  app.use('/mcp', door.noted, door.origin, door.caller, door.rate)
  app.post(
    '/mcp',
    express.json({ limit: MOST_BYTES, inflate: false, strict: false }),
    door.call,
    watching(kit),
    (req, res) => answer(req as never, res as never, req.body),
  )
  app.all('/mcp', (_, res) => refuse(res.set('allow', 'POST'), 405, 'Only POST is answered here.'))
  app.use((_, res) => refuse(res, 404, 'There is /mcp, /health, /ready and /metrics.'))
  app.use(((error, _req, res, _next) => broken(kit, error, res)) satisfies ErrorRequestHandler)

  const server = createServer(
    {
      headersTimeout: settings.HTTP_RECEIVE_MS,
      requestTimeout: settings.HTTP_RECEIVE_MS,
      connectionsCheckingInterval: Math.min(settings.HTTP_RECEIVE_MS / 2, 5_000),
    },
    app,
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { address, port: bound } = server.address() as { address: string; port: number }
  log.say('info', 'listening', { address, port: bound })
  if (backed.local) log.say('info', 'for one replica', { why: backed.local })
  if (callers.isOpen) log.say('warn', 'everybody on this computer may call: HTTP_TOKENS is not set')
  shutDownOnSignal({ log, server, readiness, door, mcp, backed, audit, settings })
  return () => audit.close(3_000)
}

/** What is listened for is watched before it is acknowledged, and no more is promised than is watched. */
function watching({ watches }: Kit): RequestHandler {
  return async (req, res, next) => {
    const { method, params } = (req.body ?? {}) as { method?: unknown; params?: ListenParams }
    const wanted = params?.notifications
    if (method === 'subscriptions/listen' && Array.isArray(wanted?.resourceSubscriptions)) {
      res.once('close', () => watches.drop(res))
      wanted.resourceSubscriptions = await watches.ask(res, urisIn(wanted.resourceSubscriptions))
    }
    next()
  }
}

interface ListenParams {
  notifications?: { resourceSubscriptions?: unknown }
}

const UNREADABLE: Record<number, string> = {
  413: 'This is more than 1 MB.',
  415: 'Send it as it is, not compressed, in UTF-8.',
}

function broken(kit: Kit, { status = 500, message }: { status?: number; message?: string }, res: Response): void {
  if (status >= 500) kit.log.say('error', 'a request failed', { cause: message })
  refuse(res, status, status >= 500 ? 'Something went wrong.' : (UNREADABLE[status] ?? 'This is not JSON.'))
}

function count({ registry }: Metrics, audit: Audit): void {
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'mcp_audit_waiting',
    help: 'Lines of the audit that could not be written yet',
    registers: [registry],
    collect() {
      this.set(audit.waiting)
    },
  })
}
