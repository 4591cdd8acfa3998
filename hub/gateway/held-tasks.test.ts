// A call that waits for a person, for a client of the SDK 2.x that knows tasks: it gets a task and never has to repeat itself.

import { Client } from '@modelcontextprotocol/client'
import {
  createTaskSessionFromClient,
  resultFromTaskOutcome,
  type TaskEnabledSession,
} from '@modelcontextprotocol/ext-tasks/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Link } from './gateway.ts'
import { fixture, type House, openHouse } from './test-house.ts'

const TASKS = 'io.modelcontextprotocol/tasks'
const slept = { ms: 0 }
const clocks = { wall: () => Date.now() + slept.ms, steady: () => performance.now() + slept.ms }
let house: House
/** Where a client is never made to wait so long that it gets a task. */
let patient: House

beforeAll(async () => {
  patient = await openHouse({ servers: { dual: [fixture('gateway/sdk2.mjs')] } })
  house = await openHouse({
    servers: {
      dual: [fixture('gateway/sdk2.mjs')],
      own: [fixture('gateway/modern.mjs')],
      talker: [fixture('gateway/talker.mjs')],
    },
    clocks,
    // Half a second stands for the 50 s after which a client is told to repeat its call.
    instead: () => ({ holding: { clientMs: 500, heartbeatMs: 100 } }),
  })
})
afterAll(async () => {
  await house?.close()
  await patient?.close()
})

interface TaskClient {
  session: TaskEnabledSession
  link: () => Link
  /** All that came, with what was asked for by hand. */
  heard: { id?: string; method?: string; result?: { resultType?: string; status?: string } }[]
  raw: (method: string, params: object) => Promise<{ result?: Record<string, unknown>; error?: { code: number } }>
  close(): Promise<void>
}

async function openTasks(name: string, at = house): Promise<TaskClient> {
  const framing = {
    protocolVersion: '2026-07-28',
    clientInfo: { name, version: '2' },
    clientCapabilities: { elicitation: { form: {} } },
  }
  const client = new Client(framing.clientInfo, {
    capabilities: { ...framing.clientCapabilities, extensions: { [TASKS]: {} } },
    versionNegotiation: { mode: { pin: '2026-07-28' } },
  })
  const waiting = new Map<string, (message: never) => void>()
  const heard: TaskClient['heard'] = []
  let link: Link
  const transport = {
    onmessage: undefined as ((message: never) => void) | undefined,
    onclose: undefined as (() => void) | undefined,
    async start() {
      const send = (text: string) =>
        void setImmediate(() => {
          const message = JSON.parse(text) as { id?: string }
          heard.push(message)
          const mine = waiting.get(String(message.id))
          if (mine) mine(message as never)
          else transport.onmessage?.(message as never)
        })
      link = at.gateway.link({ client: name, title: name, kind: 'bridge', send })
    },
    send: async (message: unknown) => link.receive(JSON.stringify(message)),
    async close() {
      link.close('closed')
      transport.onclose?.()
    },
  }
  await client.connect(transport as never)
  let n = 0
  const dispatch = (request: object) =>
    new Promise<never>(resolve => {
      const id = `raw-${n++}`
      waiting.set(id, resolve)
      link.receive(JSON.stringify({ ...request, jsonrpc: '2.0', id }))
    })
  const rawDispatch = async (request: unknown) => {
    const { result, error } = (await dispatch(request as object)) as { result?: never; error?: never }
    return error ? { kind: 'error' as const, error } : { kind: 'result' as const, result: result! }
  }
  const v2RequestFraming = framing
  const session = createTaskSessionFromClient(client, {
    endpointId: name,
    rawDispatch,
    v2RequestFraming,
    onInputRequest: async () => ({ action: 'accept', content: { name: 'Ada' } }) as never,
  })
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': framing.clientInfo,
    'io.modelcontextprotocol/clientCapabilities': { extensions: { [TASKS]: {} } },
  }
  return {
    session,
    link: () => link,
    heard,
    raw: (method, params) => dispatch({ method, params: { _meta, ...params } }),
    close: async () => {
      await session.close()
      await client.close()
    },
  }
}

const callsOf = (client: string, at = house) => at.approvals.list().filter(one => one.client.id === client)
async function waitingOf(client: string, at = house) {
  const find = () => callsOf(client, at).find(one => one.state.kind === 'waiting')
  await expect.poll(() => find()?.id, { timeout: 20_000, interval: 20 }).toBeDefined()
  return find()!
}
const yes = async (client: string, at = house) =>
  at.approvals.answer((await waitingOf(client, at)).id, { kind: 'allow', scope: 'once' }, 'window:test')
const runs = (text: string) =>
  house.gateway
    .wire(5_000)
    .filter(one => one.from === 'Gatehouse' && one.text.includes('"tools/call"') && one.text.includes(text)).length
const isTask = (client: TaskClient) => client.heard.some(one => one.result?.resultType === 'task')
/** Until its client follows a task. */
const held = (client: TaskClient) => expect.poll(() => isTask(client), { timeout: 20_000 }).toBe(true)
const textOf = (result: unknown) => (result as { content: { text: string }[] }).content[0]!.text

test('answered in time it is an answer, and no task is made', async () => {
  const client = await openTasks('quick', patient)
  const execution = client.session.callTool('dual_greet', { name: 'quick' })
  await yes('quick', patient)
  const { outcome } = await (await execution).settle()
  expect(textOf(resultFromTaskOutcome(outcome))).toBe('Hello quick')
  expect(isTask(client)).toBe(false)
  await client.close()
})

test('the yes comes long after its time: it has a task by then, and takes its answer from it; it runs once', async () => {
  const client = await openTasks('late')
  const execution = await client.session.callTool('dual_greet', { name: 'late' })
  await held(client)
  expect(runs('"late"')).toBe(0)
  // What it is shown is how long the question stays: nothing else ends its waiting.
  const { clientUntil, until } = await waitingOf('late')
  expect(clientUntil).toBe(until)
  await yes('late')
  const { outcome } = await execution.settle()
  expect(textOf(resultFromTaskOutcome(outcome))).toBe('Hello late')
  expect([runs('"late"'), callsOf('late').length]).toEqual([1, 1])
  // The yes was for this call: another like it is asked about.
  const again = client.session.callTool('dual_greet', { name: 'late' })
  await waitingOf('late')
  await client.close()
  await again.catch(() => {})
  expect(runs('"late"')).toBe(1)
})

test('denied, its task ends with the words for the model; nothing runs', async () => {
  const client = await openTasks('denied')
  const execution = await client.session.callTool('dual_greet', { name: 'denied' })
  await held(client)
  house.approvals.answer((await waitingOf('denied')).id, { kind: 'deny', word: 'not today' }, 'window:test')
  const { outcome } = await execution.settle()
  expect(textOf(resultFromTaskOutcome(outcome))).toContain('not today')
  expect(runs('"denied"')).toBe(0)
  await client.close()
})

test('it cancels its task: the question is withdrawn, a later yes counts for nothing', async () => {
  const client = await openTasks('cancels')
  const execution = await client.session.callTool('dual_greet', { name: 'cancels' })
  await held(client)
  const { id } = await waitingOf('cancels')
  if (execution.kind !== 'task') throw new Error(execution.kind)
  await execution.cancel()
  await expect.poll(() => callsOf('cancels')[0]?.state.kind).toBe('withdrawn')
  expect(() => house.approvals.answer(id, { kind: 'allow', scope: 'once' }, 'window:test')).toThrow('was withdrawn')
  const { outcome } = await execution.settle()
  expect(outcome.status).toBe('cancelled')
  expect(runs('"cancels"')).toBe(0)
  await client.close()
})

test.each(['sleep', 'read-only', 'gone'] as const)('its task waits and then: %s. Nothing runs', async what => {
  const client = await openTasks(what)
  const execution = await client.session.callTool('dual_greet', { name: what })
  await held(client)
  const { id } = await waitingOf(what)
  if (what === 'sleep') slept.ms += 45_000
  else if (what === 'read-only') house.policy.change({ kind: 'read-only', on: true }, 'window', 'test')
  else await client.close()
  await expect.poll(() => callsOf(what)[0]?.state.kind, { timeout: 20_000 }).toBe('withdrawn')
  expect(() => house.approvals.answer(id, { kind: 'allow', scope: 'once' }, 'window:test')).toThrow('was withdrawn')
  if (what !== 'gone') {
    const { outcome } = await execution.settle()
    expect(textOf(resultFromTaskOutcome(outcome))).toContain('Nothing was run')
    await client.close()
  }
  house.policy.change({ kind: 'read-only', on: false }, 'window', 'test')
  expect(runs(`"${what}"`)).toBe(0)
})

test('what its server asks for comes through the task; one yes is for all its rounds', async () => {
  const client = await openTasks('rounds')
  const execution = await client.session.callTool('dual_ask', { round: 'rounds' })
  await held(client)
  await yes('rounds')
  const { outcome } = await execution.settle()
  expect(textOf(resultFromTaskOutcome(outcome))).toContain('Ada')
  expect(callsOf('rounds')).toHaveLength(1)
  await client.close()
})

test('its server makes a task of it in turn: ours stands for that one', async () => {
  const client = await openTasks('turn')
  const execution = await client.session.callTool('own_task', {})
  await held(client)
  await yes('turn')
  const { outcome } = await execution.settle()
  expect(textOf(resultFromTaskOutcome(outcome))).toBe('done')
  const ids = client.heard.flatMap(one => (one.result && 'taskId' in one.result ? [String(one.result.taskId)] : []))
  expect(new Set(ids).size).toBe(1)
  await client.close()
})

test('another client, guessing or told the id, hears nothing of the task and ends nothing', async () => {
  const [client, thief] = [await openTasks('owner'), await openTasks('thief')]
  const execution = await client.session.callTool('dual_greet', { name: 'owner' })
  await held(client)
  if (execution.kind !== 'task') throw new Error(execution.kind)
  const { taskId } = execution.handle
  for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update'])
    expect(await thief.raw(method, { taskId, inputResponses: {} })).toMatchObject({ error: { code: -32602 } })
  expect((await waitingOf('owner')).state.kind).toBe('waiting')
  await Promise.all([client.close(), thief.close()])
})

test('a client that did not say so gets no task', async () => {
  const client = await openTasks('plain')
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const { result } = await client.raw('tools/call', { name: 'dual_greet', arguments: { name: 'plain' }, _meta })
  expect(result).toMatchObject({ resultType: 'complete', isError: true })
  await client.close()
})

test('once its request is answered with a task, nothing more is said under that request', async () => {
  const client = await openTasks('talks')
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': { extensions: { [TASKS]: {} } },
    'io.modelcontextprotocol/logLevel': 'debug',
    progressToken: 'p',
  }
  const params = { name: 'talker_tell', arguments: { do: 'log', level: 'error', data: 'late' }, _meta }
  const { result } = await client.raw('tools/call', params)
  expect(result).toMatchObject({ resultType: 'task' })
  const before = client.heard.length
  await yes('talks')
  const status = async () => (await client.raw('tasks/get', { taskId: result!.taskId })).result?.status
  await expect.poll(status, { timeout: 20_000 }).toBe('completed')
  expect(house.gateway.wire(5_000).some(one => one.from === 'talker' && one.text.includes('"late"'))).toBe(true)
  expect(client.heard.slice(before).filter(one => one.method !== undefined)).toEqual([])
  await client.close()
})
