import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HubError } from '../error.ts'
import { Multiplexer } from './multiplexer.ts'

function open() {
  const sent: string[] = []
  const logged: string[] = []
  let queued = 0
  const one = new Multiplexer({
    scope: 'srv_test00000000',
    name: 'test',
    send: frame => sent.push(frame),
    queuedBytes: () => queued,
    log: text => logged.push(text),
  })
  return { one, sent, logged, queue: (bytes: number) => (queued = bytes) }
}
const settle = () => new Promise(resolve => setImmediate(resolve))

test('a request changes by id and token alone, and its answer comes back under the id it had', async () => {
  const { one, sent } = open()
  const text =
    '{ "x":1e400, "id":"a\\u0022b", "method":"tools/call","params":{"n":9007199254740993,"_meta":{"progressToken":"t1","q":[]}}, "id2":3 }'
  const answer = one.request(text)
  expect(sent).toEqual([text.replace('"a\\u0022b"', '1').replace('"t1"', '1')])
  void one.receive('{"result":{"big":12345678901234567890,"id":5},"jsonrpc":"2.0","extra":null,"id":1}')
  expect(await answer).toBe(
    '{"result":{"big":12345678901234567890,"id":5},"jsonrpc":"2.0","extra":null,"id":"a\\u0022b"}',
  )
})

test('answers of many askers with the same id go to the one who asked', async () => {
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 }), async order => {
      const { one } = open()
      const asked = [1, 2, 3, 4, 5, 6].map(n => one.request(`{"id":1,"method":"m","params":{"n":${n}}}`))
      for (const ours of order) void one.receive(`{"jsonrpc":"2.0","id":${ours},"result":${ours}}`)
      expect(await Promise.all(asked)).toEqual([1, 2, 3, 4, 5, 6].map(n => `{"jsonrpc":"2.0","id":1,"result":${n}}`))
    }),
  )
})

test('the id is found wherever the frame has it, and nothing that looks like it is taken for it', async () => {
  for (const frame of [
    '{"result":{"a":1,"id":$},"jsonrpc":"2.0","id":$}',
    '{"id":$,"result":{"a":1,"id":$}}',
    '{"jsonrpc":"2.0","id":$,"result":"x"}',
    '{"jsonrpc":"2.0","id":$,"result":{"id":$}}',
    '{"jsonrpc":"2.0","id":$,"result":[],"id":$}',
    '{"jsonrpc":"2.0","id":$,"result":[],"\\u0069d":$ }',
    '{"id":$,"result":",\\"id\\":$}"}',
    '{"id":7,"result":[],"id":$}',
    '{"result":1, "id":$ }',
    '{"id":$,"result":{},"\\",\\"id":$}',
  ]) {
    const { one } = open()
    const answer = one.request('{"id":"mine","method":"m"}')
    void one.receive(frame.replaceAll('$', '1'))
    const parsed = JSON.parse(await answer)
    expect([parsed.id, parsed.result]).toEqual(['mine', JSON.parse(frame.replaceAll('$', '1')).result])
  }
})

test('progress goes to its asker under its own token, and to nobody once answered', async () => {
  const { one } = open()
  const heard: string[] = []
  const asked = one.request('{"id":9,"method":"m","params":{"_meta":{"progressToken":"mine"}}}', {
    onProgress: text => void heard.push(text),
  })
  const others: string[] = []
  one.onNotification(text => void others.push(text))
  const progress = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":0.5}}'
  void one.receive(progress)
  void one.receive('{"jsonrpc":"2.0","id":1,"result":{}}')
  void one.receive(progress)
  await asked
  expect(heard).toEqual([progress.replace(':1,', ':"mine",')])
  expect(others).toEqual([])
})

test('cancelled: the server is told under our id with the reason, and its late answer is ignored', async () => {
  const { one, sent, logged } = open()
  const stop = new AbortController()
  const asked = one.request('{"id":"x","method":"tools/call"}', { signal: stop.signal })
  stop.abort('the person changed their mind')
  await expect(asked).rejects.toMatchObject({ code: 'server/cancelled' })
  expect(JSON.parse(sent[1]!)).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId: 1, reason: 'the person changed their mind' },
  })
  void one.receive('{"jsonrpc":"2.0","id":1,"result":{}}')
  expect(logged).toEqual([])
  void one.receive('{"jsonrpc":"2.0","id":42,"result":{}}')
  expect(logged).toHaveLength(1)
})

test('an answer cannot be claimed under an id written as text', async () => {
  const { one, logged } = open()
  const asked = one.request('{"id":1,"method":"m"}')
  void one.receive('{"jsonrpc":"2.0","id":"1","result":"forged"}')
  void one.receive('{"jsonrpc":"2.0","id":1,"result":"true"}')
  expect(await asked).toContain('"true"')
  expect(logged).toHaveLength(1)
})

test('ping is answered here; other requests go to whoever answers, with those whose calls are under way', async () => {
  const { one, sent } = open()
  void one.receive('{"jsonrpc":"2.0","id":"p-1","method":"ping"}')
  expect(sent).toEqual(['{"jsonrpc":"2.0","id":"p-1","result":{}}'])
  void one.receive('{"jsonrpc":"2.0","id":1.0,"method":"roots/list"}')
  await settle()
  expect(JSON.parse(sent[1]!)).toMatchObject({ error: { code: -32601 } })
  const owner = {}
  void one.request('{"id":1,"method":"m"}', { owner }).catch(() => {})
  void one.request('{"id":2,"method":"m"}', { owner }).catch(() => {})
  const heard: unknown[] = []
  one.onRequest(async (text, owners) => {
    heard.push(text, owners)
    return '{"jsonrpc":"2.0","id":"somebody else’s","result":{"roots":[]}}'
  })
  void one.receive('{"jsonrpc":"2.0","id":12345678901234567890,"method":"roots/list"}')
  await settle()
  expect(heard).toEqual(['{"jsonrpc":"2.0","id":12345678901234567890,"method":"roots/list"}', [owner]])
  expect(sent.at(-1)).toBe('{"jsonrpc":"2.0","id":12345678901234567890,"result":{"roots":[]}}')
})

test('when the server ends, everybody who waits hears why, and so does whoever comes later', async () => {
  const { one } = open()
  const asked = [one.request('{"id":1,"method":"m"}'), one.request('{"id":2,"method":"m"}')]
  const why = new HubError('server/gone', 'It ended.')
  one.end(why)
  for (const each of [...asked, one.request('{"id":3,"method":"m"}')]) await expect(each).rejects.toBe(why)
  expect(await one.closed).toBe(why)
})

test.each([
  ['head', '{"jsonrpc":"2.0","id":2,"result":"', '…"}'],
  ['tail, as the TypeScript SDK writes it', '{"result":{"id":1,', '"},"jsonrpc":"2.0","id":2}'],
  ['tail, the other way round', '{"result":"', '…","id":2,"jsonrpc":"2.0"}'],
])('an answer too long to keep fails the call it belongs to (id at the %s)', async (_, head, tail) => {
  const { one } = open()
  const first = one.request('{"id":1,"method":"m"}')
  const second = one.request('{"id":2,"method":"m"}')
  one.tooLong({ bytes: 70 * 1_048_576, head: Buffer.from(head), tail: Buffer.from(tail) })
  await expect(second).rejects.toMatchObject({
    code: 'server/answer-too-long',
    message: expect.stringContaining('70 MB'),
  })
  void one.receive('{"jsonrpc":"2.0","id":1,"result":1}')
  expect(await first).toContain('"result":1')
})

test('a server that reads nothing is not sent more and more', async () => {
  const { one, sent, queue } = open()
  queue(65 * 1024 * 1024)
  await expect(one.request('{"id":1,"method":"m"}')).rejects.toMatchObject({ code: 'server/not-reading' })
  one.notify('{"method":"n"}')
  expect(sent).toEqual([])
})

test('a listener that takes its time holds the reader back; one that fails harms nobody', async () => {
  const { one } = open()
  let release = () => {}
  one.onNotification(() => new Promise<void>(resolve => (release = resolve)))
  one.onNotification(async () => {
    throw new Error('mine')
  })
  const taken = one.receive('{"jsonrpc":"2.0","method":"notifications/message"}')
  expect(taken).toBeInstanceOf(Promise)
  release()
  await taken
})

test.each(['', 'null', '[]', '"x"', '{', '{"id":1}', '{"jsonrpc":"2.0"}'])('%j is no message', text => {
  expect(open().one.receive(text)).toBe(false)
})
