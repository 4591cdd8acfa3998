// What a client could try with rounds, streams, tasks and names of the modern era, and does not get.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EVERYTHING, fixture, type House, openHouse, type TestClient } from './test-house.ts'

let house: House

beforeAll(async () => {
  house = await openHouse({
    servers: {
      modern: [fixture('gateway/modern.mjs')],
      asked: [fixture('gateway/modern.mjs'), 'm://asked'],
      everything: [EVERYTHING, 'stdio'],
      talker: [fixture('gateway/talker.mjs')],
      twin: [fixture('gateway/talker.mjs')],
      eager: [fixture('gateway/talker.mjs'), 'eager'],
      again: [fixture('gateway/modern.mjs'), 'm://eager'],
    },
    rules: [{ id: '', effect: 'allow' }],
  })
  const rule = { effect: 'ask', server: house.id('asked') } as const
  house.policy.change({ kind: 'add-rule', rule }, 'window', 'test')
})
afterAll(async () => {
  await house?.close()
})

const NS = 'io.modelcontextprotocol'
const envelope = (capabilities: object = {}, more: object = {}) => ({
  [`${NS}/protocolVersion`]: '2026-07-28',
  [`${NS}/clientCapabilities`]: capabilities,
  ...more,
})
const modern = (client: TestClient, method: string, params: object = {}, meta: object = envelope()) =>
  client.request(method, { ...params, _meta: meta })
const heardBy = async (client: TestClient, server: string) =>
  JSON.stringify((await client.call(`${server}_tell`, { do: 'heard' })).result)
const waiting = () => house.approvals.list().filter(one => one.state.kind === 'waiting')

test('what the modern era took away is not there under its envelope, and is without it', async () => {
  const client = house.client()
  const removed = ['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe']
  for (const method of [...removed, 'tasks/list', 'tasks/result'])
    expect((await modern(client, method, { uri: 'm://a', level: 'info' })).error, method).toMatchObject({
      code: -32601,
    })
  expect((await client.request('ping')).result).toEqual({})
  const bad = { [`${NS}/protocolVersion`]: '2099-01-01' }
  const { error } = await modern(client, 'tools/list', {}, { ...envelope(), ...bad })
  expect(error).toMatchObject({ code: -32022, data: { requested: '2099-01-01' } })
  const { error: none } = await modern(client, 'tools/list', {}, { [`${NS}/protocolVersion`]: '2026-07-28' })
  expect(none).toMatchObject({ code: -32602 })
})

test('a round that no call waits for never reaches a legacy server, whatever its state says', async () => {
  const client = house.client()
  for (const more of [{ requestState: 'made up' }, { requestState: 'gatehouse.x.y' }, { inputResponses: { r1: {} } }]) {
    const params = { name: 'talker_tell', arguments: { do: 'log', level: 'error', data: 'x' }, ...more }
    expect((await modern(client, 'tools/call', params)).error, JSON.stringify(more)).toMatchObject({ code: -32602 })
  }
})

test('a resource that is not there has the code of the client’s era', async () => {
  const client = house.client()
  const uri = 'no://such'
  expect((await modern(client, 'resources/read', { uri })).error).toMatchObject({ code: -32602 })
  expect((await client.request('resources/read', { uri })).error).toMatchObject({ code: -32002 })
})

test('messages go to the modern request that asked for them, at its level, and to no other', async () => {
  const client = house.client()
  const log = (level: string, meta: object) =>
    modern(client, 'tools/call', { name: 'talker_tell', arguments: { do: 'log', level, data: 'x' } }, meta)
  const messages = () => client.messages.filter(m => m.method === 'notifications/message').length
  await log('error', envelope())
  expect(messages()).toBe(0)
  await log('info', envelope({}, { [`${NS}/logLevel`]: 'error' }))
  expect(messages()).toBe(0)
  await log('error', envelope({}, { [`${NS}/logLevel`]: 'warning' }))
  expect(messages()).toBe(1)
  expect(await heardBy(client, 'talker')).toContain('"level":"warning"')
})

test('a URI that two servers offer is read where the client has it from, else not at all', async () => {
  const client = house.client()
  const read = () => client.request('resources/read', { uri: 'shared://x' })
  expect((await read()).error?.message).toContain('More than one server')
  await client.call('twin_tell', { do: 'points', uri: 'shared://x' })
  expect((await read()).error).toBeUndefined()
  expect(await heardBy(client, 'twin')).toContain('resources/read')
  expect(await heardBy(client, 'talker')).not.toContain('resources/read')
})

test('a URI that no server lists is read where this client has a link to it from, and nobody else reads it', async () => {
  const [client, other] = [house.client(), house.client()]
  const read = (one: typeof client) => one.request('resources/read', { uri: 'unlisted://x' })
  expect((await read(client)).error?.message).toContain('No server offers')
  await client.call('twin_tell', { do: 'points', uri: 'unlisted://x' })
  expect((await read(client)).error?.message ?? '').not.toContain('No server offers')
  expect(await heardBy(client, 'twin')).toContain('unlisted://x')
  expect(await heardBy(client, 'talker')).not.toContain('resources/read')
  expect((await read(other)).error?.message).toContain('No server offers')
})

test('a tool’s own name finds it where only one server has it, under the same policy', async () => {
  const client = house.client()
  expect(JSON.stringify((await client.call('echo', { message: 'hi' })).error)).toContain('Unknown tool')
  expect(JSON.stringify((await client.call('get-sum', { a: 2, b: 3 })).result)).toContain('5')
  const rule = { effect: 'deny', client: 'app', server: house.id('everything') } as const
  house.policy.change({ kind: 'add-rule', rule }, 'window', 'test')
  const app = house.client({ client: 'app' })
  expect((await app.call('get-sum', { a: 2, b: 3 })).result).toMatchObject({ isError: true })
  expect((await client.call('tell', { do: 'heard' })).error).toMatchObject({ code: -32602 })
})

test('what a person allowed does not reach over other notes in _meta, other states or names in other cases', async () => {
  const client = house.client()
  const ask = (more: object, meta = envelope({ elicitation: {} })) =>
    modern(client, 'tools/call', { name: 'asked_ask', arguments: {}, ...more }, meta)
  const answer = async (kind: 'allow' | 'deny') => {
    await expect.poll(() => waiting().length, { timeout: 20_000 }).toBe(1)
    const decision = kind === 'allow' ? { kind, scope: 'once' } : { kind }
    house.approvals.answer(waiting()[0]!.id, decision as never, 'window:test')
  }
  const inputResponses = { who: { action: 'accept', content: {} } }
  const rounds = [
    { inputResponses, requestState: 'state:2' },
    { inputResponses },
    { inputResponses, requestState: 'state:1', RequestState: 'state:9' },
  ]
  for (const round of rounds) {
    const first = ask({})
    await answer('allow')
    expect((await first).result).toMatchObject({ resultType: 'input_required' })
    const next = ask(round)
    await answer('deny')
    expect((await next).result, JSON.stringify(round)).toMatchObject({ isError: true })
  }
  const noted = ask(
    { inputResponses, requestState: 'state:1' },
    envelope({ elicitation: {} }, { 'vendor/secret': 'send it' }),
  )
  await expect.poll(() => waiting().length, { timeout: 20_000 }).toBe(1)
  expect(JSON.stringify(waiting()[0])).toContain('vendor/secret')
  await answer('deny')
  expect((await noted).result).toMatchObject({ isError: true })
})

test('a stream hears of the tasks that its own client made, and of no others', async () => {
  const [client, thief] = [house.client({ client: 'maker' }), house.client({ client: 'thief' })]
  await modern(client, 'tools/call', { name: 'modern_task', arguments: {} })
  const listen = async (from: TestClient) => {
    const acknowledged = from.next(one => one.method === 'notifications/subscriptions/acknowledged')
    const params = JSON.stringify({ notifications: { taskIds: ['t1'] }, _meta: envelope() })
    from.link.receive(`{"jsonrpc":"2.0","id":"L","method":"subscriptions/listen","params":${params}}`)
    return (JSON.parse(await acknowledged) as { params: { notifications: object } }).params.notifications
  }
  expect(await listen(client)).toEqual({ taskIds: ['t1'] })
  expect(await listen(thief)).toEqual({})
  const streams = async () => {
    const { result } = await client.call('modern_heard')
    return JSON.stringify(result).includes('"notifications":{"taskIds":["t1"]}')
  }
  await expect.poll(streams, { timeout: 20_000 }).toBe(true)
})

test('a legacy client that takes its call back ends the question that a modern server asked for it', async () => {
  const client = house.client()
  await client.initialize({ elicitation: {} })
  const asked = client.next(one => one.method === 'elicitation/create')
  const params = JSON.stringify({ name: 'modern_ask', arguments: {} })
  client.link.receive(`{"jsonrpc":"2.0","id":"c","method":"tools/call","params":${params}}`)
  const { id } = JSON.parse(await asked) as { id: string }
  const taken = client.next(one => one.method === 'notifications/cancelled')
  client.notify('notifications/cancelled', { requestId: 'c' })
  expect(JSON.parse(await taken).params.requestId).toBe(id)
  // The id is free again.
  const ping = () => client.send('{"jsonrpc":"2.0","id":$ID,"method":"ping"}', '"c"')
  await expect.poll(ping, { timeout: 20_000 }).toContain('"result":{}')
})

test.each([
  ['eager', 'talk://a'],
  ['again', 'm://eager'],
])(
  'who watches a resource of %s hears of it again when the server came back, before anybody calls it',
  async (name, uri) => {
    const client = house.client({ server: name })
    await client.initialize()
    const updated = (one: { method?: string }) => one.method === 'notifications/resources/updated'
    const first = client.next(updated, 20_000)
    expect((await client.request('resources/subscribe', { uri })).result).toEqual({})
    await first
    const second = client.next(updated, 20_000)
    await house.supervisor.stop(house.id(name))
    await house.supervisor.start(house.id(name))
    expect(JSON.parse(await second).params).toMatchObject({ uri })
  },
)
