// What a stranger on the network may try before and around the gate of --http.
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { JSON_BODY, spawnServer, startOverHttp, type TeamServer } from './test-http.ts'

const ADMIN = 'admin-0123456789abcdef012'
const OTHER = 'other-0123456789abcdef012'
const METRICS = 'metrics-0123456789abcdef0'
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-attacks-'))
const WIPED_FILE = join(folder, 'wiped')
const env = {
  ...{ READY_FILE: join(folder, 'ready'), WIPED_FILE, HTTP_METRICS_TOKEN: METRICS, HTTP_HOSTS: 'team.example' },
  HTTP_TOKENS: JSON.stringify([
    { name: 'root', token: ADMIN, roles: ['admin'] },
    { name: 'other', token: OTHER, roles: ['admin'] },
  ]),
}
let server: TeamServer
beforeAll(async () => {
  writeFileSync(join(folder, 'ready'), 'up')
  server = await startOverHttp('kit/fixtures/team.ts', env, [], '0.0.0.0:0')
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const WIPE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'wipe_all', arguments: {} },
})
const HEAD = `Host: team.example\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n`
const AUTH = `Authorization: Bearer ${ADMIN}\r\n`

/** All that comes back on a connection which sent this, once it is closed or silent. */
async function raw(text: string): Promise<string> {
  const socket = connect(server.port, '127.0.0.1')
  let said = ''
  socket.on('error', () => {})
  socket.on('data', chunk => (said += chunk))
  socket.write(text)
  const closed = new Promise(resolve => socket.once('close', resolve))
  await Promise.race([closed, sleep(1_500)])
  socket.destroy()
  return said
}
const statuses = (said: string) => [...said.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(match => Number(match[1]))

test('beyond this computer: only its names are answered at /mcp, however that is written; probes come by address', async () => {
  const at = (path: string, host: string) =>
    server.ask(path, { method: 'POST', headers: { ...JSON_BODY, host, authorization: `Bearer ${ADMIN}` }, body: WIPE })
  for (const path of [
    '/mcp',
    '/MCP',
    '/Mcp/',
    '/mcp/',
    '/mcp?x=/health',
    '/health/../mcp',
    '//mcp',
    '/mcp;/health',
    '/mcp%2f',
  ])
    for (const host of ['evil.example', '127.0.0.1', `10.0.0.7:${server.port}`, 'team.example.evil.example'])
      expect([path, host, (await at(path, host)).status]).toEqual([path, host, 403])
  expect(existsSync(WIPED_FILE)).toBe(false)
  for (const path of ['/health', '/ready'])
    expect((await server.ask(path, { headers: { host: '10.0.0.7:8080' } })).status).toBe(200)
})

test('numbers are for who has their token', async () => {
  const ask = (headers: Record<string, string>) => server.ask('/metrics', { headers })
  for (const authorization of [
    undefined,
    `Bearer ${ADMIN}`,
    `Bearer ${METRICS.slice(0, -1)}`,
    `Basic ${METRICS}`,
    METRICS,
  ]) {
    const said = await ask(authorization === undefined ? {} : { authorization })
    expect([authorization, said.status, said.text.includes('mcp_')]).toEqual([authorization, 401, false])
    expect(said.headers['www-authenticate']).toBe('Bearer realm="team"')
  }
  expect((await ask({ authorization: `Bearer ${METRICS}` })).text).toContain(
    'mcp_http_refused_total{reason="metrics"} 5',
  )
  expect((await server.call(METRICS, 'look', {}, { host: 'team.example' })).status).toBe(401)
})

test('no request hides in another', async () => {
  const hidden = `POST /mcp HTTP/1.1\r\n${HEAD}${AUTH}Content-Length: ${WIPE.length}\r\n\r\n${WIPE}`
  const open = `POST /mcp HTTP/1.1\r\n${HEAD}`
  const smuggled = [
    // Both lengths; two lengths; a length that is none; an encoding that is none; a folded, a spaced, a bare line.
    `${open}Content-Length: ${hidden.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    `${open}Content-Length: 2\r\nContent-Length: ${hidden.length + 2}\r\n\r\n{}${hidden}`,
    `${open}Content-Length: +2\r\n\r\n{}${hidden}`,
    `${open}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
    `${open}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`,
    `${open}Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${hidden}`,
    `${open}Content-Length : 2\r\n\r\n{}${hidden}`,
    `${open}X: y\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${hidden}`,
    `${open}Transfer-Encoding: chunked\r\n\r\n2;x\n{}\r\n0\r\n\r\n${hidden}`,
    `POST /mcp HTTP/1.1\r\nHost: team.example\r\nHost: evil.example\r\n${AUTH}Content-Length: 2\r\n\r\n{}`,
  ]
  for (const text of smuggled) {
    const codes = statuses(await raw(text))
    expect([text.slice(0, 400), codes.length <= 1, codes.every(code => code >= 400)]).toEqual([
      text.slice(0, 400),
      true,
      true,
    ])
  }
  expect(existsSync(WIPED_FILE)).toBe(false)
  // What is sent openly, one behind the other, is answered one by one, each for itself.
  const nobody = `POST /mcp HTTP/1.1\r\n${HEAD}Content-Length: 2\r\n\r\n{}`
  expect(statuses(await raw(nobody + nobody))).toEqual([401, 401])
})

test('what is nested without end, or is no name, is refused, noted, and ends nothing', async () => {
  const here = await startOverHttp('kit/fixtures/team.ts', env)
  const post = (method: string, params: string) => {
    const headers = { ...JSON_BODY, authorization: `Bearer ${ADMIN}` }
    return here.ask('/mcp', {
      method: 'POST',
      headers,
      body: `{"jsonrpc":"2.0","id":1,"method":${method},"params":${params}}`,
    })
  }
  for (const levels of [150, 20_000, 200_000])
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const deep = `${open.repeat(levels)}0${close.repeat(levels)}`
      if (deep.length > 1_000_000) continue
      for (const [method, params] of [
        ['"resources/read"', `{"uri":"x:y","arguments":{"x":${deep}}}`],
        ['"tools/call"', `{"name":"wipe_all","arguments":{"x":${deep}}}`],
        ['"tools/call"', `{"name":${deep}}`],
        ['"ping"', deep],
        [deep, '{}'],
      ] as const) {
        const said = await post(method, params)
        expect([levels, method.slice(0, 20), said.status, said.json.error.message]).toEqual([
          levels,
          method.slice(0, 20),
          400,
          'This is nested deeper than 100 levels.',
        ])
      }
    }
  for (const name of ['{"toString":1}', '["wipe_all"]', 'null', '7'])
    expect([name, (await post('"tools/call"', `{"name":${name},"arguments":{}}`)).json.error.code]).toEqual([
      name,
      -32602,
    ])
  expect((await post('{"toString":1}', '{}')).status).toBe(400)
  expect(
    (await post('"tools/call"', `{"name":"look","arguments":{"x":${'['.repeat(50)}${']'.repeat(50)}}}`)).status,
  ).toBe(200)
  expect(existsSync(WIPED_FILE)).toBe(false)
  expect(await here.stop()).toBe(0)
  expect(here.log()).not.toContain('crashed')
  expect(here.lines().filter(line => line.outcome === 'denied' && line.reason === 'body').length).toBe(25)
})

test('a head that has no end, and one too large, hold nothing', async () => {
  const large = await raw(`POST /mcp HTTP/1.1\r\n${HEAD}X: ${'x'.repeat(100_000)}\r\n\r\n`)
  expect(statuses(large)).toEqual([431])
  const many = await raw(`POST /mcp HTTP/1.1\r\n${HEAD}${'X: y\r\n'.repeat(50_000)}\r\n`)
  expect(statuses(many).every(code => code >= 400)).toBe(true)
  expect((await server.ask('/health')).status).toBe(200)
})

test('one caller holds so many streams and no more; others still listen, and one that is closed makes room', async () => {
  const here = await startOverHttp('kit/fixtures/team.ts', env)
  const clientOf = async (token: string) => {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
    const requestInit = { headers: { authorization: `Bearer ${token}` } }
    const url = new URL(`http://127.0.0.1:${here.port}/mcp`)
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }))
    return client
  }
  const [root, other] = [await clientOf(ADMIN), await clientOf(OTHER)]
  const listen = (client: Client) => client.listen({ toolsListChanged: true })
  const streams = await Promise.all(Array.from({ length: 20 }, () => listen(root)))
  await expect(listen(root)).rejects.toThrow('You listen by 20 streams already.')
  await listen(other)
  await streams[0]!.close()
  await expect.poll(() => listen(root).then(() => 'listens', String), { timeout: 20_000 }).toBe('listens')
  await root.close()
  await other.close()
  expect(await here.stop()).toBe(0)
})

test('a token that no header can carry is refused at start', async () => {
  const HTTP_TOKENS = JSON.stringify([{ name: 'a', token: 'spaces and ümläuts are no token', roles: ['admin'] }])
  const child = spawnServer('kit/fixtures/team.ts', ['--http', ':0'], { ...env, HTTP_TOKENS })
  let said = ''
  child.stderr!.on('data', chunk => (said += chunk))
  expect((await once(child, 'close'))[0]).toBe(2)
  expect(said).toMatch(/HTTP_TOKENS: 0\.token is letters, digits/)
})
