import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { expect, test } from 'vitest'
import type { ConnectionEvents } from './connection.ts'
import { openHttp } from './http-connection.ts'

test('numbers reach a remote server as their sender wrote them', async () => {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.method !== 'POST') return void response.writeHead(405).end()
    bodies.push(body)
    response.writeHead(202).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const events = {
    onFrame: () => {},
    onBytes: () => {},
    onLog: () => {},
    onUndelivered: () => {},
  } as unknown as ConnectionEvents
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  const connection = await openHttp(
    { url, headers: {}, launch: { args: [], env: {}, headers: {}, url } },
    events,
    text => text,
  )
  connection.send(
    '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a","arguments":{"id":9007199254740993,"x":[1.0,1e400,-0,2]}}}',
  )
  await expect.poll(() => bodies.length).toBe(1)
  expect(bodies[0]).toContain('{"id":9007199254740993,"x":[1.0,1e400,-0,2]}')
  expect(JSON.parse(bodies[0]!).id).toBe(7)
  await connection.close(50)
  server.closeAllConnections()
  server.close()
})

interface Seen {
  headers: Record<string, unknown>
  body: { id?: number; method?: string }
}

/** One connection to a server by hand. */
async function stage(answer: (seen: Seen, response: ServerResponse) => void) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const one = { headers: request.headers, body: JSON.parse(body || '{}') as Seen['body'] }
    seen.push(one)
    answer(one, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const frames: string[] = []
  const lost: string[] = []
  const events: ConnectionEvents = {
    onFrame: text => void frames.push(text),
    onBytes: () => {},
    onLog: () => {},
    onTooLong: () => {},
    onUndelivered: (_, error) => void lost.push(error.message),
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  const launch = { args: [], env: {}, headers: {}, url }
  const connection = await openHttp({ url, headers: { 'X-Own': 'a' }, launch }, events, text => text)
  const close = async () => {
    await connection.close(50)
    server.closeAllConnections()
    server.close()
  }
  const request = (id: number, method: string, params: object = {}) => {
    const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
    connection.send(JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } }))
  }
  return { connection, seen, frames, lost, request, close }
}

const json = (response: ServerResponse, status: number, frame: object) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(frame))

test('a request of 2026-07-28 says in headers what its body says, arguments included where the tool asks for it', async () => {
  const inputSchema = {
    type: 'object',
    properties: {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      deep: { type: 'object', properties: { n: { type: 'integer', 'x-mcp-header': 'Deep-N' } } },
      bad: { type: 'string', 'x-mcp-header': 'no spaces here' },
    },
  }
  const { seen, frames, request, close } = await stage(({ body: { id, method } }, response) =>
    json(response, 200, {
      jsonrpc: '2.0',
      id,
      result: method === 'tools/list' ? { tools: [{ name: 'wörk', inputSchema }] } : {},
    }),
  )
  request(1, 'tools/list')
  await expect.poll(() => frames.length).toBe(1)
  request(2, 'tools/call', { name: 'wörk', arguments: { region: 'Zürich', deep: { n: 7 }, bad: 'x' } })
  await expect.poll(() => frames.length).toBe(2)
  expect(seen[0]!.headers).toMatchObject({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/list',
    'x-own': 'a',
  })
  const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`
  expect(seen[1]!.headers).toMatchObject({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': base64('wörk'),
    'mcp-param-region': base64('Zürich'),
    'mcp-param-deep-n': '7',
  })
  await close()
})

test('an error of MCP counts as the answer, whatever status it came with', async () => {
  const { frames, lost, request, close } = await stage(({ body: { id } }, response) =>
    json(response, id === 1 ? 400 : 404, { jsonrpc: '2.0', id, error: { code: -32601 - id!, message: 'no' } }),
  )
  request(1, 'a/b')
  request(2, 'c/d')
  await expect.poll(() => frames.length).toBe(2)
  expect(frames.map(text => JSON.parse(text).error.code).toSorted()).toEqual([-32602, -32603])
  expect(lost).toEqual([])
  await close()
})

test.each([400, 404, 405, 406, 415])('asked for its versions, an older server may refuse with %i', async status => {
  const { frames, lost, request, close } = await stage((_, response) => response.writeHead(status).end('What?'))
  request(1, 'server/discover')
  await expect.poll(() => frames.length).toBe(1)
  expect(JSON.parse(frames[0]!)).toMatchObject({ id: 1, error: { code: -32601 } })
  expect(lost).toEqual([])
  await close()
})

test('taking a request of 2026-07-28 back closes its stream, and says nothing else', async () => {
  let isClosed = false
  const { connection, seen, lost, request, close } = await stage((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': on it\n\n')
    response.once('close', () => {
      isClosed = true
    })
  })
  request(1, 'tools/call', { name: 'a' })
  await expect.poll(() => seen.length).toBe(1)
  connection.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}')
  await expect.poll(() => isClosed).toBe(true)
  expect([seen.length, lost]).toEqual([1, []])
  connection.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}')
  await expect.poll(() => seen.length).toBe(2)
  await close()
})

test.each(['headers', 'body'] as const)(
  'an answer whose %s come late is waited for, longer than fetch would',
  async part => {
    const usual = getGlobalDispatcher()
    // What fetch does by itself after five minutes, it does here after one second.
    const hasty = new Agent({ headersTimeout: 1_000, bodyTimeout: 1_000 })
    setGlobalDispatcher(hasty)
    const { frames, request, close } = await stage(async ({ body: { id } }, response) => {
      const head = () => response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      if (part === 'body') head()
      await wait(4_000)
      if (part === 'headers') head()
      response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: {} })}\n\n`)
    })
    try {
      request(1, 'tools/call', { name: 'slow' })
      await expect.poll(() => frames.length, { timeout: 30_000 }).toBe(1)
    } finally {
      setGlobalDispatcher(usual)
      await close()
      await hasty.close()
    }
  },
)
