// Profiles at the gate: what a client is not shown it cannot call, under whatever name and over whichever door.
import { Client as Client2 } from '@modelcontextprotocol/client'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Link } from './gateway.ts'
import { EVERYTHING, fixture, type House, openHouse, type TestClient } from './test-house.ts'

let house: House

beforeAll(async () => {
  house = await openHouse({
    servers: {
      everything: [EVERYTHING, 'stdio'],
      plain: [fixture('servers/normal.mjs')],
      talker: [fixture('gateway/talker.mjs')],
    },
    rules: [{ id: '', effect: 'allow' }],
  })
})
afterAll(() => house?.close())
beforeEach(() => {
  for (const client of ['cursor', 'sdk', 'other']) {
    const { hidden } = house.profiles.wouldBe(client, [], []).profile
    house.profiles.change(client, [], hidden)
  }
})

function hide(client: string, server: string, tool?: string) {
  house.profiles.change(client, [{ server: house.id(server), ...(tool ? { tool } : {}) }], [])
}

function show(client: string, server: string, tool?: string) {
  house.profiles.change(client, [], [{ server: house.id(server), ...(tool ? { tool } : {}) }])
}

const cursor = (more: object = {}) => house.client({ client: 'cursor', title: 'Cursor', ...more })
const toolsOf = async (client: TestClient) => {
  const { result } = await client.request('tools/list')
  return (result as { tools: { name: string }[] }).tools.map(tool => tool.name)
}
const textOf = ({ result, error }: Awaited<ReturnType<TestClient['call']>>) =>
  error ? error.message : JSON.stringify((result as { content: unknown }).content)
const isToolError = ({ result }: Awaited<ReturnType<TestClient['call']>>) =>
  (result as { isError?: boolean } | undefined)?.isError === true

/** A pair of streams in this process: what a bridge would carry. */
class LinkTransport {
  onmessage?: (message: never) => void
  onclose?: () => void
  onerror?: (error: Error) => void
  readonly #link: Link
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
    this.#link.receive(JSON.stringify(message))
  }
  async close() {
    this.#link.close('closed')
    this.onclose?.()
  }
}

async function sdkClient(generation: '1.x' | '2.x', server?: string, mode: unknown = { pin: '2026-07-28' }) {
  const info = { name: generation, version: '1' }
  const client = generation === '1.x' ? new Client1(info) : new Client2(info, { versionNegotiation: { mode } } as never)
  await client.connect(new LinkTransport(server) as never)
  return client as Client1
}

test.each(['1.x', '2.x'] as const)(
  'an SDK %s client is shown and may call only what its profile leaves',
  async generation => {
    hide('sdk', 'plain')
    hide('sdk', 'everything', 'echo')
    const client = await sdkClient(generation)
    expect(client.getInstructions() ?? '').not.toContain('[plain:')
    const names = (await client.listTools()).tools.map(tool => tool.name)
    expect(names).toContain('everything_get-sum')
    expect(names.filter(name => name.startsWith('plain_') || name === 'everything_echo')).toEqual([])
    const called = await client.callTool({ name: 'everything_echo', arguments: { message: 'hi' } })
    expect(called).toMatchObject({ isError: true })
    expect(JSON.stringify(called.content)).toContain('everything_echo is hidden from SDK by its profile in Gatehouse')
    const sum = await client.callTool({ name: 'everything_get-sum', arguments: { a: 1, b: 2 } })
    expect(JSON.stringify(sum.content)).toContain('3')
    await client.close()
  },
)

test.each(['1.x', '2.x'] as const)('an SDK %s client cannot reach a hidden server alone', async generation => {
  hide('sdk', 'plain')
  await expect(sdkClient(generation, 'plain', 'auto')).rejects.toThrow('plain is hidden from SDK')
})

test('a hidden tool is refused by its exposed name and its own, alone and among all, and each is on record', async () => {
  hide('cursor', 'everything', 'get-sum')
  const before = (await house.rows()).length
  const all = cursor()
  await all.initialize()
  const alone = cursor({ server: 'everything' })
  await alone.initialize()
  const answers = [
    await all.call('everything_get-sum', { message: 'x' }),
    await all.call('get-sum', { message: 'x' }),
    await alone.call('get-sum', { message: 'x' }),
  ]
  for (const answer of answers) {
    expect(isToolError(answer)).toBe(true)
    expect(textOf(answer)).toMatch(/get-sum is hidden from Cursor by its profile in Gatehouse\. Nothing was run\./)
  }
  expect(await toolsOf(alone)).not.toContain('get-sum')
  const rows = (await house.rows()).slice(before).filter(row => row.event?.kind === 'call')
  expect(rows.map(({ event }) => [event!.what, event!.client, event!.tool])).toEqual(
    answers.map(() => ['call/denied', 'cursor', 'get-sum']),
  )
})

test("a tool's own name never leads to another server's in its place", async () => {
  // Both servers have an echo; hiding one must not make the other the only one.
  hide('cursor', 'everything', 'echo')
  const client = cursor()
  await client.initialize()
  const answer = await client.call('echo', { text: 'meant for the other', message: 'x' })
  expect(answer.result === undefined || isToolError(answer)).toBe(true)
})

test('what is hidden from one client is there for every other', async () => {
  hide('cursor', 'everything')
  const other = house.client({ client: 'other', title: 'Other' })
  await other.initialize()
  expect(await toolsOf(other)).toContain('everything_echo')
  expect(textOf(await other.call('everything_echo', { message: 'hi' }))).toContain('Echo: hi')
})

test('of a hidden server nothing is listed, read, completed or watched', async () => {
  hide('cursor', 'everything')
  const client = cursor()
  const hello = await client.initialize()
  expect(JSON.stringify(hello)).not.toContain('[everything:')
  for (const [method, key] of [
    ['tools/list', 'tools'],
    ['prompts/list', 'prompts'],
    ['resources/list', 'resources'],
    ['resources/templates/list', 'resourceTemplates'],
  ] as const) {
    const { result } = await client.request(method)
    expect([method, JSON.stringify((result as Record<string, unknown>)[key])]).toEqual([
      method,
      expect.not.stringMatching(/everything|demo:/),
    ])
  }
  const uri = 'demo://resource/dynamic/text/1'
  for (const [method, params] of [
    ['resources/read', { uri }],
    ['resources/subscribe', { uri }],
    ['prompts/get', { name: 'everything_simple-prompt' }],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'everything_simple-prompt' }, argument: { name: 'a', value: '' } },
    ],
    ['tools/call', { name: 'everything_echo', arguments: {} }],
  ] as const) {
    const { result, error } = await client.request(method, params)
    expect([method, error !== undefined || (result as { isError?: boolean }).isError]).toEqual([method, true])
  }
  const alone = cursor({ server: 'everything' })
  for (const method of ['initialize', 'tools/call', 'resources/read', 'vendor/own']) {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, name: 'echo', uri, arguments: { message: 'x' } }
    const { result, error } = await alone.request(method, params)
    expect([method, error !== undefined || (result as { isError?: boolean }).isError]).toEqual([method, true])
  }
  expect((await alone.request('tools/list')).result).toMatchObject({ tools: [] })
})

test('a changed profile is told to that client, and to no other', async () => {
  const [mine, other] = [cursor(), house.client({ client: 'other', title: 'Other' })]
  for (const client of [mine, other]) {
    await client.initialize()
    await client.request('tools/list')
  }
  const told = mine.next(m => m.method === 'notifications/tools/list_changed')
  hide('cursor', 'everything', 'echo')
  await told
  expect(await toolsOf(mine)).not.toContain('everything_echo')
  const again = mine.next(m => m.method === 'notifications/tools/list_changed')
  show('cursor', 'everything', 'echo')
  await again
  expect(await toolsOf(mine)).toContain('everything_echo')
  // One more change that does concern the other: had it been told before, that would have come first.
  const others = other.next(m => m.method === 'notifications/tools/list_changed')
  hide('other', 'everything', 'echo')
  await others
  expect(other.messages.filter(m => m.method?.endsWith('list_changed'))).toHaveLength(1)
})

test('a call that waits for a person is over when its tool is hidden meanwhile, and a yes to it runs nothing', async () => {
  const asks = house.policy.change({ kind: 'add-rule', rule: { effect: 'ask', tool: 'get-sum' } }, 'window', 'test')
  expect(asks.applied).toBe(true)
  const client = cursor()
  await client.initialize()
  const asked = new Promise<string>(resolve => house.announcer.once('approvals/asked', resolve))
  const answer = client.call('everything_get-sum', { a: 1, b: 2 })
  const id = await asked
  hide('cursor', 'everything', 'get-sum')
  expect(textOf(await answer)).toContain('Cursor is no longer shown it')
  expect(() => house.approvals.answer(id, { kind: 'allow', scope: 'once' }, 'window')).toThrow()
  expect(textOf(await client.call('everything_get-sum', { a: 1, b: 2 }))).toContain('hidden from Cursor')
  show('cursor', 'everything', 'get-sum')
  const rule = house.policy.current().rules.find(one => one.tool === 'get-sum')!
  house.policy.change({ kind: 'remove-rule', id: rule.id }, 'window', 'test')
  expect(textOf(await client.call('everything_get-sum', { a: 1, b: 2 }))).toContain('3')
})

test('a rule that allows it does not make a hidden tool callable', async () => {
  hide('cursor', 'everything', 'echo')
  const client = cursor()
  await client.initialize()
  expect(isToolError(await client.call('everything_echo', { message: 'x' }))).toBe(true)
  expect(house.policy.current().rules.some(rule => rule.effect === 'allow' && !rule.tool)).toBe(true)
})

test('who watches a resource of a server hears nothing more once it is hidden; the others do', async () => {
  const [mine, other] = [cursor(), house.client({ client: 'other', title: 'Other' })]
  const uri = 'talk://a'
  for (const client of [mine, other]) {
    await client.initialize()
    expect((await client.request('resources/subscribe', { uri })).result).toEqual({})
  }
  const update = async () => {
    const heard = other.next(m => m.method === 'notifications/resources/updated')
    await other.call('talker_tell', { do: 'update', uri })
    await heard
    return mine.messages.filter(m => m.method === 'notifications/resources/updated').length
  }
  expect(await update()).toBe(1)
  hide('cursor', 'talker')
  expect(await update()).toBe(1)
  expect((await mine.request('resources/unsubscribe', { uri })).error).toBeDefined()
})
