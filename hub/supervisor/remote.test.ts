import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler, McpServer as ModernServer } from '@modelcontextprotocol/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask } from './ask.ts'
import { openStage, type Stage, until } from './test-stage.ts'

const LIMIT_MS = 30_000
let stage: Stage
let open: Server[] = []

beforeEach(async () => {
  stage = await openStage({ worthWaitingMs: 10_000 })
})
afterEach(async () => {
  await stage.close()
  for (const server of open) await kill(server)
  open = []
})

async function listen(listener: RequestListener, port = 0): Promise<{ server: Server; url: string; port: number }> {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  open.push(server)
  const at = (server.address() as AddressInfo).port
  return { server, url: `http://127.0.0.1:${at}/mcp`, port: at }
}

function kill(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise(resolve => server.close(() => resolve()))
}

function add(url: string, headers: Record<string, string> = {}): string {
  stage.supervisor.begin()
  return stage.add('remote', { launch: { args: [], env: {}, headers, url } })
}

async function bodyOf(request: IncomingMessage): Promise<{ id?: number; method?: string; text: string }> {
  let text = ''
  for await (const chunk of request) text += chunk
  return { ...JSON.parse(text || '{}'), text }
}

/** Calls that servers of this file were given and never answer. */
let hanging = 0

function tools(): McpServer {
  const server = new McpServer({ name: 'remote', version: '1' })
  server.registerTool('act', { description: 'Acts' }, async () => ({ content: [{ type: 'text', text: 'done' }] }))
  server.registerTool('hang', {}, () => {
    hanging++
    return new Promise(() => {})
  })
  return server
}

/** The v1 SDK's Streamable HTTP server, which keeps sessions. */
function streamable() {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const known = sessions.get(String(request.headers['mcp-session-id']))
    if (known) return known.handleRequest(request, response)
    if (request.headers['mcp-session-id']) return void response.writeHead(404).end('Session not found')
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: id => void sessions.set(id, transport),
    })
    await tools().connect(transport as Parameters<McpServer['connect']>[0])
    return transport.handleRequest(request, response)
  }
  return { sessions, listener: (req: IncomingMessage, res: ServerResponse) => void listener(req, res) }
}

/** A server by hand: what it answers to each method, as the whole result's text; or what it does instead. */
function byHand(
  does: Record<string, string | ((request: IncomingMessage, response: ServerResponse, id: number) => void)> = {},
): RequestListener {
  const result: Record<string, string> = {
    initialize: '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"r","version":"1"}}',
    'tools/list': '{"tools":[{"name":"act","inputSchema":{"type":"object"}}]}',
    ping: '{}',
  }
  return async (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end()
    const { id, method = '' } = await bodyOf(request)
    if (id === undefined) return void response.writeHead(202).end()
    const act = does[method] ?? result[method]
    if (typeof act === 'function') return act(request, response, id)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      act === undefined
        ? `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"No ${method}"}}`
        : `{"jsonrpc":"2.0","id":${id},"result":${act}}`,
    )
  }
}

const callText = (id: string, tool = 'act') =>
  stage.supervisor.awake(id).then(upstream => ask(upstream, 'tools/call', { name: tool, arguments: {} }))

test('a remote server is listed and called', async () => {
  const { url } = await listen(streamable().listener)
  const id = add(url)
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running', pid: null, tools: 2 })
  expect(await callText(id)).toContain('done')
})

test('a server of 2026-07-28 is spoken to in its own way: no session, and the headers it insists on', async () => {
  const seen: IncomingMessage['headers'][] = []
  const handler = createMcpHandler(
    () => {
      const server = new ModernServer({ name: 'modern', version: '1' })
      server.registerTool('act', { description: 'Acts' }, async () => ({ content: [{ type: 'text', text: 'done' }] }))
      return server
    },
    { legacy: 'reject' },
  )
  const { url } = await listen(async (request, response) => {
    seen.push(request.headers)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const answer = await handler.fetch(
      new Request(`http://127.0.0.1${request.url}`, {
        method: request.method!,
        headers: Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        signal: gone.signal,
        ...(request.method === 'POST' ? { body: Buffer.concat(chunks) } : {}),
      }),
    )
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    for await (const chunk of answer.body ?? []) response.write(chunk)
    response.end()
  })
  const id = add(url)
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running', tools: 1 })
  expect(stage.supervisor.details(id).protocolVersion).toBe('2026-07-28')
  const upstream = await stage.supervisor.awake(id)
  expect(await ask(upstream, 'tools/call', { name: 'act', arguments: {} })).toContain('done')
  expect(seen.at(-1)).toMatchObject({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'act',
  })
  expect(seen.some(headers => 'mcp-session-id' in headers)).toBe(false)
  await handler.close()
})

test('a server that speaks only HTTP+SSE is found to, and listed and called', async () => {
  const sessions = new Map<string, SSEServerTransport>()
  const { url } = await listen((request, response) => {
    if (request.method === 'GET') {
      const transport = new SSEServerTransport('/messages', response)
      sessions.set(transport.sessionId, transport)
      void tools().connect(transport)
    } else if (request.url?.startsWith('/messages')) {
      const session = new URL(request.url, 'http://a').searchParams.get('sessionId')
      void sessions.get(session!)?.handlePostMessage(request, response)
    } else response.writeHead(405).end('Cannot POST')
  })
  const id = add(url)
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running', tools: 2 })
  expect(await callText(id)).toContain('done')
  const before = hanging
  const lost = expect(callText(id, 'hang')).rejects.toMatchObject({ code: 'server/gone' })
  await until(
    () => hanging,
    count => count > before,
  )
  expect(sessions.size).toBe(1)
  for (const transport of sessions.values()) await transport.close()
  await lost
  expect(await callText(id)).toContain('done')
  expect(sessions.size).toBe(2)
})

test('answers arrive as they were written, in JSON and in an event stream', async () => {
  const result = '{"content":[ ],"n":9007199254740993,"x":[1e400, 1.0,-0],"x-own":{"a":1,"a":2},"é":"\\u00e9"}'
  let isStream = false
  const { url } = await listen(
    byHand({
      'tools/call': (_, response, id) => {
        const frame = `{"jsonrpc":"2.0","id":${id},"result":${result}}`
        response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' })
        const cut = frame.indexOf('[')
        const [a, b] = [frame.slice(0, cut), frame.slice(cut)]
        response.end(isStream ? `: hello\r\nid: 7\r\nevent: message\r\ndata: ${a}\r\ndata: ${b}\r\n\r\n` : frame)
      },
    }),
  )
  const id = add(url)
  expect(await callText(id)).toBe(result)
  isStream = true
  // Lines of one event are joined by newlines, which lie between tokens here.
  expect((await callText(id)).replaceAll('\n', '')).toBe(result)
})

test('where each client is served apart, each has a session of its own, which ends when its link leaves', async () => {
  const { sessions, listener } = streamable()
  const { url } = await listen(listener)
  stage.supervisor.begin()
  const launch = { args: [], env: {}, headers: {}, url }
  const id = stage.add('remote', { launch, instance: 'per-client' })
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running' })
  const ended: string[] = []
  const callAs = async (key: string) => {
    const who = { key, client: key, capabilities: {}, clientInfo: { name: key, version: '1' } }
    return ask(await stage.supervisor.awake(id, undefined, who), 'tools/call', { name: 'act', arguments: {} })
  }
  expect(await Promise.all([callAs('a'), callAs('b'), callAs('a')])).toHaveLength(3)
  expect(sessions.size).toBe(3)
  for (const [session, transport] of sessions) transport.onclose = () => void ended.push(session)
  stage.supervisor.leave('b')
  await until(
    () => ended.length,
    count => count === 1,
    LIMIT_MS,
  )
  expect(await callAs('a')).toContain('done')
  expect(stage.supervisor.details(id)).toMatchObject({ instances: 1, pids: [] })
})

test('killed and started again in mid-session: who waits is told, and the next call finds a new session', async () => {
  const first = await listen(streamable().listener)
  const id = add(first.url)
  expect(await callText(id)).toContain('done')
  const before = hanging
  const lost = expect(callText(id, 'hang')).rejects.toMatchObject({
    code: expect.stringMatching(/server.(gone|unreachable)/),
  })
  await until(
    () => hanging,
    count => count > before,
  )
  await kill(first.server)
  await lost
  const second = streamable()
  await listen(second.listener, first.port)
  await until(
    () => callText(id).catch(String),
    text => text.includes('done'),
    LIMIT_MS,
  )
  expect(second.sessions.size).toBe(1)
})

test('a session that the server has forgotten is begun anew', async () => {
  const { sessions, listener } = streamable()
  const { url } = await listen(listener)
  const id = add(url)
  expect(await callText(id)).toContain('done')
  const old = [...sessions.values()]
  sessions.clear()
  await expect(callText(id)).rejects.toThrow(/404|forgotten this session/)
  await until(
    () => stage.supervisor.details(id).restarts,
    restarts => restarts === 1,
    LIMIT_MS,
  )
  expect(await callText(id)).toContain('done')
  expect(sessions.size).toBe(1)
  for (const transport of old) await transport.close()
})

test.each([401, 403])('%i says which header and secret it is about, and nothing of its value', async status => {
  stage.secrets.set('GH_TOKEN', 'wrong-and-secret')
  const seen: unknown[] = []
  const good = byHand()
  const { url } = await listen((request, response) => {
    seen.push(request.headers.authorization)
    if (request.headers.authorization === 'Bearer right-and-secret') return good(request, response)
    response.writeHead(status).end(`No: ${request.headers.authorization}`)
  })
  const id = add(url, { Authorization: 'Bearer ${secret:GH_TOKEN}' })
  const state = await stage.supervisor.start(id)
  expect(state).toMatchObject({
    kind: 'crash-looping',
    starts: 1,
    because: {
      what: expect.stringMatching(new RegExp(`it answered ${status}.*header Authorization`)),
      hint: expect.stringContaining('GH_TOKEN anew in Credentials'),
    },
  })
  expect(JSON.stringify([state, stage.supervisor.logs(id, 100), stage.events])).not.toContain('wrong-and')
  expect(seen).toContain('Bearer wrong-and-secret')
  stage.secrets.set('GH_TOKEN', 'right-and-secret')
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running' })
})

test('a server that wants a credential and gets none says how to give it one', async () => {
  const { url } = await listen((_, response) => response.writeHead(401).end())
  expect(await stage.supervisor.start(add(url))).toMatchObject({
    because: {
      what: expect.stringContaining('no header is set'),
      hint: expect.stringContaining('Authorization: Bearer ${secret:'),
    },
  })
})

test('where nobody listens it says so, goes on trying, and is up once somebody does', async () => {
  const { server, url, port } = await listen(byHand())
  await kill(server)
  await stage.close()
  stage = await openStage({ delayMs: 1 })
  const id = add(url)
  const state = await until(
    () => stage.supervisor.state(id),
    one => one.kind === 'backing-off' && one.attempt > 6,
    LIMIT_MS,
  )
  expect(state).toMatchObject({
    because: { what: expect.stringContaining('ECONNREFUSED'), hint: expect.stringContaining('Nobody listens') },
  })
  await listen(byHand(), port)
  await until(
    () => stage.supervisor.state(id).kind,
    kind => kind === 'running',
    LIMIT_MS,
  )
})

test('a redirect to another host is not followed, and no header gets there', async () => {
  stage.secrets.set('KEY', 'hush-hush-1234')
  const seen: string[] = []
  const other = await listen((request, response) => {
    seen.push(JSON.stringify(request.headers))
    response.end()
  })
  for (const status of [301, 302, 307, 308]) {
    const { url } = await listen((_, response) => response.writeHead(status, { location: other.url }).end())
    const state = await stage.supervisor.start(add(url, { 'X-Key': '${secret:KEY}' }))
    expect(state).toMatchObject({ because: { what: expect.stringContaining('not followed') } })
    await stage.supervisor.stop('remote')
  }
  expect(seen).toEqual([])
})

test.each<[string, (response: ServerResponse, id: number) => void, string]>([
  ['accepts and says nothing', response => response.writeHead(202).end(), 'server/unreachable'],
  [
    'answers another request',
    (response, id) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`{"jsonrpc":"2.0","id":${id + 1_000},"result":{}}`),
    'server/unreachable',
  ],
  [
    'ends its stream without an answer',
    response => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': nothing\n\n'),
    'server/unreachable',
  ],
  [
    'answers with a page',
    response => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hello</p>'),
    'server/unreachable',
  ],
  [
    'fails with a page',
    response => response.writeHead(502, { 'content-type': 'text/html' }).end(`<p>Bad</p>${'x'.repeat(1_000_000)}`),
    'server/unreachable',
  ],
  [
    'cuts its answer off',
    response => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"jsonrpc"')
      setTimeout(() => response.destroy(), 20)
    },
    'server/unreachable',
  ],
  [
    'answers 70 MB of JSON',
    (response, id) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(`{"jsonrpc":"2.0","id":${id},"result":{"x":"${'x'.repeat(70 * 1024 * 1024)}"}}`)
    },
    'server/answer-too-long',
  ],
  [
    'streams an event of 70 MB',
    (response, id) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`data: {"jsonrpc":"2.0","id":${id},"result":{"x":"${'x'.repeat(70 * 1024 * 1024)}"}}\n\n`)
    },
    'server/answer-too-long',
  ],
])('who calls a server that %s is told, and the server stays', async (_, act, code) => {
  let isOdd = true
  const { url } = await listen(
    byHand({
      'tools/call': (_request, response, id) => {
        if (isOdd) return act(response, id)
        response.writeHead(200, { 'content-type': 'application/json' }).end(`{"jsonrpc":"2.0","id":${id},"result":{}}`)
      },
    }),
  )
  const id = add(url)
  await expect(callText(id)).rejects.toMatchObject({ code })
  isOdd = false
  expect(await callText(id)).toBe('{}')
  expect(stage.supervisor.details(id).restarts).toBe(0)
})

test('a server that ends its stream and wants it opened again at once is not asked as fast as the network goes', async () => {
  let opened = 0
  const post = byHand()
  const { url } = await listen((request, response) => {
    if (request.method !== 'GET') return post(request, response)
    opened++
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end('retry: 0\nid: 1\ndata:\n\n')
  })
  const id = add(url)
  await stage.supervisor.start(id)
  await until(
    () => opened,
    count => count >= 2,
    LIMIT_MS,
  )
  await new Promise(resolve => setTimeout(resolve, 2_000))
  expect(opened).toBeLessThan(50)
  expect(stage.supervisor.state(id).kind).toBe('running')
})

test('junk in an event stream is logged, and the answer behind it counts', async () => {
  const { url } = await listen(
    byHand({
      'tools/call': (_, response, id) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: not json\n\nevent: other\ndata: {"jsonrpc":"2.0"}\n\ndata: [1]\n\nretry: x\n\n\n\n:\n')
        response.end(`data: {"jsonrpc":"2.0","id":${id},"result":{"ok":true}}\n\n`)
      },
    }),
  )
  const id = add(url)
  expect(await callText(id)).toBe('{"ok":true}')
  expect(stage.supervisor.logs(id, 100).map(line => line.text)).toEqual(expect.arrayContaining(['not json', '[1]']))
})

test('a refusal that says the secret back gives away no part of it, wherever the message is cut', async () => {
  stage.secrets.set('KEY', 'hush-hush-1234-hush-hush')
  for (const before of [280, 290, 299]) {
    const { url } = await listen((request, response) =>
      response.writeHead(500).end(`${'x'.repeat(before)}${request.headers['x-key']}`),
    )
    const state = await stage.supervisor.start(add(url, { 'X-Key': '${secret:KEY}' }))
    expect(JSON.stringify(state)).toContain('xxxx')
    expect(JSON.stringify(state)).not.toContain('hush')
    await stage.supervisor.stop('remote')
  }
})
