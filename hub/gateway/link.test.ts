import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WireFrame } from '../../contract/calls.ts'
import { fixture, type House, openHouse } from './test-house.ts'

let house: House
const SECRET = 'hunter2-hunter2'
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

beforeAll(async () => {
  house = await openHouse({
    servers: {
      talker: [fixture('gateway/talker.mjs')],
      other: [fixture('gateway/talker.mjs')],
      'My Notes': [fixture('servers/normal.mjs')],
    },
    trust: ['talker'],
    rules: [
      { id: '', effect: 'allow', tool: '*' },
      { id: '', effect: 'allow', tool: '*/*' },
    ],
    redact: text => text.replaceAll(SECRET, '«secret»'),
  })
})

afterAll(async () => {
  await house?.close()
})

/** A call said to be `as` something is with its server. */
const reached = (client: ReturnType<House['client']>, as: string) =>
  expect.poll(async () => (await tell(client, { do: 'calls' })).result).toEqual({ calls: expect.arrayContaining([as]) })
const tell = (client: ReturnType<House['client']>, args: object, server = 'talker') =>
  client.call(`${server}_tell`, args)

test('before and after initialize: ping, unknown methods and the modern era get right answers', async () => {
  const client = house.client()
  expect(await client.request('ping')).toMatchObject({ result: {} })
  const version = 'io.modelcontextprotocol/protocolVersion'
  const capabilities = { 'io.modelcontextprotocol/clientCapabilities': {} }
  const discover = (_meta: object) => client.request('server/discover', { _meta })
  const supported = ['2026-07-28']
  expect((await discover({ [version]: '2030-01-01', ...capabilities })).error).toMatchObject({
    code: -32022,
    data: { supported, requested: '2030-01-01' },
  })
  expect((await discover({ [version]: '2026-07-28' })).error).toMatchObject({ code: -32602 })
  expect((await discover({})).error).toMatchObject({ code: -32602 })
  expect((await discover({ [version]: '2026-07-28', ...capabilities })).result).toMatchObject({
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
  })
  const removed = await client.request('ping', { _meta: { [version]: '2026-07-28', ...capabilities } })
  expect(removed.error).toMatchObject({ code: -32601 })
  await client.initialize()
  expect((await client.request('vendor/thing')).error).toMatchObject({ code: -32601 })
  expect((await client.call('nobody_nothing')).error).toMatchObject({
    code: -32602,
    message: 'Unknown tool: nobody_nothing',
  })
  expect((await client.request('tools/call', { name: 'talker_tell', arguments: [] })).error).toMatchObject({
    code: -32602,
  })
  expect((await client.request('tools/list', { cursor: 'made up' })).error).toMatchObject({ code: -32602 })
})

test.each([
  ['2024-11-05', '2024-11-05'],
  ['2025-06-18', '2025-06-18'],
  ['2026-07-28', '2025-11-25'],
  ['1999-01-01', '2025-11-25'],
])('a client that asks for %s gets %s', async (asked, got) => {
  expect(
    (await house.client().request('initialize', { protocolVersion: asked, capabilities: {} })).result,
  ).toMatchObject({ protocolVersion: got })
})

test('lists come from listings, cold servers included; one that was stopped is not in them', async () => {
  const client = house.client()
  await client.initialize()
  const names = async () =>
    ((await client.request('tools/list')).result as { tools: { name: string }[] }).tools.map(t => t.name)
  expect(await names()).toEqual(expect.arrayContaining(['talker_tell', 'other_tell', 'my-notes_echo']))
  await house.supervisor.stop(house.id('other'))
  const changed = client.next(m => m.method === 'notifications/tools/list_changed')
  expect(await names()).not.toContain('other_tell')
  expect(JSON.stringify((await client.call('other_tell')).result)).toContain('other cannot be reached')
  await house.supervisor.start(house.id('other'))
  await changed
  expect(await names()).toContain('other_tell')
})

test('a list that changes many times is told at most once a second, and only when it differs', async () => {
  const client = house.client()
  await client.initialize()
  const from = client.frames.length
  for (let n = 0; n < 3; n++) {
    await tell(client, { do: 'grow', by: 1 })
    await pause(300)
  }
  await pause(2_500)
  const told = client.messages.slice(from).filter(m => m.method?.endsWith('list_changed'))
  expect(told.length).toBeGreaterThanOrEqual(1)
  expect(told.length).toBeLessThanOrEqual(3)
  expect(new Set(told.map(m => m.method))).toEqual(new Set(['notifications/tools/list_changed']))
})

test('a cancelled call is cancelled on its server and not answered', async () => {
  const client = house.client()
  await client.initialize()
  client.link.receive(
    '{"jsonrpc":"2.0","id":"c\\u0061","method":"tools/call","params":{"name":"talker_tell","arguments":{"do":"hang","as":"cancelled"}}}',
  )
  await reached(client, 'cancelled')
  client.notify('notifications/cancelled', { requestId: 'ca', reason: 'changed my mind' })
  const { result } = await tell(client, { do: 'heard' })
  const heard = (result as { heard: { method: string; params: object }[] }).heard.at(-1)
  expect(heard).toMatchObject({ method: 'notifications/cancelled', params: { reason: 'changed my mind' } })
  expect(client.messages.some(m => m.id === 'ca')).toBe(false)
})

test('a client that disconnects cancels what it left running', async () => {
  const [leaver, stayer] = [house.client(), house.client()]
  await leaver.initialize()
  await stayer.initialize()
  leaver.link.receive(
    '{"jsonrpc":"2.0","id":1001,"method":"tools/call","params":{"name":"talker_tell","arguments":{"do":"hang","as":"left"}}}',
  )
  await reached(stayer, 'left')
  leaver.link.close('gone')
  const last = async () =>
    ((await tell(stayer, { do: 'heard' })).result as { heard: { method: string }[] }).heard.at(-1)?.method
  await expect.poll(last).toBe('notifications/cancelled')
})

test('answers go only to the client they belong to, and so do its messages', async () => {
  const [one, two] = [house.client(), house.client({ client: 'second', title: 'Second' })]
  await one.initialize()
  await two.initialize()
  await tell(one, { do: 'heard' })
  await tell(two, { do: 'heard' })
  const from = two.frames.length
  await tell(one, { do: 'log', level: 'info', data: 'private' })
  await pause(100)
  expect(one.frames.some(f => f.includes('private'))).toBe(true)
  expect(two.frames.slice(from)).toEqual([])
})

test('messages below the level asked for stay away', async () => {
  const client = house.client()
  await client.initialize()
  expect((await client.request('logging/setLevel', { level: 'loud' })).error).toMatchObject({ code: -32602 })
  await client.request('logging/setLevel', { level: 'warning' })
  await tell(client, { do: 'log', level: 'info', data: 'quiet one' })
  await tell(client, { do: 'log', level: 'error', data: 'loud one' })
  await pause(100)
  expect(client.frames.some(f => f.includes('quiet one'))).toBe(false)
  expect(client.frames.some(f => f.includes('loud one'))).toBe(true)
})

test('two clients watch one resource: the server is told once each way, both hear of it', async () => {
  const clients = [house.client(), house.client()]
  for (const client of clients) {
    await client.initialize()
    expect((await client.request('resources/subscribe', { uri: 'talk://a' })).error).toBeDefined()
  }
  await house.supervisor.stop(house.id('other'))
  await pause(50)
  for (const client of clients)
    expect((await client.request('resources/subscribe', { uri: 'talk://a' })).result).toEqual({})
  await tell(clients[0]!, { do: 'update', uri: 'talk://a' })
  await tell(clients[0]!, { do: 'update', uri: 'talk://unwatched' })
  await pause(100)
  for (const client of clients)
    expect(client.messages.filter(m => m.method === 'notifications/resources/updated').length).toBe(1)
  await clients[0]!.request('resources/unsubscribe', { uri: 'talk://a' })
  const heard = async () =>
    ((await tell(clients[1]!, { do: 'heard' })).result as { heard: { method: string }[] }).heard.map(h => h.method)
  expect((await heard()).filter(m => m === 'resources/subscribe').length).toBe(1)
  expect((await heard()).filter(m => m === 'resources/unsubscribe').length).toBe(0)
  const third = house.client()
  await third.initialize()
  clients[1]!.link.close('gone')
  const said = async () =>
    ((await tell(third, { do: 'heard' })).result as { heard: { method: string }[] }).heard.map(h => h.method)
  await expect.poll(async () => (await said()).filter(m => m === 'resources/unsubscribe').length).toBe(1)
  await house.supervisor.start(house.id('other'))
})

test('a resource that two servers offer is not guessed', async () => {
  const client = house.client()
  await client.initialize()
  const { error } = await client.request('resources/read', { uri: 'shared://x' })
  expect(error).toMatchObject({
    code: -32602,
    message: expect.stringContaining('More than one server offers shared://x: talker, other'),
  })
  expect((await client.request('resources/read', { uri: 'nobody://x' })).error).toMatchObject({ code: -32002 })
})

test('a server’s question reaches its client under an id of ours, progress goes back, the answer under the server’s own', async () => {
  const client = house.client()
  await client.initialize({ sampling: {} })
  const asked = client.next(m => m.method === 'sampling/createMessage')
  const answer = tell(client, { do: 'ask', method: 'sampling/createMessage' })
  const question = JSON.parse(await asked)
  expect(question.params).toMatchObject({ n: 1, _meta: { progressToken: question.id } })
  client.notify('notifications/progress', { progressToken: question.id, progress: 1 })
  await pause(50)
  client.link.receive(`{"id":${JSON.stringify(question.id)},"result":{"n":9007199254740993},"jsonrpc":"2.0"}`)
  const said = JSON.stringify((await answer).result)
  expect(said).toContain('q\\\\\\"1')
  const { result } = await tell(client, { do: 'heard' })
  expect((result as { heard: object[] }).heard.at(-1)).toMatchObject({
    method: 'notifications/progress',
    params: { progressToken: 7 },
  })
})

test('a server’s question is refused where two clients’ calls are in flight, or the client does not offer it', async () => {
  const [one, two] = [house.client(), house.client({ client: 'second', title: 'Second' })]
  await one.initialize({ sampling: {} })
  await two.initialize({ sampling: {} })
  const params = { name: 'talker_tell', arguments: { do: 'hang', as: 'slow' } }
  two.link.receive(JSON.stringify({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params }))
  await reached(one, 'slow')
  expect(JSON.stringify((await tell(one, { do: 'ask', method: 'sampling/createMessage' })).result)).toContain(
    'it cannot be told whom',
  )
  two.notify('notifications/cancelled', { requestId: 'slow' })
  expect(JSON.stringify((await tell(one, { do: 'ask', method: 'roots/list' })).result)).toContain(
    'does not offer roots',
  )
  expect(JSON.stringify((await tell(one, { do: 'ask', method: 'vendor/ask' })).result)).toContain(
    'does not pass vendor/ask on',
  )
  expect(two.messages.some(m => m.method === 'sampling/createMessage')).toBe(false)
})

test('a question that the server takes back is taken back at the client', async () => {
  const client = house.client()
  await client.initialize({ elicitation: {} })
  const asked = client.next(m => m.method === 'elicitation/create')
  const taken = client.next(m => m.method === 'notifications/cancelled')
  const answer = tell(client, { do: 'unask' })
  expect(JSON.parse(await taken).params.requestId).toBe(JSON.parse(await asked).id)
  expect(JSON.stringify((await answer).result)).toContain('Taken back')
})

test('a server that dies in a call: the client is told that it ended, and the next call finds it again', async () => {
  const client = house.client()
  await client.initialize()
  expect((await tell(client, { do: 'die' })).error).toMatchObject({
    code: -32603,
    message: expect.stringContaining('ended before it answered'),
  })
  await expect
    .poll(async () => (await tell(client, { do: 'heard' })).result !== undefined, { timeout: 15_000, interval: 500 })
    .toBe(true)
})

test('one client has at most 20 links; an id in use is refused; so are too many requests', async () => {
  const links = Array.from({ length: 20 }, () => house.client({ client: 'greedy', title: 'Greedy' }))
  expect(() => house.client({ client: 'greedy', title: 'Greedy' })).toThrow('Greedy has 20 connections already')
  expect(() => house.client({ server: 'nobody' })).toThrow('There is no server')
  links[0]!.link.close('done')
  house.client({ client: 'greedy', title: 'Greedy' })
  const client = links[1]!
  await client.initialize()
  for (let n = 0; n < 1_002; n++)
    client.link.receive(
      `{"jsonrpc":"2.0","id":${2_000 + n},"method":"tools/call","params":{"name":"talker_tell","arguments":{"do":"hang"}}}`,
    )
  client.link.receive('{"jsonrpc":"2.0","id":2000,"method":"ping"}')
  await expect.poll(() => client.messages.filter(m => m.error).length).toBe(3)
  expect(client.messages.filter(m => m.error).map(m => [m.id, m.error!.code])).toEqual([
    [3_000, -32000],
    [3_001, -32000],
    [2_000, -32600],
  ])
  for (const link of links) link.link.close('done')
})

test('calls from the command line and the inspector take the same way; their results have no secrets of ours', async () => {
  const server = house.id('talker')
  const called = await house.gateway.call({
    as: 'cli',
    server,
    tool: 'tell',
    arguments: `{"do":"log","level":"info","data":"x"}`,
  })
  expect(called).toMatchObject({ kind: 'result', result: '{}' })
  const notes = house.id('My Notes')
  const echoed = await house.gateway.call({
    as: 'inspector',
    server: notes,
    tool: 'echo',
    arguments: `{\n"s":"${SECRET}"}`,
  })
  expect(echoed.result).toContain('«secret»')
  expect(echoed.result).not.toContain(SECRET)
  const rows = (await house.rows())
    .filter(r => r.event?.correlation === echoed.correlation)
    .map(r => [r.event?.what, r.event?.client])
  expect(rows).toEqual([
    ['call/allowed', 'inspector'],
    ['call/ended', 'inspector'],
  ])
  expect(await house.gateway.call({ as: 'cli', server, tool: 'none', arguments: '{}' })).toMatchObject({
    kind: 'protocol-error',
  })
  expect(() => house.gateway.call({ as: 'cli', server, tool: 'tell', arguments: '[1]' })).toThrow('one JSON object')
  expect(await house.gateway.call({ as: 'cli', server, tool: 'tell', arguments: '{"a":1,"a":2}' })).toMatchObject({
    kind: 'protocol-error',
    result: expect.stringContaining('twice'),
  })
  expect(await house.gateway.readResource({ as: 'inspector', server, uri: 'talk://a' })).toMatchObject({
    kind: 'result',
  })
  const stop = new AbortController()
  const hung = house.gateway.call({
    as: 'inspector',
    server,
    tool: 'tell',
    arguments: '{"do":"hang"}',
    signal: stop.signal,
  })
  setTimeout(() => stop.abort(), 100)
  await expect(hung).rejects.toThrow('cancelled')
})

test('the wire shows both sides of the gate under one correlation, without secrets, as it happens', async () => {
  const client = house.client()
  await client.initialize()
  const seen: WireFrame[] = []
  const listen = (frames: WireFrame[]) => void seen.push(...frames)
  house.announcer.on('wire/frames', listen)
  await client.call('my-notes_echo', { s: SECRET })
  await expect.poll(() => seen.filter(f => f.kind === 'result').length).toBeGreaterThanOrEqual(2)
  house.announcer.off('wire/frames', listen)
  const call = seen.find(f => f.method === 'tools/call')!
  const whole = seen.filter(f => f.correlation === call.correlation)
  expect(whole.map(f => [f.from, f.to, f.kind])).toEqual([
    ['Tester', 'Gatehouse', 'request'],
    ['Gatehouse', 'My Notes', 'request'],
    ['My Notes', 'Gatehouse', 'result'],
    ['Gatehouse', 'Tester', 'result'],
  ])
  expect(JSON.stringify(house.gateway.wire(2_000))).not.toContain(SECRET)
  expect(house.gateway.wire(3).length).toBe(3)
  expect(whole.every(f => f.bytes > 0)).toBe(true)
})

test('tools, listings, statistics and links say what is', async () => {
  const tools = house.gateway.tools(house.id('talker'))
  expect(tools[0]).toMatchObject({
    server: 'talker',
    name: 'tell',
    exposedAs: 'talker_tell',
    effect: 'allow',
    risk: 'unknown',
  })
  expect(tools[0]!.tokens).toBeGreaterThan(5)
  expect(house.gateway.listing('My Notes')).toMatchObject({
    prompts: [{ name: 'greet' }],
    resources: [{ uri: 'note://one' }],
  })
  const stats = house.gateway.stats(house.id('talker'))
  expect(stats.calls.length).toBe(12)
  expect(stats.calls.at(-1)! + stats.calls.at(-2)!).toBeGreaterThan(10)
  expect(stats.seenBy).toEqual(expect.arrayContaining(['tester', 'second', 'cli']))
  expect(stats.p95Ms).toBeGreaterThan(0)
  expect(house.gateway.callsPerMinute()).toBeGreaterThan(10)
  const client = house.client({ client: 'shown', title: 'Shown' })
  await client.initialize()
  expect(house.gateway.links().find(l => l.client === 'shown')).toMatchObject({
    title: 'Shown',
    says: 'test 1',
    protocolVersion: '2025-11-25',
    calls: 0,
  })
  expect(house.gateway.explain({ server: 'talker', tool: 'tell', arguments: '{}', client: 'x' })).toMatchObject({
    effect: 'allow',
    rule: { id: '1' },
  })
})
