// Where Prometheus asks: one page on loopback, on a port of its own, for whoever has the token.
import { hash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HubError } from '../error.ts'
import { isLoopbackHost } from '../loopback.ts'

export interface Page {
  contentType: string
  text(): Promise<string>
}

export interface MetricsListener {
  readonly port: number
  close(): Promise<void>
}

/** Listens on 127.0.0.1. `token`: what every request must send, so that other users of the machine read nothing. */
export async function openListener(o: { port: number; token: string; page: Page }): Promise<MetricsListener> {
  const server = createServer((request, response) => {
    const refused = refusal(request, o.token)
    if (refused) {
      const { status, words } = refused
      const asks = status === 401 ? { 'www-authenticate': 'Bearer realm="Gatehouse"' } : {}
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...asks }).end(`${words}\n`)
      return
    }
    o.page.text().then(
      text => {
        response.writeHead(200, { 'content-type': o.page.contentType, 'cache-control': 'no-store' })
        response.end(request.method === 'HEAD' ? undefined : text)
      },
      () => response.writeHead(500).end(),
    )
  })
  server.headersTimeout = 10_000
  server.requestTimeout = 10_000
  server.maxConnections = 20
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is taken' : `cannot be listened on: ${cause.message}`
      reject(new HubError('metrics/port', `Port ${o.port} for metrics ${why}.`, { hint: 'Choose another one.', cause }))
    })
    server.listen(o.port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

function refusal({ headers, method, url }: IncomingMessage, token: string): { status: number; words: string } | null {
  if (!isLoopbackHost(headers.host))
    return { status: 403, words: 'Gatehouse answers to 127.0.0.1, localhost and [::1] alone.' }
  if (headers.origin !== undefined) return { status: 403, words: 'Gatehouse takes no requests of web pages.' }
  if (!isSame(/^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '', token))
    return {
      status: 401,
      words:
        'Send the token of Gatehouse’s metrics: "Authorization: Bearer …". `gatehouse metrics status` names its file.',
    }
  if (url?.split('?')[0] !== '/metrics') return { status: 404, words: 'There is only /metrics here.' }
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, words: 'Ask with GET.' }
  return null
}

function isSame(given: string, token: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', token, 'buffer'))
}
