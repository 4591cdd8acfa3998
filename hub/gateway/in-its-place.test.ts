import { afterAll, beforeAll, expect, test } from 'vitest'
import { fixture, type House, openHouse, type TestClient } from './test-house.ts'

let house: House

beforeAll(async () => {
  house = await openHouse({
    servers: { asker: [fixture('gateway/modern-asker.mjs')], modern: [fixture('gateway/modern.mjs')] },
    rules: [{ id: '', effect: 'allow' }],
  })
})
afterAll(async () => {
  await house?.close()
})

const NS = 'io.modelcontextprotocol'
const envelope = (capabilities: object) => ({
  [`${NS}/protocolVersion`]: '2026-07-28',
  [`${NS}/clientInfo`]: { name: 'quiet', version: '1' },
  [`${NS}/clientCapabilities`]: capabilities,
})
const call = (client: TestClient, name: string, given: object = {}, capabilities: object = {}, more: object = {}) =>
  client.request('tools/call', { name, arguments: given, ...more, _meta: envelope(capabilities) })

async function answerAs(name: string) {
  const waiting = () => house.questions.list().filter(one => one.state.kind === 'waiting')
  await expect.poll(() => waiting().length, { timeout: 30_000, interval: 20 }).toBe(1)
  const [question] = waiting()
  house.questions.answer(question!.id, { action: 'accept', content: { name } }, 'window:test')
  return question!
}

test('what a modern server asks of a client that cannot be asked, the person answers; the call goes on', async () => {
  const client = house.client()
  const answer = call(client, 'asker_ask')
  const question = await answerAs('me')
  expect(question.server.name).toBe('asker')
  const { result } = await answer
  expect(result).toMatchObject({ resultType: 'complete' })
  const text = (result as { content: { text: string }[] }).content[0]!.text
  const said = { state: 'as it was', answer: { action: 'accept', content: { name: 'me' } } }
  expect(JSON.parse(text)).toMatchObject(said)
})

test('a client that declared forms is asked itself, and the server hears its capabilities as they are', async () => {
  const client = house.client()
  const asked = await call(client, 'modern_ask', {}, { elicitation: {} })
  expect(asked.result).toMatchObject({ resultType: 'input_required', requestState: 'state:1' })
  const heard = await call(client, 'modern_echo', {}, { elicitation: {}, x: 1 })
  const said = JSON.parse((heard.result as { content: { text: string }[] }).content[0]!.text)
  expect(said._meta[`${NS}/clientCapabilities`]).toEqual({ elicitation: {}, x: 1 })
  expect(house.questions.list().filter(one => one.state.kind === 'waiting')).toEqual([])
})

test('a client that goes takes its question along', async () => {
  const client = house.client()
  void call(client, 'asker_ask').catch(() => {})
  const waiting = () => house.questions.list().filter(one => one.state.kind === 'waiting').length
  await expect.poll(waiting, { timeout: 30_000 }).toBe(1)
  client.link.close('gone')
  await expect.poll(waiting, { timeout: 30_000 }).toBe(0)
})

test('what is not for the person stays with the client: a model it did not offer ends nothing here', async () => {
  const asked = await call(house.client(), 'modern_ask', { sample: true })
  expect(asked.result).toMatchObject({ resultType: 'input_required' })
})
