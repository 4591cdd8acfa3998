import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openWeb, pathIn, type WebListener } from './web.ts'

let web: WebListener
const opened: string[] = []

beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), 'web-'))
  writeFileSync(join(root, 'index.html'), '<meta name="nonce" content="__CSP_NONCE__">')
  writeFileSync(join(root, 'app.js'), '1')
  const onWindow = (ws: WebSocket, address: string) => {
    opened.push(address)
    ws.close()
  }
  web = await openWeb({ port: 0, root, onWindow })
})
afterAll(() => web.close())

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const req = request({
    host: '127.0.0.1',
    port: web.port,
    path,
    method,
    headers: { host: `127.0.0.1:${web.port}`, ...headers },
  })
  req.end()
  const [response] = await once(req, 'response')
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode as number, headers: response.headers, body }
}

async function upgrade(headers: Record<string, string>, path = '/hub') {
  const ws = new WebSocket(`ws://127.0.0.1:${web.port}${path}`, { headers })
  return new Promise<number>(resolve => {
    ws.on('open', () => resolve(101))
    ws.on('unexpected-response', (_req, response) => resolve(response.statusCode ?? 0))
    ws.on('error', () => {})
  })
}

test('the page has a fresh nonce each time, and a policy that lets nothing else in', async () => {
  const [one, two] = [await get('/'), await get('/servers/deep/link')]
  const nonce = /'nonce-([^']+)'/.exec(String(one.headers['content-security-policy']))?.[1]
  expect(one.body).toBe(`<meta name="nonce" content="${nonce}">`)
  expect(two.body).not.toBe(one.body)
  expect(one.headers['content-security-policy']).toContain("default-src 'none'")
  expect(one.headers['content-security-policy']).toContain("frame-ancestors 'none'")
  expect(one.headers['referrer-policy']).toBe('no-referrer')
})

test.each([
  ['another name (DNS rebinding)', { host: 'evil.example' }],
  ['a name that begins like ours', { host: '127.0.0.1.evil.example' }],
  ['another origin', { origin: 'http://evil.example' }],
  ['another loopback port', { origin: 'http://127.0.0.1:1' }],
])('a request with %s gets 403', async (_, headers) => {
  expect((await get('/', headers as unknown as Record<string, string>)).status).toBe(403)
})

test('a socket opens only for the page it came from', async () => {
  const host = `127.0.0.1:${web.port}`
  expect(await upgrade({ origin: `http://${host}` })).toBe(101)
  expect(await upgrade({ origin: 'http://localhost:9', host: 'localhost:9' })).toBe(101)
  expect(opened).toEqual([host, 'localhost:9'])
  expect(await upgrade({})).toBe(403)
  expect(await upgrade({ origin: 'null' })).toBe(403)
  expect(await upgrade({ origin: 'http://127.0.0.1:1' })).toBe(403)
  expect(await upgrade({ origin: `http://${host}` }, '/other')).toBe(403)
})

test('what is no URL gets an answer and does not end the hub', async () => {
  expect(await upgrade({ origin: `http://127.0.0.1:${web.port}` }, '//')).toBe(403)
  expect((await get('//')).status).toBe(400)
})

test('only files below the folder are served', async () => {
  expect((await get('/app.js')).body).toBe('1')
  expect((await get('/missing.js')).status).toBe(404)
  expect((await get('/', {}, 'POST')).status).toBe(405)
  expect([
    pathIn('/r', '/../../etc/passwd'),
    pathIn('/r', '/%2e%2e/%2e%2e/etc/passwd'),
    pathIn('/r', '/..%2f..%2fetc/passwd'),
    pathIn('/r', '/a%00b'),
    pathIn('/r', '/%'),
  ]).toEqual(['/r/etc/passwd', '/r/etc/passwd', undefined, undefined, undefined])
})
