import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fixture, type House, openHouse, type TestClient } from './test-house.ts'

let house: House
let id: string

beforeAll(async () => {
  house = await openHouse({
    servers: { talker: [fixture('gateway/talker.mjs')] },
    rules: [{ id: 'r', effect: 'allow' }],
  })
  id = house.id('talker')
  await house.registry.update(id, { instance: 'per-client' })
})
afterAll(() => house.close())

const tell = (client: TestClient, args: object) => client.call('talker_tell', args)

async function heard(client: TestClient): Promise<{ method: string; params?: Record<string, unknown> }[]> {
  return ((await tell(client, { do: 'heard' })).result as { heard: [] }).heard
}

const updates = (client: TestClient) =>
  client.messages.filter(m => m.method === 'notifications/resources/updated').length

test('each client has a child that is told its capabilities, and what it watches or asks is its own', async () => {
  const [a, b] = [house.client({ client: 'a' }), house.client({ client: 'b' })]
  await a.initialize({ elicitation: {}, 'x-own': { n: 1 } })
  await b.initialize()
  const helloOf = async (client: TestClient) => (await heard(client)).find(one => one.method === 'initialize')?.params
  expect(await helloOf(a)).toMatchObject({
    capabilities: { elicitation: {}, 'x-own': { n: 1 } },
    clientInfo: { name: 'test', version: '1' },
  })
  expect((await helloOf(b))?.capabilities).toEqual({})
  expect(house.supervisor.details(id).instances).toBe(2)
  for (const client of [a, b])
    expect((await client.request('resources/subscribe', { uri: 'talk://a' })).result).toEqual({})
  for (const client of [a, b])
    expect((await heard(client)).filter(one => one.method === 'resources/subscribe')).toHaveLength(1)
  await tell(a, { do: 'update', uri: 'talk://a' })
  await pause(100)
  expect([updates(a), updates(b)]).toEqual([1, 0])
  await b.request('resources/unsubscribe', { uri: 'talk://a' })
  expect((await heard(b)).filter(one => one.method === 'resources/unsubscribe')).toHaveLength(1)
  expect((await heard(a)).filter(one => one.method === 'resources/unsubscribe')).toHaveLength(0)
  a.link.close('gone')
  await expect.poll(() => house.supervisor.details(id).instances, { timeout: 30_000 }).toBe(1)
  expect((await tell(b, { do: 'heard' })).result).toBeDefined()
})

test('what a client says without waiting for an answer reaches its own child alone', async () => {
  const [a, b] = ['a', 'b'].map(client => house.client({ client, server: 'talker' })) as [TestClient, TestClient]
  const own = async (client: TestClient) =>
    ((await client.call('tell', { do: 'heard' })).result as { heard: { method: string }[] }).heard
  for (const client of [a, b]) await client.initialize()
  for (const client of [a, b]) await own(client)
  b.notify('notifications/x-own', { n: 1 })
  await expect
    .poll(async () => (await own(b)).filter(one => one.method === 'notifications/x-own').length, { timeout: 30_000 })
    .toBe(1)
  expect((await own(a)).some(one => one.method === 'notifications/x-own')).toBe(false)
})

test('a question goes to the client whose child asks, though others are in a call of the same server', async () => {
  const [a, b] = [house.client({ client: 'a' }), house.client({ client: 'b' })]
  await a.initialize({ elicitation: {} })
  await b.initialize({ elicitation: {} })
  const waiting = tell(b, { do: 'wait', ms: 1_000 })
  const asked = a.next(message => message.method === 'elicitation/create')
  const called = tell(a, { do: 'ask', method: 'elicitation/create' })
  const question = JSON.parse(await asked) as { id: unknown }
  a.link.receive(JSON.stringify({ jsonrpc: '2.0', id: question.id, result: { action: 'accept', content: {} } }))
  expect(JSON.stringify((await called).result)).toContain('accept')
  await waiting
  expect(b.messages.some(message => message.method === 'elicitation/create')).toBe(false)
})
