import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, type Stage, until } from './test-stage.ts'
import type { RequestOptions, Upstream } from './upstream.ts'

let stage: Stage
let id: string
let upstream: Upstream

beforeAll(async () => {
  stage = await openStage()
  stage.supervisor.begin()
  id = stage.add('normal')
  upstream = await stage.supervisor.awake(id)
})
afterAll(() => stage.close())

const frame = (args: object, meta = {}) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 'mine',
    method: 'tools/call',
    params: { name: 'act', arguments: args, _meta: meta },
  })
const call = async (args: object, options: RequestOptions = {}, meta = {}) =>
  JSON.parse(await upstream.request(frame(args, meta), options))

test('the server sees the frame as it was sent, but for id and token', async () => {
  const sent =
    '{"jsonrpc":"2.0", "id":"q", "method":"tools/call","params":{"name":"echo","n":12345678901234567890,"_meta":{"progressToken":"t","new":[]}}}'
  const { content } = JSON.parse(await upstream.request(sent)).result as { content: [{ text: string }] }
  const [{ text }] = content
  const ours = /"id":(\d+)/.exec(text)![1]!
  expect(text).toBe(sent.replace('"q"', ours).replace('"t"', ours))
})

test('progress comes before the answer, under the asker’s token', async () => {
  const heard: string[] = []
  const answer = await call({ do: 'progress' }, { onProgress: text => void heard.push(text) }, { progressToken: 'p1' })
  expect(heard.map(text => JSON.parse(text).params)).toEqual([{ progressToken: 'p1', progress: 1 }])
  expect(answer.result).toEqual({ done: true })
})

test('a cancelled call is cancelled at the server, under the id the server knows', async () => {
  const stop = new AbortController()
  const asked = call({ do: 'hold' }, { signal: stop.signal })
  setTimeout(() => stop.abort('enough'), 50)
  await expect(asked).rejects.toMatchObject({ code: 'server/cancelled' })
  const { cancelled } = (await call({ do: 'cancelled' })).result
  expect(cancelled).toEqual([{ requestId: expect.any(Number), reason: 'enough' }])
  expect(stage.supervisor.logs(id, 10).filter(line => /nothing that was asked/.test(line.text))).toEqual([])
})

test('the server’s own request is answered under its own id', async () => {
  const stop = upstream.onRequest(async text => text.replace('"method":"roots/list"', '"result":{"roots":[]}'))
  expect((await call({ do: 'ask' })).result.heard).toEqual({ jsonrpc: '2.0', id: 'mine', result: { roots: [] } })
  stop()
  expect((await call({ do: 'ping' })).result.heard).toEqual({ jsonrpc: '2.0', id: 77, result: {} })
})

test('an answer of 63 MB arrives; one of 70 MB fails that call alone, and the server runs on', async () => {
  const whole = await upstream.request(frame({ do: 'big', bytes: 63 * 1024 * 1024 }))
  expect(whole.length).toBeGreaterThan(63 * 1024 * 1024)
  const other = call({ do: 'hold' }, { signal: AbortSignal.timeout(20_000) })
  await expect(call({ do: 'big', bytes: 70 * 1024 * 1024 })).rejects.toMatchObject({ code: 'server/answer-too-long' })
  expect((await call({ do: 'pid' })).result.pid).toBe(stage.supervisor.details(id).pid)
  other.catch(() => {})
})

test('four bytes of one letter over two chunks are one letter', async () => {
  const letters = '𝄞é漢'.repeat(30_000)
  expect((await call({ do: 'raw', text: `{"jsonrpc":"2.0","id":$ID,"result":"${letters}"}` })).result).toBe(letters)
})

test('a slow listener holds the server’s output back instead of filling memory', async () => {
  let release = () => {}
  const gate = new Promise<void>(resolve => (release = resolve))
  let heard = 0
  const stop = upstream.onNotification(() => {
    heard++
    return gate
  })
  const text = `{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"${'x'.repeat(1024 * 1024)}"}}`
  const lines = `${Array.from({ length: 40 }, () => text).join('\n')}\n{"jsonrpc":"2.0","id":$ID,"result":1}`
  const asked = call({ do: 'raw', text: lines })
  await until(
    () => heard,
    count => count >= 4,
  )
  await new Promise(resolve => setTimeout(resolve, 300))
  expect(heard).toBeLessThan(12)
  release()
  expect((await asked).result).toBe(1)
  expect(heard).toBe(40)
  stop()
})

test('a server that stopped reading is not sent more than 64 MB, and is stopped all the same', async () => {
  const deaf = await stage.supervisor.awake(stage.add('deaf'))
  const big = frame({ text: 'x'.repeat(8 * 1024 * 1024) })
  const asked = Array.from({ length: 12 }, () => deaf.request(big).catch((error: { code: string }) => error.code))
  const refused = await Promise.race(asked)
  expect(refused).toBe('server/not-reading')
  await stage.supervisor.stop('deaf')
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['server/gone', 'server/not-reading']))
})
