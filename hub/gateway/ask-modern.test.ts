import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fixture, type House, openHouse } from './test-house.ts'

// Every request of the modern era, past a rule that asks: nothing of it arrives at the server before a person said yes.

const NS = 'io.modelcontextprotocol'
const ENVELOPE = { [`${NS}/protocolVersion`]: '2026-07-28', [`${NS}/clientCapabilities`]: { elicitation: {} } }

let house: House

beforeAll(async () => {
  house = await openHouse({
    servers: { modern: [fixture('gateway/modern.mjs')], legacy: [fixture('gateway/odd.mjs'), 'legacy'] },
    rules: [
      { id: '', effect: 'ask' },
      { id: '', effect: 'allow', tool: 'heard' },
    ],
  })
})
afterAll(async () => {
  await house?.close()
})

const REQUESTS: [method: string, params: object][] = [
  ['tools/call', { name: 'echo', arguments: {} }],
  [
    'tools/call',
    { name: 'ask', arguments: {}, inputResponses: { who: { action: 'accept' } }, requestState: 'state:1' },
  ],
  ['tools/call', { name: 'ask', arguments: {}, inputResponses: { who: { action: 'accept' } } }],
  ['tools/call', { name: 'ask', arguments: {}, requestState: 'state:1' }],
  ['prompts/get', { name: 'greet' }],
  ['resources/read', { uri: 'm://a' }],
  ['resources/read', { uri: 'm://a', requestState: 'x', inputResponses: {} }],
  ['completion/complete', { ref: { type: 'ref/resource', uri: 'm://a' }, argument: { name: 'a', value: 'b' } }],
  ['subscriptions/listen', { notifications: { resourceSubscriptions: ['m://a'], taskIds: ['t1'] } }],
  ['subscriptions/listen', { notifications: { taskIds: ['t1'] } }],
  ['tasks/get', { taskId: 't1' }],
  ['tasks/update', { taskId: 't1', inputResponses: {} }],
  ['tasks/cancel', { taskId: 't1' }],
  ['tasks/list', {}],
  ['tasks/result', { taskId: 't1' }],
  ['resources/subscribe', { uri: 'm://a' }],
  ['logging/setLevel', { level: 'debug' }],
  ['ping', {}],
  ['initialize', { protocolVersion: '2026-07-28' }],
  ['sampling/createMessage', { messages: [] }],
  ['elicitation/create', { message: 'x' }],
  ['roots/list', {}],
  ['vendor/thing', {}],
  ['notifications/cancelled', { requestId: 1 }],
  ['notifications/vendor', {}],
]

test.each(
  REQUESTS.flatMap(([method, params]) => [undefined, 'modern'].map(server => [method, params, server] as const)),
)('%s %j (alone: %s)', async (method, params, server) => {
  const client = house.client(server ? { server } : {})
  const name = (own: string) => (server ? own : `modern_${own}`)
  const heard = async () => {
    const ask = { name: name('heard'), arguments: {}, _meta: ENVELOPE }
    const { result } = (await client.request('tools/call', ask)) as {
      result: { structuredContent: { heard: { method: string; params: { name?: string; _meta?: object } }[] } }
    }
    // What the hub asks for itself is no client's: its lists, its discovery, its own stream of changes.
    return result.structuredContent.heard.filter(
      one => !(JSON.stringify(one.params._meta ?? {}).includes('"gatehouse"') || one.params.name === 'heard'),
    )
  }
  const before = (await heard()).length
  const own = 'name' in params ? { ...params, name: name(params.name as string) } : params
  client.link.receive(
    `{"jsonrpc":"2.0","id":"asked","method":"${method}","params":${JSON.stringify({ ...own, _meta: ENVELOPE })}}`,
  )
  const isSettled = () =>
    client.messages.some(one => one.id === 'asked') ||
    client.messages.some(one => one.method === 'notifications/subscriptions/acknowledged') ||
    house.approvals.list().some(one => one.state.kind === 'waiting')
  await expect.poll(isSettled, { timeout: 20_000 }).toBe(true)
  await pause(50)
  const reached = (await heard()).slice(before)
  client.link.close('over')
  expect(reached).toEqual([])
})

test('a notification of the modern era that nobody may say reaches nobody', async () => {
  const client = house.client({ server: 'modern' })
  for (const method of ['notifications/vendor', 'notifications/initialized', 'notifications/roots/list_changed'])
    client.notify(method, { _meta: ENVELOPE })
  await pause(100)
  const { result } = (await client.request('tools/call', { name: 'heard', arguments: {}, _meta: ENVELOPE })) as {
    result: { structuredContent: { heard: { method: string }[] } }
  }
  expect(result.structuredContent.heard.map(one => one.method).filter(one => one.startsWith('notifications/'))).toEqual(
    [],
  )
})
