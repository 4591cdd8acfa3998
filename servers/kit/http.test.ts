import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HTTP_SETTINGS, isLoopback, listenAt } from './http-settings.ts'
import { settingsTable } from './settings.ts'
import { JSON_BODY, spawnServer, startOverHttp, type TeamServer } from './test-http.ts'

const READER = 'reader-0123456789abcdef01'
const ADMIN = 'admin-0123456789abcdef012'
const BUSY = 'busy-0123456789abcdef0123'
const NOBODY = 'nobody-0123456789abcdef01'
const HTTP_TOKENS = JSON.stringify([
  { name: 'ann', token: READER, roles: ['reader'] },
  { name: 'root', token: ADMIN, roles: ['admin'] },
  { name: 'busy', token: BUSY, roles: ['reader', 'slow'] },
  { name: 'new', token: NOBODY },
])
const HTTP_ROLES = '{"reader":["@reading"],"slow":["slo*"],"admin":["*"]}'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-http-'))
const READY_FILE = join(folder, 'ready')
const WIPED_FILE = join(folder, 'wiped')
const env = { HTTP_TOKENS, HTTP_ROLES, READY_FILE, WIPED_FILE }
const started: TeamServer[] = []
async function team(more: Record<string, string> = {}): Promise<TeamServer> {
  const one = await startOverHttp('kit/fixtures/team.ts', { ...env, ...more })
  started.push(one)
  return one
}

let server: TeamServer
beforeAll(async () => {
  writeFileSync(READY_FILE, 'up')
  server = await team({ HTTP_RECEIVE_MS: '700', RATE_LIMIT: '60' })
})
afterAll(async () => {
  for (const one of started) await one.stop()
  rmSync(folder, { recursive: true, force: true })
})
const wiped = () => (existsSync(WIPED_FILE) ? readFileSync(WIPED_FILE, 'utf8').length : 0)

test('clients of both eras list and call the same tools, and progress flows', async () => {
  const url = new URL(`http://127.0.0.1:${server.port}/mcp`)
  const requestInit = { headers: { authorization: `Bearer ${ADMIN}` } }
  for (const mode of ['legacy', { pin: '2026-07-28' }] as const) {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }))
    const { tools } = await client.listTools()
    expect(tools.map(tool => tool.name)).toEqual(['look', 'wipe_all', 'slow'])
    const told: unknown[] = []
    const onprogress = (news: unknown) => told.push(news)
    const result = await client.callTool({ name: 'slow', arguments: { ms: 50 } }, { onprogress })
    expect(result.structuredContent).toEqual({})
    expect(told).toMatchObject([{ progress: 1, total: 2, message: 'half' }])
    const { structuredContent } = await client.callTool({ name: 'look', arguments: {} })
    const who = { name: 'root', roles: ['admin'], groups: [] }
    expect(JSON.parse((structuredContent as { who: string }).who)).toEqual(who)
    await client.close()
  }
})

test('who does not say who they are, or says it wrongly, is told so and nothing runs', async () => {
  const wrong = [
    [null, {}],
    ['wrong-0123456789abcdef01', {}],
    [null, { authorization: `Basic ${btoa(`ann:${READER}`)}` }],
    [`${READER} `, {}],
    [READER.slice(0, -1), {}],
    [READER.toUpperCase(), {}],
    ['a.b.c', {}],
    ['x'.repeat(9000), {}],
  ] as const
  for (const [token, headers] of wrong) {
    const said = await server.call(token, 'wipe_all', {}, headers)
    if (token === `${READER} `) continue // Spaces around a header's value are not of it.
    expect([said.status, said.headers['www-authenticate']]).toEqual([
      401,
      expect.stringMatching(/^Bearer realm="team"/),
    ])
    expect(said.json.error.message).toMatch(/Authorization: Bearer TOKEN|not known here/)
    expect(said.text).not.toContain(READER.slice(0, -1))
  }
  const inPath = await server.ask(`/mcp?access_token=${ADMIN}`, { method: 'POST', headers: JSON_BODY, body: '{}' })
  expect(inPath.status).toBe(401)
  expect(wiped()).toBe(0)
})

test('a role may call what it may, and no more, however the call is written', async () => {
  expect((await server.call(READER, 'look')).status).toBe(200)
  const refused = await server.call(READER, 'wipe_all')
  expect(refused.status).toBe(403)
  expect(refused.json.error).toMatchObject({
    message: 'wipe_all needs the role admin; yours: reader.',
    data: { roles: ['admin'] },
  })
  expect((await server.call(NOBODY, 'look')).json.error.message).toContain('yours: none.')
  expect((await server.call(BUSY, 'slow', { ms: 1 })).status).toBe(200)

  const headers = { ...JSON_BODY, authorization: `Bearer ${READER}` }
  const one = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'wipe_all', arguments: {} } }
  const tricks = [
    JSON.stringify([one]),
    JSON.stringify([{ ...one, method: 'ping' }, one]),
    // Two names: the last one counts, to all who read it.
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look","name":"wipe_all","arguments":{}}}`,
    `{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"wipe_all","arguments":{}}}`,
    JSON.stringify({ ...one, params: { ...one.params, name: ['wipe_all'] } }),
    JSON.stringify({ ...one, params: { ...one.params, name: ' wipe_all' } }),
    JSON.stringify({ ...one, __proto__: null, params: { __proto__: { name: 'look' }, ...one.params } }),
    `{"jsonrpc":"2.0","id":1,"method":"tools\\u002fcall","params":{"name":"wipe\\u005fall","arguments":{}}}`,
    JSON.stringify({ ...one, params: { ...one.params, name: 'constructor' } }),
  ]
  for (const body of tricks)
    expect([body, (await server.ask('/mcp', { method: 'POST', headers, body })).status]).toEqual([
      body,
      expect.toSatisfy((status: number) => status === 403 || status === 400),
    ])
  // A header of the newer revision does not speak for the body.
  const newer = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'look' }
  expect((await server.call(READER, 'wipe_all', {}, newer)).status).toBe(403)
  expect(wiped()).toBe(0)
  expect((await server.call(ADMIN, 'wipe_all')).status).toBe(200)
  expect(wiped()).toBe(1)
})

test('a page whose name was pointed here, and one of elsewhere, are refused', async () => {
  for (const host of ['evil.example', 'evil.example:80', `127.0.0.1.evil.example:${server.port}`, '0.0.0.0'])
    for (const path of ['/mcp', '/metrics', '/health'])
      expect((await server.ask(path, { headers: { host } })).status).toBe(403)
  const from = (origin: string) => server.call(ADMIN, 'look', {}, { origin })
  for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'file://'])
    expect((await from(origin)).status).toBe(403)
  expect((await from('http://localhost:3000')).status).toBe(200)
})

test('too large, compressed, half sent, or no JSON: each is told, and none is waited for', async () => {
  const authorization = `Bearer ${ADMIN}`
  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    server.ask('/mcp', { method: 'POST', headers: { ...JSON_BODY, authorization, ...headers }, body })
  const large = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { x: 'x'.repeat(1024 * 1024) } })
  expect((await post(large)).json.error.message).toBe('This is more than 1 MB.')
  expect((await post(large, { 'transfer-encoding': 'chunked' })).status).toBe(413)
  expect((await post(gzipSync(large), { 'content-encoding': 'gzip' })).status).toBe(415)
  expect((await post('{"jsonrpc":')).status).toBe(400)
  expect((await post('{}', { 'content-type': 'text/plain' })).status).toBe(415)
  expect((await post('[]')).status).toBe(400)
  expect((await server.ask('/mcp', { headers: { authorization } })).status).toBe(405)
  expect((await server.ask('/etc/passwd')).status).toBe(404)

  const halves = [
    'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ',
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
  ]
  for (const half of halves) {
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(half)
    await once(socket.resume(), 'close')
  }
})

test('each caller has so many requests; who guesses tokens is stopped, and takes nothing from others', async () => {
  const one = await team({ RATE_LIMIT: '3' })
  const said = [1, 2, 3, 4].map(() => one.rpc(READER, 'tools/list'))
  const statuses = (await Promise.all(said)).toSorted((a, b) => a.status - b.status)
  expect(statuses.map(one => one.status)).toEqual([200, 200, 200, 429])
  expect(Number(statuses[3]!.headers['retry-after'])).toBeGreaterThan(0)
  expect(statuses[3]!.json.error.message).toMatch(/Wait \d+ s\./)
  const guesses = await Promise.all([1, 2, 3, 4].map(n => one.rpc(`guess-${n}-0123456789abcdef`, 'tools/list')))
  expect(guesses.map(one => one.status).toSorted()).toEqual([401, 401, 401, 429])
  expect((await one.rpc(ADMIN, 'tools/list')).status).toBe(200)
  const metrics = (await one.ask('/metrics')).text
  expect(metrics).toContain('mcp_http_refused_total{reason="rate"} 2')
  expect(metrics).toContain('mcp_http_refused_total{reason="caller"} 3')
})

test('health, readiness and numbers; a backend that is down or silent makes it not ready, and nothing more', async () => {
  const one = await team()
  const why = async () => (({ status, json }) => [status, json.why])(await one.ask('/ready'))
  expect((await one.ask('/health')).json).toEqual({ status: 'ok', version: '1.2.3', uptime: expect.any(Number) })
  expect(await why()).toEqual([200, undefined])
  expect((await one.ask('/health')).headers).toMatchObject({ 'x-content-type-options': 'nosniff' })
  writeFileSync(READY_FILE, 'down')
  await expect.poll(why, { timeout: 20_000 }).toEqual([503, 'The backend cannot be reached.'])
  writeFileSync(READY_FILE, 'hangs')
  await expect.poll(why, { timeout: 30_000 }).toEqual([503, 'The backend did not answer in 5 s.'])
  expect((await one.ask('/health')).status).toBe(200)
  writeFileSync(READY_FILE, 'up')
  await expect.poll(why, { timeout: 20_000 }).toEqual([200, undefined])
  await one.call(ADMIN, 'look')
  const metrics = (await one.ask('/metrics')).text
  for (const line of [
    'mcp_tool_calls_total{tool="look",status="ok"} 1',
    'mcp_server_info{name="team",version="1.2.3"} 1',
  ])
    expect(metrics).toContain(line)
  expect(metrics).toMatch(/^process_start_time_seconds \d+/m)
})

test('SIGTERM: no longer ready, still answers, what runs ends, and only then the process', async () => {
  const one = await team({ HTTP_DRAIN_MS: '1500' })
  const running = one.call(ADMIN, 'slow', { ms: 4_000 })
  await expect.poll(async () => one.log().includes('started'), { timeout: 20_000 }).toBe(true)
  await expect.poll(async () => (await one.ask('/metrics')).status).toBe(200)
  one.child.kill('SIGTERM')
  await expect.poll(async () => (await one.ask('/ready')).status, { timeout: 20_000 }).toBe(503)
  expect((await one.call(ADMIN, 'look')).status).toBe(200)
  expect((await running).json.result.structuredContent).toEqual({})
  expect(await one.stop()).toBe(0)
  expect(one.log()).toContain('closed what runs beside')
  expect(one.log()).not.toContain('cut off')
  expect(one.lines().map(line => [line.tool, line.outcome])).toEqual(
    expect.arrayContaining([
      ['slow', 'ok'],
      ['look', 'ok'],
    ]),
  )
})

test('who listens for everyone says who may call; wrong settings are named together', async () => {
  const fails = async (at: string, more: Record<string, string>) => {
    const child = spawnServer('kit/fixtures/team.ts', ['--http', at], { READY_FILE, WIPED_FILE, ...more })
    let said = ''
    child.stderr!.on('data', chunk => (said += chunk))
    const [code] = await once(child, 'close')
    return [code, said]
  }
  const open = await fails('0.0.0.0:0', {})
  expect(open).toEqual([2, expect.stringMatching(/for everyone\. Set HTTP_TOKENS.*\n.*HTTP_HOSTS/)])
  const wrong = await fails(':0', {
    HTTP_TOKENS: '[{"name":"a","token":"short"}]',
    JWT_JWKS_URL: 'http://keys.example/jwks',
    AUDIT_TO: 'nowhere',
  })
  expect(wrong[1]).toMatch(/HTTP_TOKENS.*JWT_JWKS_URL.*AUDIT_TO/s)
  const alone = await fails(':0', { JWT_JWKS_URL: 'https://keys.example/jwks' })
  expect(alone[1]).toContain('JWT_JWKS_URL, JWT_ISSUER and JWT_AUDIENCE go together.')
  expect((await fails('here', {}))[1]).toContain('say --http :8080')
  expect([':80', '80', '0.0.0.0:80', '[::1]:80'].map(listenAt)).toEqual(
    ['127.0.0.1', '127.0.0.1', '0.0.0.0', '::1'].map(host => ({ host, port: 80 })),
  )
  for (const host of ['0.0.0.0', '::', 'localhost.evil.example', '127.evil', '10.0.0.1'])
    expect(isLoopback(host)).toBe(false)
})

test('no token is in what it wrote', async () => {
  await server.call(READER, 'wipe_all', { note: READER })
  await server.call(ADMIN, 'look', { environment: ADMIN })
  const all = started.map(one => one.log() + JSON.stringify(one.lines())).join('')
  for (const token of [READER, ADMIN, BUSY, NOBODY]) expect(all).not.toContain(token)
  expect(all).toContain('"caller":"ann"')
})

test('docs: the settings of --http stand there as they are', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'team-servers.md'), 'utf8')
  const cells = (text: string) => text.split('\n').map(line => line.replaceAll(/\s*\|\s*/g, '|').trim())
  for (const row of cells(settingsTable(HTTP_SETTINGS)).slice(2)) expect(cells(page)).toContain(row)
})
