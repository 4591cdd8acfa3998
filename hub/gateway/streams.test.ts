// Streams on which modern clients hear of resources, and subscriptions to resources of modern servers.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fixture, type House, openHouse, type TestClient } from './test-house.ts'

let house: House

beforeAll(async () => {
  house = await openHouse({
    servers: {
      modern: [fixture('gateway/modern.mjs')],
      slow: [fixture('gateway/modern.mjs'), 'm://slow'],
      talker: [fixture('gateway/talker.mjs')],
      quick: [fixture('gateway/talker.mjs'), 'in-one-write'],
    },
    rules: [{ id: '', effect: 'allow' }],
  })
}, 60_000)
afterAll(() => house?.close())

const NS = 'io.modelcontextprotocol'
const _meta = { [`${NS}/protocolVersion`]: '2026-07-28', [`${NS}/clientCapabilities`]: {} }

/** A client of one server alone, whose stream is acknowledged; and for which resources. */
async function listening(server: string, uris: string[]): Promise<{ client: TestClient; heard: unknown }> {
  const client = house.client({ server })
  const acknowledged = client.next(one => one.method === 'notifications/subscriptions/acknowledged')
  const params = JSON.stringify({ notifications: { resourceSubscriptions: uris }, _meta })
  client.link.receive(`{"jsonrpc":"2.0","id":"s","method":"subscriptions/listen","params":${params}}`)
  return { client, heard: JSON.parse(await acknowledged).params.notifications.resourceSubscriptions }
}

/** For which resources its server was asked to keep a stream, each time. */
async function streamsAt(client: TestClient): Promise<string[][]> {
  const { result } = await client.request('tools/call', { name: 'heard', arguments: {}, _meta })
  const { heard } = (result as { structuredContent: { heard: { method: string; params: never }[] } }).structuredContent
  return heard.flatMap(({ method, params }) =>
    method === 'subscriptions/listen'
      ? [(params as { notifications: { resourceSubscriptions: string[] } }).notifications.resourceSubscriptions]
      : [],
  )
}

test('however many resources a client watches, and stops to watch, its server gets one new stream for all', async () => {
  const uris = ['m://a', 'm://b', 'm://c', 'm://d']
  const { client: other } = await listening('modern', ['m://z'])
  const before = (await streamsAt(other)).length
  const { client, heard } = await listening('modern', uris)
  expect(heard).toEqual(uris)
  expect((await streamsAt(other)).slice(before)).toEqual([['m://z', ...uris]])
  client.link.close('gone')
  await expect.poll(async () => (await streamsAt(other)).at(-1), { timeout: 20_000 }).toEqual(['m://z'])
  expect((await streamsAt(other)).slice(before)).toEqual([['m://z', ...uris], ['m://z']])
  other.link.close('gone')
})

test('what a server refuses is not acknowledged, and one that says nothing holds nothing up', async () => {
  const { client, heard } = await listening('talker', ['talk://a', 'talk://no', 'talk://mute'])
  expect(heard).toEqual(['talk://a', 'talk://mute'])
  client.link.close('gone')
  // What it never answered is taken back then.
  const other = house.client({ server: 'talker' })
  const methods = async () => JSON.stringify((await other.call('tell', { do: 'heard' })).result)
  await expect.poll(methods, { timeout: 20_000 }).toContain('notifications/cancelled')
})

test('who watches while another begins to, is told so once both are in force', async () => {
  const [one, two] = [house.client({ server: 'slow' }), house.client({ server: 'slow' })]
  await Promise.all([one.initialize(), two.initialize()])
  // It runs, so that both come to it in the same turn.
  await one.call('heard')
  const watch = (client: TestClient, uri: string) => client.request('resources/subscribe', { uri })
  const [first, second] = [watch(one, 'm://a'), watch(two, 'm://b')]
  expect(await first).toMatchObject({ result: {} })
  const told = one.next(message => message.method === 'notifications/resources/updated')
  await one.call('update', { uri: 'm://a' })
  expect(JSON.parse(await told).params.uri).toBe('m://a')
  expect(await second).toMatchObject({ result: {} })
})

test('what changes right behind the answer to a subscription is told', async () => {
  const client = house.client({ server: 'quick' })
  await client.initialize()
  const told = client.next(message => message.method === 'notifications/resources/updated')
  expect(await client.request('resources/subscribe', { uri: 'talk://a' })).toMatchObject({ result: {} })
  expect(JSON.parse(await told).params.uri).toBe('talk://a')
})
