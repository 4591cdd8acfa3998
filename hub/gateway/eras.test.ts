import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EVERYTHING, fixture, type House, openHouse, type TestClient } from './test-house.ts'

let house: House

beforeAll(async () => {
  house = await openHouse({
    servers: {
      modern: [fixture('gateway/modern.mjs')],
      everything: [EVERYTHING, 'stdio'],
      talker: [fixture('gateway/talker.mjs')],
      asked: [fixture('gateway/modern.mjs'), 'm://asked'],
    },
    rules: [{ id: '', effect: 'allow' }],
  })
  const rule = { effect: 'ask', server: house.id('asked'), tool: 'ask' } as const
  house.policy.change({ kind: 'add-rule', rule }, 'window', 'test')
})
afterAll(async () => {
  await house?.close()
})

const NS = 'io.modelcontextprotocol'
const envelope = (capabilities: object = {}, more: object = {}) => ({
  [`${NS}/protocolVersion`]: '2026-07-28',
  [`${NS}/clientInfo`]: { name: 'era', version: '1' },
  [`${NS}/clientCapabilities`]: capabilities,
  ...more,
})
type Result = Record<string, unknown> & { content: { text: string }[] }
const modern = async (client: TestClient, method: string, params: object = {}, capabilities: object = {}) => {
  const { result, error } = await client.request(method, { ...params, _meta: envelope(capabilities) })
  return { result: result as Result, error }
}
const called = (client: TestClient, name: string, given: object = {}, more: object = {}, capabilities: object = {}) =>
  modern(client, 'tools/call', { name, arguments: given, ...more }, capabilities)
const heard = async (client: TestClient, server = 'modern') =>
  (
    (await called(client, `${server}_heard`)).result.structuredContent as {
      heard: { method: string; params: Result }[]
    }
  ).heard

test('modern client, modern server: the envelope and unknown members arrive, the result as it was', async () => {
  const client = house.client()
  const { result } = await called(client, 'modern_echo', { n: 1 }, {}, { elicitation: { form: {} } })
  expect(JSON.parse(result.content[0]!.text)).toEqual({
    given: { n: 1 },
    _meta: envelope({ elicitation: { form: {} } }),
  })
  expect(result).toMatchObject({ resultType: 'complete', 'x-kept': { deep: [1] } })
})

test('modern client, modern server alone: its own discovery and lists, member for member', async () => {
  const client = house.client({ server: 'modern' })
  const { result } = await modern(client, 'server/discover')
  expect(result).toMatchObject({ capabilities: { 'x-odd': { n: 1 } }, ttlMs: 7, cacheScope: 'public' })
  expect((await modern(client, 'tools/list')).result).toMatchObject({ ttlMs: 5, cacheScope: 'public', 'x-list': [1] })
})

test('modern client, all servers: discovery and lists are complete', async () => {
  const client = house.client()
  const { result } = await modern(client, 'server/discover')
  expect(result).toMatchObject({ resultType: 'complete', supportedVersions: ['2026-07-28'], cacheScope: 'private' })
  expect(result.instructions).toContain('Be modern.')
  const list = (await modern(client, 'tools/list')).result
  expect(list).toMatchObject({ resultType: 'complete', ttlMs: 0, cacheScope: 'private' })
  const names = (list.tools as { name: string }[]).map(tool => tool.name)
  expect(names).toEqual(expect.arrayContaining(['modern_echo', 'everything_echo']))
})

test('modern client, modern server: rounds pass with the server’s own state', async () => {
  const client = house.client()
  const first = await called(client, 'modern_ask', {}, {}, { elicitation: {} })
  expect(first.result).toMatchObject({ resultType: 'input_required', requestState: 'state:1' })
  const inputResponses = { who: { action: 'accept', content: { name: 'Ada' } } }
  const second = await called(client, 'modern_ask', {}, { inputResponses, requestState: 'state:1' })
  expect(JSON.parse(second.result.content[0]!.text)).toEqual(inputResponses.who)
})

test('a person is asked once for all rounds of one call, and again for other arguments', async () => {
  const client = house.client()
  const forms = { elicitation: {} }
  const waiting = () => house.approvals.list().filter(one => one.state.kind === 'waiting')
  const allow = async () => {
    await expect.poll(() => waiting().length, { timeout: 20_000 }).toBe(1)
    house.approvals.answer(waiting()[0]!.id, { kind: 'allow', scope: 'once' } as never, 'window:test')
  }
  const asked = called(client, 'asked_ask', {}, {}, forms)
  await allow()
  expect((await asked).result.resultType).toBe('input_required')
  const inputResponses = { who: { action: 'accept', content: {} } }
  const other = called(client, 'asked_ask', { rounds: 2 }, { inputResponses, requestState: 'state:1' }, forms)
  await expect.poll(() => waiting().length, { timeout: 20_000 }).toBe(1)
  house.approvals.answer(waiting()[0]!.id, { kind: 'deny' } as never, 'window:test')
  expect((await other).result.isError).toBe(true)
  const next = await called(client, 'asked_ask', {}, { inputResponses, requestState: 'state:1' }, forms)
  expect(next.result.content[0]!.text).toContain('accept')
  const replayed = called(client, 'asked_ask', {}, { inputResponses, requestState: 'state:1' }, forms)
  await expect.poll(() => waiting().length, { timeout: 20_000 }).toBe(1)
  house.approvals.answer(waiting()[0]!.id, { kind: 'deny' } as never, 'window:test')
  expect((await replayed).result.isError).toBe(true)
})

test('legacy client, modern server: greeted, listed in its own terms, called with an envelope', async () => {
  const client = house.client({ server: 'modern' })
  const hello = await client.initialize({ elicitation: {} })
  expect(hello.result).toMatchObject({ serverInfo: { name: 'modern' }, capabilities: { 'x-odd': { n: 1 } } })
  const { result } = (await client.request('tools/list')) as { result: Result }
  expect(result).toEqual({ tools: expect.anything(), 'x-list': [1] })
  const tools = result.tools as Record<string, { properties: Record<string, unknown> }>[]
  const list = tools.find(tool => tool.name === ('list' as never))!
  expect(list.inputSchema!.properties).toEqual({ odd: {} })
  expect(list.outputSchema).toMatchObject({ type: 'object', properties: { result: { type: 'array' } } })
  const answer = (await client.call('list', {})) as { result: Result }
  expect(answer.result).toEqual({ content: [{ type: 'text', text: '[1]' }], structuredContent: { result: [1] } })
  const echo = (await client.call('echo', {})) as { result: Result }
  expect(JSON.parse(echo.result.content[0]!.text)._meta).toEqual({
    // Forms and addresses too: where the client cannot be asked, the person is.
    ...envelope({ elicitation: { form: {}, url: {} } }),
    [`${NS}/clientInfo`]: { name: 'test', version: '1' },
  })
  expect(echo.result.resultType).toBeUndefined()
  expect((await client.call('task', {})).result).toMatchObject({ isError: true })
})

test('legacy client, modern server: what it needs is asked of the client, round after round', async () => {
  const client = house.client()
  await client.initialize({ elicitation: {} })
  const done = client.call('modern_ask', { rounds: 3 })
  for (let round = 0; round < 3; round++) {
    const question = JSON.parse(await client.next(one => one.method === 'elicitation/create')) as { id: string }
    const result = { action: 'accept', content: { name: `Ada ${round}` } }
    client.link.receive(JSON.stringify({ jsonrpc: '2.0', id: question.id, result }))
  }
  expect(JSON.stringify((await done).result)).toContain('Ada 2')
  const endless = client.call('modern_ask', { rounds: 50 })
  const answering = setInterval(() => {
    for (const one of client.messages.filter(m => m.method === 'elicitation/create'))
      client.link.receive(JSON.stringify({ jsonrpc: '2.0', id: one.id, result: { action: 'decline' } }))
  }, 20)
  expect((await endless).result).toMatchObject({ isError: true })
  clearInterval(answering)
})

test('legacy client, modern server: who cannot be asked leads to the person, and sampling is refused in words', async () => {
  const client = house.client()
  await client.initialize()
  const done = client.call('modern_ask', {})
  const open = () => house.questions.list().filter(one => one.state.kind === 'waiting')
  await expect.poll(() => open().length, { timeout: 20_000 }).toBe(1)
  await house.questions.answer(open()[0]!.id, { action: 'accept', content: { name: 'Grace' } }, 'window:test')
  expect(JSON.stringify((await done).result)).toContain('Grace')
  const refused = await client.call('modern_ask', { sample: true })
  expect(JSON.stringify(refused)).toContain('sampling/createMessage')
})

test('legacy client, modern server: subscriptions become a stream, and end as one', async () => {
  const client = house.client()
  await client.initialize()
  expect((await client.request('resources/subscribe', { uri: 'm://a' })).result).toEqual({})
  const streamed = async () =>
    (await heard(client)).filter(one => one.method === 'subscriptions/listen').at(-1)?.params.notifications
  await expect.poll(streamed, { timeout: 20_000 }).toEqual({ resourceSubscriptions: ['m://a'] })
  const told = client.next(one => one.method === 'notifications/resources/updated')
  await client.call('modern_update', { uri: 'm://a' })
  expect(JSON.parse(await told)).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/resources/updated',
    params: { uri: 'm://a', _meta: { kept: 1 } },
  })
  await client.request('resources/unsubscribe', { uri: 'm://a' })
  const before = client.frames.length
  await client.call('modern_update', { uri: 'm://a' })
  await pause(100)
  expect(client.messages.slice(before).filter(one => one.method !== undefined)).toEqual([])
})

test('modern client, legacy server: the envelope stays here, the answer is complete', async () => {
  const client = house.client()
  const { result } = await called(client, 'everything_echo', { message: 'hi' })
  expect(result).toMatchObject({ resultType: 'complete', content: [{ text: 'Echo: hi' }] })
  expect(result._meta).toHaveProperty(`${NS}/serverInfo`)
  const read = await modern(client, 'resources/read', { uri: 'demo://resource/dynamic/text/1' })
  expect(read.result).toMatchObject({ resultType: 'complete', ttlMs: 0, cacheScope: 'private' })
  await called(client, 'talker_tell', { do: 'heard' })
  const told = (await called(client, 'talker_tell', { do: 'heard' })).result.heard as {
    method: string
    params?: Result
  }[]
  expect(JSON.stringify(told.filter(one => one.method === 'tools/call'))).not.toContain(NS)
})

const elicits = (client: TestClient, more: object = {}, given: object = {}) =>
  called(client, 'everything_trigger-elicitation-request', given, more, { elicitation: { form: {} } })

test('modern client, legacy server: its question ends the request, and the next one brings the answer', async () => {
  const client = house.client()
  const { result } = await elicits(client)
  expect(result).toMatchObject({
    resultType: 'input_required',
    inputRequests: { r1: { method: 'elicitation/create' } },
  })
  const requestState = result.requestState as string
  const inputResponses = { r1: { action: 'accept', content: { name: 'Ada', check: true } } }
  const bad = async (state: string, from = client, given = {}) =>
    (await elicits(from, { inputResponses, requestState: state }, given)).error
  expect(await bad(`${requestState.slice(0, -2)}xx`)).toMatchObject({ code: -32602 })
  expect(await bad(requestState, client, { other: 1 })).toMatchObject({ code: -32602 })
  expect(await bad(requestState, house.client({ client: 'thief' }))).toMatchObject({ code: -32602 })
  // Another link of the same client has no such call.
  expect(await bad(requestState, house.client())).toMatchObject({ code: -32602 })
  const again = await elicits(client, { requestState })
  expect(again.result.resultType).toBe('input_required')
  const done = await elicits(client, { inputResponses, requestState: again.result.requestState })
  expect(done.result.resultType).toBe('complete')
  expect(JSON.stringify(done.result.content)).toContain('Ada')
  expect(await bad(again.result.requestState as string)).toMatchObject({ code: -32602 })
})

test('modern client, legacy server: a client that goes in between takes its call along', async () => {
  const client = house.client()
  await elicits(client)
  client.link.close('gone')
  const other = house.client()
  // The server is free for others' questions again.
  expect((await elicits(other)).result.resultType).toBe('input_required')
})

test('a stream tells what it was asked to, under its own id as it was written', async () => {
  const client = house.client()
  const notifications = { toolsListChanged: true, resourceSubscriptions: ['m://a', 'm://nobody'] }
  const params = JSON.stringify({ notifications, _meta: envelope() })
  const acknowledged = client.next(one => one.method === 'notifications/subscriptions/acknowledged')
  client.link.receive(`{"jsonrpc":"2.0","id":"s\\u0031","method":"subscriptions/listen","params":${params}}`)
  expect(JSON.parse(await acknowledged).params).toEqual({
    notifications: { toolsListChanged: true, resourceSubscriptions: ['m://a'] },
    _meta: { [`${NS}/subscriptionId`]: 's1' },
  })
  const streamed = async () =>
    (await heard(client)).filter(one => one.method === 'subscriptions/listen').at(-1)?.params.notifications
  await expect.poll(streamed, { timeout: 20_000 }).toEqual({ resourceSubscriptions: ['m://a'] })
  const told = client.next(one => one.method === 'notifications/resources/updated')
  await called(client, 'modern_update', { uri: 'm://a' })
  expect(JSON.parse(await told).params).toEqual({ uri: 'm://a', _meta: { [`${NS}/subscriptionId`]: 's1', kept: 1 } })
  const changed = client.next(one => one.method === 'notifications/tools/list_changed', 20_000)
  await house.registry.update(house.id('talker'), { enabled: false })
  expect(JSON.parse(await changed).params).toEqual({ _meta: { [`${NS}/subscriptionId`]: 's1' } })
  await house.registry.update(house.id('talker'), { enabled: true })
  client.notify('notifications/cancelled', { requestId: 's1' })
  const before = client.frames.length
  await called(client, 'modern_update', { uri: 'm://a' })
  await pause(100)
  expect(client.messages.slice(before).filter(one => one.method !== undefined)).toEqual([])
})

test('a stream watches nothing that policy denies', async () => {
  const rule = { effect: 'deny', client: 'barred', server: house.id('modern') } as const
  house.policy.change({ kind: 'add-rule', rule }, 'window', 'test')
  const client = house.client({ client: 'barred' })
  const params = JSON.stringify({ notifications: { resourceSubscriptions: ['m://a'] }, _meta: envelope() })
  const acknowledged = client.next(one => one.method === 'notifications/subscriptions/acknowledged')
  client.link.receive(`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":${params}}`)
  expect(JSON.parse(await acknowledged).params.notifications).toEqual({})
})

test('a task goes on at the server that made it, for the client that made it, over whichever connection it comes', async () => {
  const client = house.client()
  expect((await called(client, 'modern_task')).result).toMatchObject({ resultType: 'task', taskId: 't1' })
  expect((await modern(client, 'tasks/get', { taskId: 't1' })).result).toMatchObject({ status: 'completed' })
  client.link.close('gone')
  const again = house.client()
  expect((await modern(again, 'tasks/get', { taskId: 't1' })).result).toMatchObject({ status: 'completed' })
  const another = house.client({ client: 'another' })
  expect((await modern(another, 'tasks/get', { taskId: 't1' })).error).toMatchObject({ code: -32602 })
  const elsewhere = house.client({ server: 'talker' })
  expect(await modern(elsewhere, 'tasks/get', { taskId: 't1' })).not.toMatchObject({ result: { status: 'completed' } })
})

test('a modern call that its client takes back is taken back at the server', async () => {
  const client = house.client()
  client.link.receive(
    `{"jsonrpc":"2.0","id":"f","method":"tools/call","params":${JSON.stringify({ name: 'modern_forever', _meta: envelope() })}}`,
  )
  await expect
    .poll(async () => (await heard(client)).some(one => one.params.name === ('forever' as never)), { timeout: 20_000 })
    .toBe(true)
  client.notify('notifications/cancelled', { requestId: 'f', reason: 'enough' })
  const cancels = async () =>
    (await heard(client)).filter(one => one.method === 'notifications/cancelled').at(-1)?.params
  await expect.poll(cancels, { timeout: 20_000 }).toMatchObject({ reason: 'enough' })
})
