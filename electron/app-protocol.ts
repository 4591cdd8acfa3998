// The app:// protocol: the built window's files and nothing else, under a policy that allows no other source.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'

export const SCHEME = 'app'
export const ORIGIN = 'app://gatehouse'

/** A scheme with an origin of its own: secure, with storage and modules, without service workers or CSP bypass. */
export const PRIVILEGES = {
  scheme: SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
}

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

/** Answers one request for a file below `root`; a path without an ending is a page of the app. */
export async function answer(root: string, request: Pick<Request, 'url' | 'method'>): Promise<Response> {
  const url = new URL(request.url)
  if (url.protocol !== `${SCHEME}:` || url.host !== 'gatehouse') return plain(403, 'Forbidden')
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Method not allowed')
  const path = fileIn(root, url.pathname)
  if (!path) return plain(400, 'Bad request')
  const ending = extname(path)
  if (ending && ending !== '.html') {
    const bytes = await readFile(path).catch(() => undefined)
    if (!bytes) return plain(404, 'Not found')
    return new Response(new Uint8Array(bytes), {
      headers: { ...headers(), 'content-type': TYPES[ending] ?? 'application/octet-stream' },
    })
  }
  const page = await readFile(join(root, 'index.html'), 'utf8').catch(() => undefined)
  if (page === undefined) return plain(503, 'The window is not built. Run npm start, which builds it.')
  const nonce = randomBytes(16).toString('base64')
  return new Response(page.replaceAll('__CSP_NONCE__', nonce), {
    headers: { ...headers(nonce), 'content-type': TYPES['.html']! },
  })
}

function fileIn(root: string, pathname: string): string | undefined {
  try {
    const full = normalize(join(root, decodeURIComponent(pathname)))
    const top = normalize(root)
    return !full.includes('\0') && (full === top || full.startsWith(top + sep)) ? full : undefined
  } catch {
    return undefined
  }
}

// The hub is reached over the port alone: connect-src stays closed.
function headers(nonce?: string): Record<string, string> {
  const styles = nonce ? `'self' 'nonce-${nonce}'` : "'self'"
  return {
    'content-security-policy': `default-src 'none'; script-src 'self'; style-src ${styles}; connect-src 'none'; img-src 'self' data:; media-src data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
  }
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { ...headers(), 'content-type': 'text/plain; charset=utf-8' } })
}
