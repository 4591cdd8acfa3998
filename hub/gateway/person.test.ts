import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { PersonAnswer, PersonQuestion } from '../../contract/questions.ts'
import type { Link } from './gateway.ts'
import { EVERYTHING, fixture, type House, openHouse, type TestClient } from './test-house.ts'

let house: House

beforeAll(async () => {
  house = await openHouse({
    servers: { everything: [EVERYTHING, 'stdio'], asker: [fixture('gateway/asker.mjs')] },
    rules: [{ id: '', effect: 'allow' }],
    redact: text => text.replaceAll('hunter2', '•••'),
  })
})
afterAll(async () => {
  await house?.close()
})

const FORM = {
  message: 'Who are you?',
  requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
}
const ask = (client: TestClient, args: object) => client.call('asker_ask', args)
const answersOf = (message: { result?: unknown }) =>
  JSON.parse((message.result as { content: { text: string }[] }).content[0]!.text) as unknown[]

async function waiting(count = 1): Promise<PersonQuestion[]> {
  const list = () => house.questions.list().filter(one => one.state.kind === 'waiting')
  await expect.poll(() => list().length, { timeout: 30_000, interval: 20 }).toBe(count)
  return list()
}
const answer = async (it: PersonAnswer) => house.questions.answer((await waiting())[0]!.id, it, 'window:test')

/** An SDK 1.x client on a link of its own. */
async function sdk(capabilities: object, client = 'sdk') {
  const transport = {
    onmessage: undefined as ((message: never) => void) | undefined,
    onclose: undefined as (() => void) | undefined,
    link: undefined as Link | undefined,
    async start() {
      const send = (text: string) => void setImmediate(() => this.onmessage?.(JSON.parse(text) as never))
      this.link = house.gateway.link({ client, title: 'SDK', kind: 'bridge', send })
    },
    async send(message: unknown) {
      this.link!.receive(JSON.stringify(message))
    },
    async close() {
      this.link!.close('closed')
      this.onclose?.()
    },
  }
  const it = new Client1({ name: 'one', version: '1' }, { capabilities })
  await it.connect(transport as never)
  return it
}

test('a real server asks a client that cannot be asked: the person fills in the form, the call gets it', async () => {
  const client = await sdk({})
  const result = client.callTool({ name: 'everything_trigger-elicitation-request', arguments: {} })
  const [question] = await waiting()
  expect(question).toMatchObject({ server: { name: 'everything' }, clients: [{ id: 'sdk', title: 'SDK' }] })
  const { asked } = question!
  expect(asked.kind === 'form' && asked.fields.map(field => field.input.kind)).toEqual(
    expect.arrayContaining(['text', 'number', 'yes-no', 'choice']),
  )
  await answer({ action: 'accept', content: { name: 'Grace Hopper', check: true } })
  expect(JSON.stringify((await result).content)).toContain('Grace Hopper')
  await client.close()
})

test('a client that can be asked is asked itself, and the person is not', async () => {
  const client = await sdk({ elicitation: {} })
  client.setRequestHandler(ElicitRequestSchema, async () => ({ action: 'accept', content: { name: 'Ada' } }))
  const { content } = await client.callTool({ name: 'everything_trigger-elicitation-request', arguments: {} })
  expect(JSON.stringify(content)).toContain('Ada')
  await client.close()
  expect(await waiting(0)).toEqual([])
})

test('a client that knows forms and no addresses: the person is asked to visit one', async () => {
  const client = house.client()
  const hello = await client.initialize({ elicitation: {} })
  expect(hello.result).toBeDefined()
  const params = { mode: 'url', message: 'Sign in', url: 'https://login.example.com/', elicitationId: 'e' }
  const result = ask(client, { params })
  expect((await waiting())[0]!.asked).toMatchObject({ kind: 'url', host: 'login.example.com' })
  await answer({ action: 'accept' })
  expect(answersOf(await result)).toEqual([{ action: 'accept' }])
})

test('servers hear that both forms and addresses can be asked for', () => {
  const { initialize } = house.supervisor.listing(house.id('asker'))!
  expect(JSON.parse(JSON.parse(initialize).instructions).elicitation).toEqual({ form: {}, url: {} })
})

test.each(['decline', 'cancel'] as const)('%s reaches the server', async action => {
  const client = house.client()
  await client.initialize()
  const result = ask(client, { params: FORM })
  await answer({ action })
  expect(answersOf(await result)).toEqual([{ action }])
})

test('the client cancels its call: the question is gone, and a late answer counts for nothing', async () => {
  const client = house.client()
  await client.initialize()
  client.link.receive(
    JSON.stringify({
      jsonrpc: '2.0',
      id: 'c1',
      method: 'tools/call',
      params: { name: 'asker_ask', arguments: { params: FORM } },
    }),
  )
  const [question] = await waiting()
  client.notify('notifications/cancelled', { requestId: 'c1' })
  await waiting(0)
  expect(() => house.questions.answer(question!.id, { action: 'decline' }, 'w')).toThrow('taken back')
  expect(house.questions.list().find(one => one.id === question!.id)?.state).toMatchObject({
    kind: 'withdrawn',
    why: 'The call of Tester ended.',
  })
})

test('another call of the same client, begun later, does not keep it alive', async () => {
  const client = house.client()
  await client.initialize()
  const call = { name: 'asker_ask', arguments: { params: FORM } }
  client.link.receive(JSON.stringify({ jsonrpc: '2.0', id: 'c2', method: 'tools/call', params: call }))
  await waiting()
  const slow = client.call('asker_wait', { ms: 2_000 })
  await new Promise(resolve => setTimeout(resolve, 100))
  client.notify('notifications/cancelled', { requestId: 'c2' })
  await waiting(0)
  await slow
})

test('while a question waits, a client that asked for progress is told so every 10 s, and never less than before', async () => {
  const client = house.client()
  await client.initialize()
  const heard = () =>
    client.frames
      .map(frame => JSON.parse(frame))
      .filter(({ method }) => method === 'notifications/progress')
      .map(({ params }) => params as { progress: number; message?: string })
  const turns = async (until: () => boolean) => {
    for (let n = 0; n < 1_500 && !until(); n++) await new Promise(resolve => setTimeout(resolve, 20))
  }
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const result = client.call('asker_ask', { params: FORM, progress: 3 }, { _meta: { progressToken: 'beat' } })
    await turns(() => house.questions.list().some(one => one.state.kind === 'waiting'))
    vi.advanceTimersByTime(20_000)
    expect(heard().map(({ progress }) => progress)).toEqual([3, 3.000001, 3.000002])
    expect(heard().at(-1)?.message).toBe('A question of the server waits in Gatehouse')
    const { id } = house.questions.list().find(one => one.state.kind === 'waiting')!
    house.questions.answer(id, { action: 'decline' }, 'window:test')
    await result
    vi.advanceTimersByTime(60_000)
    expect(heard()).toHaveLength(3)
  } finally {
    vi.useRealTimers()
  }
})

test('the client goes away: so does its question', async () => {
  const client = house.client()
  await client.initialize()
  void ask(client, { params: FORM }).catch(() => {})
  await waiting()
  client.link.close('gone')
  await waiting(0)
})

test('the server takes its question back', async () => {
  const client = house.client()
  await client.initialize()
  const result = ask(client, { params: FORM, takeBack: true })
  expect(answersOf(await result)).toEqual([{ action: 'cancel' }])
  expect(house.questions.list()[0]?.state).toMatchObject({ why: 'asker took its question back.' })
})

test('calls of two clients are in flight: the person sees both names and may answer; a client is never guessed', async () => {
  const [one, two] = [house.client(), house.client({ client: 'second', title: 'Second' })]
  await one.initialize({ elicitation: {} })
  await two.initialize({ elicitation: {} })
  const slow = two.call('asker_wait', { ms: 3_000 })
  await new Promise(resolve => setTimeout(resolve, 100))
  const result = ask(one, { params: FORM })
  expect((await waiting())[0]!.clients.map(c => c.title).sort()).toEqual(['Second', 'Tester'])
  await answer({ action: 'accept', content: { name: 'Ada' } })
  expect(answersOf(await result)).toEqual([{ action: 'accept', content: { name: 'Ada' } }])
  expect([...one.messages, ...two.messages].filter(m => m.method === 'elicitation/create')).toEqual([])
  await slow
})

test('the inspector’s and the command line’s calls are answered by the person', async () => {
  for (const as of ['inspector', 'cli'] as const) {
    const outcome = house.gateway.call({
      as,
      server: 'asker',
      tool: 'ask',
      arguments: JSON.stringify({ params: FORM }),
    })
    expect((await waiting())[0]!.clients[0]!.id).toBe(as)
    await answer({ action: 'accept', content: { name: 'Ada' } })
    expect((await outcome).result).toContain('Ada')
  }
})

test('sampling: refused with words, unless the person may speak for a model', async () => {
  const client = house.client()
  await client.initialize()
  const messages = [{ role: 'user', content: { type: 'text', text: 'What is hunter2?' } }]
  const args = { method: 'sampling/createMessage', params: { messages, maxTokens: 10 } }
  expect(answersOf(await ask(client, args))).toEqual([
    { error: { code: -32601, message: 'Tester does not offer sampling, and Gatehouse has no model of its own.' } },
  ])
  const notice = house.questions.list().find(one => one.state.kind === 'refused')
  expect(notice).toMatchObject({ server: { name: 'asker' }, asked: { messages: [{ text: 'What is •••?' }] } })
  await house.registry.update(house.id('asker'), { sampling: 'person' })
  const result = ask(client, args)
  await answer({ action: 'accept', text: 'A password, I think.' })
  expect(answersOf(await result)).toMatchObject([{ role: 'assistant', content: { text: 'A password, I think.' } }])
  const refused = ask(client, args)
  await answer({ action: 'decline' })
  expect(answersOf(await refused)).toMatchObject([{ error: { code: -1 } }])
})

test('roots are not a person’s matter', async () => {
  const client = house.client()
  await client.initialize()
  expect(answersOf(await ask(client, { method: 'roots/list', params: {} }))).toMatchObject([
    { error: { message: 'Tester does not offer roots.' } },
  ])
})

test('what a person typed is in no record and in no frame that is kept', async () => {
  const client = house.client()
  await client.initialize()
  const result = ask(client, { params: FORM })
  await answer({ action: 'accept', content: { name: 'zanzibar-7731' } })
  expect(answersOf(await result)).toEqual([{ action: 'accept', content: { name: 'zanzibar-7731' } }])
  const toServer = house.gateway.wire(500).filter(frame => frame.from === 'Gatehouse' && frame.to === 'asker')
  expect(toServer.some(frame => frame.text.includes('typed in the window'))).toBe(true)
  expect(JSON.stringify(toServer)).not.toContain('zanzibar')
  expect(JSON.stringify([await house.rows(), house.questions.list()])).not.toContain('zanzibar')
  const rows = (await house.rows()).filter(row => row.event?.what === 'question/asked')
  expect(rows.at(-1)?.event).toMatchObject({ server: house.id('asker'), client: 'tester', detail: 'fields: name' })
})

test('a thousand questions of one call: twenty wait, the others are refused, the hub answers others meanwhile', async () => {
  const client = house.client()
  await client.initialize()
  const messages = { params: FORM, times: 1_000, different: true }
  const result = ask(client, messages)
  const open = await waiting(20)
  expect((await client.request('ping')).result).toEqual({})
  for (const { id } of open) house.questions.answer(id, { action: 'decline' }, 'w')
  const said = answersOf(await result)
  expect(said.filter(one => JSON.stringify(one).includes('more than a person can answer')).length).toBe(980)
  expect(said.filter(one => JSON.stringify(one) === '{"action":"decline"}').length).toBe(20)
})

test.each([
  [
    'a form 20,000 deep',
    `{"message":"x","requestedSchema":{"type":"object","properties":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}}`,
  ],
  [
    'a half character in a name',
    '{"message":"x","requestedSchema":{"type":"object","properties":{"\\ud800":{"type":"string"}}}}',
  ],
  ['params that are a text', '"x"'],
  ['three megabytes', JSON.stringify({ ...FORM, message: 'x'.repeat(3_000_000) })],
  ['an address of another kind', '{"mode":"url","message":"x","url":"javascript:alert(1)","elicitationId":"e"}'],
])('%s is answered with an error, and nothing waits', async (_, raw) => {
  // The minute of the flood is over for a server of another name only.
  const other = await openHouse({
    servers: { asker: [fixture('gateway/asker.mjs')] },
    rules: [{ id: '', effect: 'allow' }],
  })
  try {
    const client = other.client()
    await client.initialize()
    const said = answersOf(await client.call('asker_ask', { raw }))
    expect(said).toMatchObject([{ error: { code: -32602 } }])
    expect(other.questions.list()).toEqual([])
  } finally {
    await other.close()
  }
})

test('a server of the modern era asks for a client that cannot be asked: the person answers, the server gets its state back', async () => {
  const other = await openHouse({
    servers: { modern: [fixture('gateway/modern-asker.mjs')] },
    rules: [{ id: '', effect: 'allow' }],
  })
  try {
    const client = other.client()
    await client.initialize()
    const result = client.call('modern_ask')
    await expect.poll(() => other.questions.list().length, { timeout: 30_000 }).toBe(1)
    const [question] = other.questions.list()
    expect(question).toMatchObject({ server: { name: 'modern' }, clients: [{ title: 'Tester' }] })
    other.questions.answer(question!.id, { action: 'accept', content: { name: 'zanzibar-9921' } }, 'window:test')
    expect(answersOf(await result)).toEqual({
      offered: { elicitation: { form: {}, url: {} } },
      state: 'as it was',
      answer: { action: 'accept', content: { name: 'zanzibar-9921' } },
    })
    const sent = other.gateway.wire(500).filter(frame => frame.from === 'Gatehouse' && frame.to === 'modern')
    expect(JSON.stringify([sent, await other.rows()])).not.toContain('zanzibar')
  } finally {
    await other.close()
  }
})
