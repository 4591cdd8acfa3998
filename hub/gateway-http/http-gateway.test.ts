import { type IncomingMessage, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Client as Client2, StreamableHTTPClientTransport as Transport2 } from '@modelcontextprotocol/client'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema, ResourceListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EVERYTHING, fixture, type House, openHouse } from '../gateway/test-house.ts'
import { HttpGateway } from './http-gateway.ts'

let house: House
let http: HttpGateway
const tokens = new Map([
  ['good', 'one'],
  ['other', 'two'],
])
let links = 0
/** How far the clock was moved on. */
let laterMs = 0
const refused: string[] = []

beforeAll(async () => {
  house = await openHouse({
    servers: {
      everything: [EVERYTHING, 'stdio'],
      modern: [fixture('gateway/modern.mjs')],
    },
    rules: [{ id: '', effect: 'allow' }],
  })
  http = await HttpGateway.open(0, {
    gateway: house.gateway,
    clientOf: token => tokens.get(token) ?? null,
    title: client => client,
    audit: { append: async event => void refused.push(event.what) },
    onLink: change => {
      links += change
    },
    now: () => performance.now() + laterMs,
  })
})
afterAll(async () => {
  await http?.close()
  await house?.close()
})

const NS = 'io.modelcontextprotocol'
const envelope = (capabilities: object = {}) => ({
  [`${NS}/protocolVersion`]: '2026-07-28',
  [`${NS}/clientCapabilities`]: capabilities,
})
const modernHeaders = (method: string, name?: string) => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': method,
  ...(name === undefined ? {} : { 'mcp-name': name }),
})

interface Answer {
  status: number
  headers: IncomingMessage['headers']
  text: string
}

function send(
  body: unknown,
  o: { token?: string | null; path?: string; method?: string; headers?: Record<string, string>; port?: number } = {},
): Promise<Answer> {
  const { token = 'good', path = '/mcp', method = 'POST', headers = {}, port = http.port } = o
  return new Promise((resolve, reject) => {
    const all = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    }
    const sent = request({ host: '127.0.0.1', port, path, method, headers: all, timeout: 20_000 }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body))
  })
}

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
}
const discover = { jsonrpc: '2.0', id: 'd', method: 'server/discover', params: { _meta: envelope() } }
const address = (path = '/mcp') => new URL(`http://127.0.0.1:${http.port}${path}`)
const requestInit = (token = 'good') => ({ requestInit: { headers: { Authorization: `Bearer ${token}` } } })

test('an SDK 1.x client: lists, calls, progress, a question in the middle of a call, an orderly end', async () => {
  const client = new Client1({ name: 'one', version: '1' }, { capabilities: { elicitation: {} } })
  client.setRequestHandler(ElicitRequestSchema, async () => ({
    action: 'accept',
    content: { name: 'Ada', check: true },
  }))
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => {})
  const transport = new Transport1(address(), requestInit())
  await client.connect(transport as never)
  expect((await client.listTools()).tools.map(tool => tool.name)).toContain('everything_echo')
  const progress: number[] = []
  await client.callTool(
    { name: 'everything_trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } },
    undefined,
    { onprogress: one => progress.push(one.progress) },
  )
  expect(progress).toEqual([1, 2, 3])
  const asked = await client.callTool({ name: 'everything_trigger-elicitation-request', arguments: {} })
  expect(JSON.stringify(asked.content)).toContain('Ada')
  expect(links).toBeGreaterThan(0)
  await transport.terminateSession()
  await client.close()
})

test.each(['auto', { pin: '2026-07-28' }] as const)('an SDK 2.x client of the modern era (%j)', async mode => {
  const client = new Client2({ name: 'two', version: '2' }, { versionNegotiation: { mode: mode as never } })
  await client.connect(new Transport2(address('/mcp/s/everything'), requestInit()) as never)
  expect(client.getProtocolEra()).toBe('modern')
  expect((await client.listTools()).tools.map(tool => tool.name)).toContain('echo')
  expect((await client.callTool({ name: 'echo', arguments: { message: 'hi' } })).content).toEqual([
    { type: 'text', text: 'Echo: hi' },
  ])
  await client.close()
})

test('many at once with the same ids: each gets its own answer', async () => {
  const call = (n: number) =>
    send(
      {
        jsonrpc: '2.0',
        id: 7,
        method: 'tools/call',
        params: { name: 'everything_echo', arguments: { message: `m${n}` }, _meta: envelope() },
      },
      { headers: modernHeaders('tools/call', 'everything_echo') },
    )
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => call(n)))
  for (const [n, { status, text }] of answers.entries()) {
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({ id: 7, result: { content: [{ text: `Echo: m${n}` }] } })
  }
})

test('a body in many lines is read as it is', async () => {
  const { status, text } = await send(JSON.stringify(discover, null, 2), { headers: modernHeaders('server/discover') })
  expect([status, JSON.parse(text).id]).toEqual([200, 'd'])
})

test('a stream begins at once, names its request, and ends with its connection', async () => {
  const body = {
    jsonrpc: '2.0',
    id: 'mine',
    method: 'subscriptions/listen',
    params: { notifications: { resourceSubscriptions: ['m://a'] }, _meta: envelope() },
  }
  const chunks: string[] = []
  const headers = { 'content-type': 'application/json', authorization: 'Bearer good', ...modernHeaders(body.method) }
  const sent = request({ host: '127.0.0.1', port: http.port, path: '/mcp', method: 'POST', headers }, response => {
    response.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  })
  sent.on('error', () => {})
  sent.end(JSON.stringify(body))
  await expect.poll(() => chunks.join(''), { timeout: 20_000 }).toContain('acknowledged')
  expect(chunks.join('')).toContain(`"${NS}/subscriptionId":"mine"`)
  await pause(300)
  const update = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'modern_update', arguments: { uri: 'm://a' }, _meta: envelope() },
  }
  await send(update, { headers: modernHeaders('tools/call', 'modern_update') })
  await expect.poll(() => chunks.join(''), { timeout: 20_000 }).toContain('resources/updated')
  sent.destroy()
})

test.each<[string, number, Parameters<typeof send>[1], unknown]>([
  ['no token', 401, { token: null }, discover],
  ['a wrong token', 401, { token: 'bad' }, discover],
  ['another host (DNS rebinding)', 403, { headers: { host: 'evil.example.com' } }, discover],
  ['a web page', 403, { headers: { origin: 'http://evil.example.com' } }, discover],
  ['a page of another loopback port', 403, { headers: { origin: 'http://127.0.0.1:9' } }, discover],
  ['a form post', 415, { headers: { 'content-type': 'text/plain' } }, discover],
  ['no JSON', 400, {}, '{'],
  ['a batch', 400, {}, [discover]],
  ['a repeated member', 400, {}, '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'],
  ['too much', 413, {}, JSON.stringify({ ...discover, x: 'x'.repeat(5_000_000) })],
  ['another address', 404, { path: '/mcp/../x' }, discover],
  ['a server that is not there', 404, { path: '/mcp/s/nobody', headers: modernHeaders('server/discover') }, discover],
  ['no headers of its era', 400, {}, discover],
  ['headers of another method', 400, { headers: modernHeaders('tools/list') }, discover],
  ['a modern GET', 405, { method: 'GET' }, undefined],
  ['a request before initialize', 400, {}, { jsonrpc: '2.0', id: 1, method: 'tools/list' }],
  ['an unknown session', 404, { headers: { 'mcp-session-id': 'x' } }, { jsonrpc: '2.0', id: 1, method: 'ping' }],
])('%s is answered with %i', async (_what, status, options, body) => {
  const answer = await send(body, options)
  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining('"error"')])
})

test('refusals at the door are recorded', () => {
  expect(refused).toEqual(expect.arrayContaining(['http/401', 'http/403']))
})

test.each([
  [
    'a version nobody speaks',
    -32022,
    400,
    { ...discover, params: { _meta: { ...envelope(), [`${NS}/protocolVersion`]: '2030-01-01' } } },
    '2030-01-01',
  ],
  [
    'no capabilities',
    -32602,
    400,
    { ...discover, params: { _meta: { [`${NS}/protocolVersion`]: '2026-07-28' } } },
    '2026-07-28',
  ],
  [
    'a method that is no more',
    -32601,
    404,
    { jsonrpc: '2.0', id: 1, method: 'ping', params: { _meta: envelope() } },
    '2026-07-28',
  ],
])('%s: code %i and status %i', async (_what, code, status, body, version) => {
  const answer = await send(body, { headers: { ...modernHeaders(body.method), 'mcp-protocol-version': version } })
  expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([status, code])
})

test('a session is its client’s alone, and ends when its token does', async () => {
  tokens.set('short', 'three')
  const opened = await send(INITIALIZE, { token: 'short' })
  const session = { 'mcp-session-id': String(opened.headers['mcp-session-id']) }
  const ping = { jsonrpc: '2.0', id: 2, method: 'ping' }
  expect((await send(ping, { token: 'short', headers: session })).status).toBe(200)
  expect((await send(ping, { token: 'good', headers: session })).status).toBe(404)
  expect((await send(undefined, { token: 'good', method: 'DELETE', headers: session })).status).toBe(404)
  tokens.delete('short')
  const before = links
  http.recheck()
  expect(links).toBe(before - 1)
  expect((await send(ping, { token: 'short', headers: session })).status).toBe(401)
})

test('30 minutes without use end what a token opened, in both eras; use begins them anew', async () => {
  tokens.set('idle', 'idle')
  const o = { token: 'idle' }
  const opened = [await send(INITIALIZE, o), await send(INITIALIZE, o)]
  const [used, left] = opened.map(one => ({ 'mcp-session-id': String(one.headers['mcp-session-id']) }))
  await send(discover, { ...o, headers: modernHeaders('server/discover') })
  const ping = { jsonrpc: '2.0', id: 2, method: 'ping' }
  const before = links
  const later = (minutes: number) => {
    laterMs += minutes * 60_000
    http.recheck()
  }
  later(25)
  expect(links).toBe(before)
  expect((await send(ping, { ...o, headers: used! })).status).toBe(200)
  later(6)
  // The other session and what the modern requests opened were not used for 31 minutes.
  expect(http.size).toBe(1)
  expect((await send(ping, { ...o, headers: left! })).status).toBe(404)
  expect((await send(ping, { ...o, headers: used! })).status).toBe(200)
  later(31)
  expect(http.size).toBe(0)
  expect((await send(ping, { ...o, headers: used! })).status).toBe(404)
  tokens.delete('idle')
})

test('one client opens no more links than are allowed', async () => {
  tokens.set('many', 'four')
  const statuses = []
  for (let n = 0; n < 25; n++) statuses.push((await send(INITIALIZE, { token: 'many' })).status)
  expect(statuses.filter(status => status === 200)).toHaveLength(20)
  expect(statuses.at(-1)).toBe(429)
  tokens.delete('many')
  http.recheck()
})

test('a flood is answered with 429, and others are served', async () => {
  const narrow = await HttpGateway.open(0, {
    gateway: house.gateway,
    clientOf: token => tokens.get(token) ?? null,
    title: client => client,
    audit: { append: async () => {} },
    onLink: () => {},
    rate: { burst: 50, perSecond: 0.001 },
  })
  const { port } = narrow
  const all = Array.from({ length: 60 }, () => send(undefined, { method: 'DELETE', port }))
  const statuses = (await Promise.all(all)).map(({ status }) => status)
  expect([statuses.filter(status => status === 429).length, statuses.filter(status => status === 405).length]).toEqual([
    10, 50,
  ])
  const headers = modernHeaders('server/discover')
  expect((await send(discover, { token: 'other', port, headers })).status).toBe(200)
  await narrow.close()
})

test('who sends a body drop by drop is let go, and nothing waits for it', async () => {
  const socket = connect(http.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(
    'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer good\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
  )
  expect((await send(discover, { headers: modernHeaders('server/discover') })).status).toBe(200)
  socket.destroy()
})

test('a port that is taken is said, and not exchanged for another', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => blocker.once('listening', resolve))
  const { port } = blocker.address() as { port: number }
  const parts = {
    gateway: house.gateway,
    clientOf: () => null,
    title: String,
    audit: { append: async () => {} },
    onLink: () => {},
  }
  await expect(HttpGateway.open(port, parts)).rejects.toThrow(`port ${port} is taken`)
  blocker.close()
})
