// How many tasks are remembered, and how long: those that ended make room for newer ones, those whose call goes on never do.
import { afterEach, expect, test, vi } from 'vitest'
import { type ClientFrame, readFrame } from './frame.ts'
import { HeldTasks } from './held-tasks.ts'
import { TASKS_EXTENSION } from './modern.ts'
import type { Flight } from './relay.ts'

const envelope = {
  version: '',
  capabilities: { extensions: { [TASKS_EXTENSION]: {} } },
  clientInfo: {},
  logLevel: null,
}
const frameOf = (method: string, params: object) =>
  readFrame(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })) as ClientFrame
const complete = '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[]}}'
const asks = '{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{}}}'
const goesOnAtServer = '{"jsonrpc":"2.0","id":1,"result":{"resultType":"task","taskId":"its-own"}}'

/** `held`: the id of the task that a call gets whose answer comes only after that. */
function openTasks() {
  const tasks = new HeldTasks()
  const flights: Flight[] = []
  const held = async (answer: Promise<string | null>) => {
    const flight: Flight = { abort: new AbortController(), cancelled: false, progressed: false }
    flights.push(flight)
    const late = Promise.withResolvers<string | null>()
    const offered = tasks.offer(frameOf('tools/call', { name: 'x' }), envelope, flight, async () => asks)!(late.promise)
    flight.asTask!()
    const { result } = JSON.parse((await offered)!)
    late.resolve(answer)
    await new Promise(setImmediate)
    return result.taskId as string
  }
  const get = async (taskId: string) => {
    const answer = await tasks.answer(frameOf('tasks/get', { taskId }))
    return answer === null ? null : JSON.parse(answer).result
  }
  const statusOf = async (taskId: string) => (await get(taskId))?.status ?? 'forgotten'
  return { tasks, flights, held, get, statusOf }
}

afterEach(() => void vi.useRealTimers())

test('of more than 200 the oldest that ended are forgotten; one that waits, asks or runs is not, however old', async () => {
  const { tasks, flights, held, statusOf } = openTasks()
  const waits = await held(new Promise(() => {}))
  const asking = await held(Promise.resolve(asks))
  const running = await held(Promise.resolve(goesOnAtServer))
  const cancelled = await held(new Promise(() => {}))
  await tasks.answer(frameOf('tasks/cancel', { taskId: cancelled }))
  const ended: string[] = []
  for (let n = 0; n < 200; n++) ended.push(await held(Promise.resolve(complete)))
  const state = async (ids: string[]) => Promise.all(ids.map(statusOf))
  expect(await state([waits, asking, cancelled])).toEqual(['working', 'input_required', 'forgotten'])
  expect(JSON.parse((await tasks.answer(frameOf('tasks/get', { taskId: running })))!).result).toHaveProperty(
    'inputRequests',
  )
  expect(await state(ended.slice(0, 4))).toEqual(['forgotten', 'forgotten', 'forgotten', 'completed'])
  expect(await statusOf(ended.at(-1)!)).toBe('completed')
  // What still waits ends with its link.
  tasks.close('gone')
  expect(flights[0]!.abort.signal.aborted).toBe(true)
})

test('a task that ended stays as it ended, whatever its client takes back', async () => {
  const { tasks, held, get } = openTasks()
  const taskId = await held(Promise.resolve(complete))
  const before = await get(taskId)
  expect(before).toMatchObject({ status: 'completed', result: { resultType: 'complete' } })
  expect(await tasks.answer(frameOf('tasks/cancel', { taskId }))).toContain('"complete"')
  expect(await get(taskId)).toEqual(before)
})

test('a task whose hour is over is forgotten, and its call does not go on for nobody', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { flights, held, statusOf } = openTasks()
  const [waits, ended] = [await held(new Promise(() => {})), await held(Promise.resolve(complete))]
  vi.advanceTimersByTime(3_599_000)
  expect([await statusOf(waits), await statusOf(ended)]).toEqual(['working', 'completed'])
  expect(flights[0]!.abort.signal.aborted).toBe(false)
  vi.advanceTimersByTime(2_000)
  expect([await statusOf(waits), await statusOf(ended)]).toEqual(['forgotten', 'forgotten'])
  expect(flights.map(one => one.abort.signal.aborted)).toEqual([true, false])
})

test('what its server asked with a state that no frame could carry stays asked', async () => {
  const { tasks, held, statusOf } = openTasks()
  const odd = asks.replace('"inputRequests":{}', '"inputRequests":{},"requestState":{"a":1,"a":2}')
  const taskId = await held(Promise.resolve(odd))
  expect(() => tasks.answer(frameOf('tasks/update', { taskId, inputResponses: {} }))).toThrow('requestState.a')
  expect(await statusOf(taskId)).toBe('input_required')
})
