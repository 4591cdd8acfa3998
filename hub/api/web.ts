// The browser window's listener: static files and one WebSocket, on loopback, on a port of its own, only when asked for.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize, sep } from 'node:path'
import { type WebSocket, WebSocketServer } from 'ws'
import { HubError } from '../error.ts'
import { isLoopbackHost } from '../loopback.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
}
const MAX_FRAME_BYTES = 32 * 1024 * 1024

export interface WebListener {
  readonly port: number
  close(): Promise<void>
}

/** The page must come from the very host it talks to. */
export function isSameOrigin(request: Pick<IncomingMessage, 'headers'>): boolean {
  return request.headers.origin === `http://${request.headers.host}`
}

/** Listens on 127.0.0.1. `port` 0: any free one. `onWindow` gets each accepted WebSocket, the host it came by, and whether that names this very port. */
export async function openWeb(options: {
  port: number
  root: string
  onWindow: (ws: WebSocket, address: string, direct: boolean) => void
  /** Somebody came from another page, or by another name of this machine. */
  onRefused?: (why: string) => void
}): Promise<WebListener> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES })
  const server = createServer((request, response) => {
    serveFile(options, request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  server.headersTimeout = 10_000
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    if (!isLoopbackHost(request.headers.host) || !isSameOrigin(request) || pathOf(request.url) !== '/hub') {
      options.onRefused?.(strangerOf(request))
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
      return
    }
    const host = request.headers.host!
    const direct = new URL(`http://${host}`).port === String(request.socket.localPort)
    sockets.handleUpgrade(request, socket, head, ws => options.onWindow(ws, host, direct))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const what =
        cause.code === 'EADDRINUSE'
          ? `Port ${options.port} is taken.`
          : `Cannot listen on port ${options.port}: ${cause.message}.`
      reject(
        new HubError('web/port', what, { hint: 'Choose another with --port, or leave it out for a free one.', cause }),
      )
    })
    server.listen(options.port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const ws of sockets.clients) ws.terminate()
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

// Both are the stranger's words: cut, and shown nowhere but in the log.
function strangerOf({ headers: { origin, host }, url }: IncomingMessage): string {
  const cut = (text = 'none') => text.slice(0, 100)
  return `A page that is not ours asked for ${cut(url)} (host ${cut(host)}, origin ${cut(origin)}).`
}

async function serveFile(
  { root, onRefused }: { root: string; onRefused?: (why: string) => void },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { origin, host } = request.headers
  if (!isLoopbackHost(host) || (origin !== undefined && !isSameOrigin(request))) {
    onRefused?.(strangerOf(request))
    return end(response, 403, 'Forbidden')
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405, 'Method not allowed')
  const path = pathIn(root, request.url ?? '/')
  if (!path) return end(response, 400, 'Bad request')
  const isAsset = extname(path) !== '' && extname(path) !== '.html'
  const file = await readFile(path).catch(() => undefined)
  if (!file && isAsset) return end(response, 404, 'Not found')
  if (file && isAsset) {
    const hashed = path.includes(`${sep}assets${sep}`)
    response.writeHead(200, {
      ...headers(),
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
    return void response.end(file)
  }
  const page = await readFile(join(root, 'index.html'), 'utf8').catch(() => undefined)
  if (page === undefined) return end(response, 503, 'The window is not built. Run npm start, which builds it.')
  const nonce = randomBytes(16).toString('base64')
  response.writeHead(200, { ...headers(nonce), 'content-type': TYPES['.html'], 'cache-control': 'no-store' })
  response.end(page.replaceAll('__CSP_NONCE__', nonce))
}

// What is asked for may be no URL at all (`//`), which must not end the hub.
function pathOf(url = '/'): string | undefined {
  try {
    return decodeURIComponent(new URL(url, 'http://x').pathname)
  } catch {
    return undefined
  }
}

/** The file a URL names, inside root or nothing. */
export function pathIn(root: string, url: string): string | undefined {
  const path = pathOf(url)
  if (path === undefined || path.includes('\0')) return undefined
  const full = normalize(join(root, path))
  return full === normalize(root) || full.startsWith(normalize(root) + sep) ? full : undefined
}

function headers(nonce?: string): Record<string, string> {
  const styles = nonce ? `'self' 'nonce-${nonce}'` : "'self'"
  return {
    'content-security-policy': `default-src 'none'; script-src 'self'; style-src ${styles}; connect-src 'self'; img-src 'self' data:; media-src data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  }
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...headers(), 'content-type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}
