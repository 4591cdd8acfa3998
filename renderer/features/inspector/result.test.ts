import { expect, test } from 'vitest'
import { answerOf, tableOf } from './result.ts'

const blocks = (content: unknown[]) =>
  answerOf({ kind: 'result', result: JSON.stringify({ content }) }).blocks.map(b => b.block)

test('every kind of content becomes its block', () => {
  expect(
    blocks([
      { type: 'text', text: 'plain' },
      { type: 'text', text: '# Head\n- one' },
      { type: 'image', data: 'aGk=', mimeType: 'image/png' },
      { type: 'audio', data: 'aGk=', mimeType: 'audio/wav; rate=1' },
      { type: 'resource_link', uri: 'file:///a', name: 'a' },
      { type: 'resource', resource: { uri: 'demo://b', text: 'b' } },
      { type: 'from-the-future', x: 1 },
    ]),
  ).toEqual([
    { kind: 'text', text: 'plain', markdown: false },
    { kind: 'text', text: '# Head\n- one', markdown: true },
    { kind: 'image', src: 'data:image/png;base64,aGk=', mime: 'image/png', bytes: 2 },
    { kind: 'audio', src: 'data:audio/wav;base64,aGk=', mime: 'audio/wav', bytes: 2 },
    { kind: 'link', uri: 'file:///a', name: 'a', words: null, mime: null },
    { kind: 'resource', uri: 'demo://b', mime: null, text: 'b' },
    { kind: 'other', json: { type: 'from-the-future', x: 1 } },
  ])
})

test.each([
  ['a script inside a vector image', { type: 'image', data: 'PHN2Zz4=', mimeType: 'image/svg+xml' }],
  ['a page said to be an image', { type: 'image', data: 'PHA+', mimeType: 'text/html' }],
  ['something that leaves the address', { type: 'image', data: '" onerror="x', mimeType: 'image/png' }],
  ['a kind with an address in it', { type: 'image', data: 'aGk=', mimeType: 'image/png,<svg>' }],
])('%s is named, not shown', (_, content) => {
  expect(blocks([content]).map(b => b.kind)).toEqual(['binary'])
})

test('resources that were read and prompts that were got have blocks too', () => {
  const read = answerOf({ kind: 'result', result: '{"contents":[{"uri":"a://b","mimeType":"text/plain","text":"x"}]}' })
  expect(read.blocks).toEqual([
    { role: null, block: { kind: 'resource', uri: 'a://b', mime: 'text/plain', text: 'x' } },
  ])
  const got = answerOf({
    kind: 'result',
    result: '{"messages":[{"role":"user","content":{"type":"text","text":"x"}}]}',
  })
  expect(got.blocks).toEqual([{ role: 'user', block: { kind: 'text', text: 'x', markdown: false } }])
})

test('a protocol error is the error, wrapped or bare or unreadable', () => {
  const error = (result: string) => answerOf({ kind: 'protocol-error', result }).error
  expect(error('{"code":-32602,"message":"bad","data":1}')).toEqual({ code: -32602, message: 'bad', data: 1 })
  expect(error('{"error":{"code":-32601,"message":"no"}}')).toEqual({ code: -32601, message: 'no', data: undefined })
  expect(error('gone')).toEqual({ code: null, message: 'gone', data: undefined })
})

test('a list of objects is a table, also inside a member', () => {
  expect(tableOf({ n: 1, pods: [{ name: 'a' }, { name: 'b', age: 2 }] })).toEqual({
    path: 'pods',
    columns: ['name', 'age'],
    rows: [{ name: 'a' }, { name: 'b', age: 2 }],
  })
  expect([tableOf([1, 2]), tableOf({ a: [] }), tableOf('x')]).toEqual([null, null, null])
})
