import { Client as Client2 } from '@modelcontextprotocol/client'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Link } from './gateway.ts'
import { EVERYTHING, fixture, type House, openHouse } from './test-house.ts'

let house: House

beforeAll(async () => {
  house = await openHouse({
    servers: { everything: [EVERYTHING, 'stdio'], plain: [fixture('servers/normal.mjs')] },
    rules: [{ id: '', effect: 'allow' }],
  })
})

afterAll(async () => {
  await house?.close()
})

/** A pair of streams in this process: what a bridge would carry. */
class LinkTransport {
  onmessage?: (message: never) => void
  onclose?: () => void
  onerror?: (error: Error) => void
  readonly #link: Link
  readonly seen: unknown[] = []
  constructor(server?: string) {
    this.#link = house.gateway.link({
      client: 'sdk',
      title: 'SDK',
      kind: 'bridge',
      ...(server ? { server } : {}),
      send: text => void setImmediate(() => this.onmessage?.(JSON.parse(text) as never)),
    })
  }
  async start() {}
  async send(message: unknown) {
    this.seen.push(message)
    this.#link.receive(JSON.stringify(message))
  }
  async close() {
    this.#link.close('closed')
    this.onclose?.()
  }
}

async function client1(capabilities = {}) {
  const client = new Client1({ name: 'one', version: '1' }, { capabilities })
  await client.connect(new LinkTransport() as never)
  return client
}

async function client2(options: ConstructorParameters<typeof Client2>[1] = {}, server?: string) {
  const client = new Client2({ name: 'two', version: '2' }, options)
  const transport = new LinkTransport(server)
  await client.connect(transport as never)
  return { client, transport }
}

test('an SDK 1.x client initializes, lists, calls, reads, gets prompts and completes', async () => {
  const client = await client1()
  expect(client.getServerVersion()).toMatchObject({ name: 'gatehouse', title: 'Gatehouse' })
  expect(client.getInstructions()).toContain('[everything:')
  const { tools } = await client.listTools()
  expect(tools.map(t => t.name)).toContain('everything_echo')
  expect(tools.map(t => t.name)).toContain('plain_echo')
  const result = await client.callTool({ name: 'everything_echo', arguments: { message: 'hi' } })
  expect(result.content).toEqual([{ type: 'text', text: 'Echo: hi' }])
  const { prompts } = await client.listPrompts()
  expect(prompts.map(p => p.name)).toContain('everything_simple-prompt')
  expect((await client.getPrompt({ name: 'everything_simple-prompt' })).messages.length).toBeGreaterThan(0)
  const { resourceTemplates } = await client.listResourceTemplates()
  expect(resourceTemplates.length).toBeGreaterThan(0)
  const { contents } = await client.readResource({ uri: 'demo://resource/dynamic/text/1' })
  expect(contents[0]!.uri).toBe('demo://resource/dynamic/text/1')
  const { completion } = await client.complete({
    ref: { type: 'ref/prompt', name: 'everything_completable-prompt' },
    argument: { name: 'department', value: 'E' },
  })
  expect(completion.values).toContain('Engineering')
  await client.close()
})

test('an SDK 1.x client gets all progress of its call', async () => {
  const client = await client1()
  const progress: number[] = []
  await client.callTool(
    { name: 'everything_trigger-long-running-operation', arguments: { duration: 0.5, steps: 5 } },
    undefined,
    {
      onprogress: p => progress.push(p.progress),
    },
  )
  expect(progress).toEqual([1, 2, 3, 4, 5])
  await client.close()
})

test.each(['legacy', 'auto'] as const)('an SDK 2.x client in mode %s lists and calls', async mode => {
  const { client, transport } = await client2({ versionNegotiation: { mode } })
  expect(client.getProtocolEra()).toBe(mode === 'auto' ? 'modern' : 'legacy')
  if (mode === 'auto') expect(transport.seen[0]).toMatchObject({ method: 'server/discover' })
  expect((await client.listTools()).tools.map(t => t.name)).toContain('everything_get-sum')
  const result = await client.callTool({ name: 'everything_get-sum', arguments: { a: 2, b: 3 } })
  expect(JSON.stringify(result.content)).toContain('5')
  await client.close()
})

test('an SDK 2.x client that is pinned to the modern era calls servers of the legacy one', async () => {
  const { client, transport } = await client2({ versionNegotiation: { mode: { pin: '2026-07-28' } } })
  expect(transport.seen.some(message => (message as { method?: string }).method === 'initialize')).toBe(false)
  const result = await client.callTool({ name: 'everything_echo', arguments: { message: 'hi' } })
  expect(result.content).toEqual([{ type: 'text', text: 'Echo: hi' }])
  await client.close()
})

test('an SDK 2.x client of one server alone sees it without prefixes', async () => {
  const { client } = await client2({}, 'everything')
  expect(client.getServerVersion()?.name).toContain('everything')
  expect((await client.listTools()).tools.map(t => t.name)).toContain('echo')
  expect((await client.callTool({ name: 'echo', arguments: { message: 'x' } })).content).toEqual([
    { type: 'text', text: 'Echo: x' },
  ])
  await client.close()
})

test('a server asks the client whose call is in flight: roots, sampling, elicitation', async () => {
  const client = await client1({ roots: {}, sampling: {}, elicitation: {} })
  client.setRequestHandler(ListRootsRequestSchema, async () => ({ roots: [{ uri: 'file:///mine' }] }))
  client.setRequestHandler(CreateMessageRequestSchema, async () => ({
    model: 'm',
    role: 'assistant',
    content: { type: 'text', text: 'sampled!' },
  }))
  client.setRequestHandler(ElicitRequestSchema, async () => ({
    action: 'accept',
    content: { name: 'Ada', check: true },
  }))
  const sampled = await client.callTool({
    name: 'everything_trigger-sampling-request',
    arguments: { prompt: 'p', maxTokens: 5 },
  })
  expect(JSON.stringify(sampled.content)).toContain('sampled!')
  const elicited = await client.callTool({ name: 'everything_trigger-elicitation-request', arguments: {} })
  expect(JSON.stringify(elicited.content)).toContain('Ada')
  const roots = await client.callTool({ name: 'plain_act', arguments: { do: 'ask' } }).catch(e => String(e))
  expect(JSON.stringify(roots)).not.toContain('does not offer')
  await client.close()
})

test('a client without sampling: the server gets a clear error, nobody waits', async () => {
  const client = await client1()
  const result = await client.callTool({
    name: 'everything_trigger-sampling-request',
    arguments: { prompt: 'p', maxTokens: 5 },
  })
  expect(JSON.stringify(result)).toContain('SDK does not offer sampling')
  await client.close()
})

test('log messages of a level asked for arrive, and updates of a subscribed resource', async () => {
  const client = await client1()
  const levels: string[] = []
  const updates: string[] = []
  client.setNotificationHandler(LoggingMessageNotificationSchema, n => void levels.push(n.params.level))
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, n => void updates.push(n.params.uri))
  await client.setLoggingLevel('error')
  const uri = 'demo://resource/dynamic/text/1'
  await client.subscribeResource({ uri })
  await client.callTool({ name: 'everything_toggle-subscriber-updates', arguments: {} })
  await expect.poll(() => updates.length, { timeout: 15_000 }).toBeGreaterThan(0)
  expect(updates).toContain(uri)
  await client.unsubscribeResource({ uri })
  await client.callTool({ name: 'everything_toggle-subscriber-updates', arguments: {} })
  expect(levels.every(l => ['error', 'critical', 'alert', 'emergency'].includes(l))).toBe(true)
  await client.close()
})
