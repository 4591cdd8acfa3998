import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HubError } from '../error.ts'
import { idKey, LineReader, readFrame, textWithout } from './frame.ts'
import { redactedHead } from './redacted-head.ts'

const call = (params: string, more = '') => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}${more}}`

/** Each is read differently by two parsers that both exist, or is no message at all. */
const REFUSED: [what: string, text: string][] = [
  ['no JSON', '{"jsonrpc":"2.0",'],
  ['a carriage return inside a string', call('{"name":"a\rb"}')],
  ['a batch', `[${call('{}')}]`],
  ['a string', '"hello"'],
  ['null', 'null'],
  ['a byte order mark', `\uFEFF${call('{}')}`],
  ['a second method', call('{}', ',"method":"ping"')],
  ['a second id', call('{}', ',"id":2')],
  ['a second name', call('{"name":"read","name":"delete"}')],
  ['a second name in escapes', call('{"name":"read","n\\u0061me":"delete"}')],
  ['an argument twice', call('{"name":"a","arguments":{"path":"x","path":"y"}}')],
  ['an argument twice deep down', call('{"name":"a","arguments":{"a":[{"b":{"c":1,"c":2}}]}}')],
  ['Method beside method', call('{}', ',"Method":"ping"')],
  ['METHOD alone', '{"jsonrpc":"2.0","id":1,"METHOD":"ping"}'],
  ['ID', '{"jsonrpc":"2.0","ID":1,"method":"ping"}'],
  ['JSONRPC', '{"jsonrpc":"2.0","JSONRPC":"2.0","id":1,"method":"ping"}'],
  ['Params', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},"Params":{"name":"b"}}'],
  [
    'param\u017f, which Go reads as params',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","param\u017f":{"name":"b"}}',
  ],
  ['Name', call('{"name":"read","Name":"delete"}')],
  ['NAME alone', call('{"NAME":"delete"}')],
  ['Arguments', call('{"name":"a","arguments":{},"Arguments":{"x":1}}')],
  ['URI', '{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"a","URI":"b"}}'],
  [
    'Name in a reference',
    '{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"a","Name":"b"}}}',
  ],
  ['two arguments that differ by case', call('{"name":"a","arguments":{"path":"x","Path":"y"}}')],
  ['params that are a list', call('["a"]')],
  ['params that are a text', call('"a"')],
  ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}'],
  ['an id that is null', '{"jsonrpc":"2.0","id":null,"method":"ping"}'],
  ['another version', '{"jsonrpc":"1.0","id":1,"method":"ping"}'],
  ['no version', '{"id":1,"method":"ping"}'],
  ['a request that is an answer', '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}'],
  ['an answer that is also an error', '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}'],
  ['nothing at all', '{"jsonrpc":"2.0","id":1}'],
  ['a text nested too deeply', call(`{"name":"a","arguments":{"x":${'['.repeat(1_001)}${']'.repeat(1_001)}}}`)],
]

test.each(REFUSED)('%s is refused', (_, text) => {
  expect(readFrame(text).kind).toBe('refused')
})

test('a refusal names the id where it can be told, so that the client does not wait for ever', () => {
  expect(readFrame(call('{"name":"a","name":"b"}'))).toMatchObject({ kind: 'refused', id: '1', code: -32600 })
  expect(readFrame('nonsense')).toMatchObject({ id: null, code: -32700 })
})

const PASSED: [what: string, text: string][] = [
  ['params that are null, as some clients write them', call('null')],
  ['big numbers', call('{"name":"a","arguments":{"n":9007199254740993,"e":1e400}}')],
  ['fields nobody knows', call('{"name":"a","x":{"name":"b"},"_meta":{"y":1}}', ',"z":[]')],
  [
    'arguments of any name',
    call('{"name":"a","arguments":{"URI":1,"Id":2,"Method":3,"__proto__":{},"constructor":1}}'),
  ],
  [
    'map keys that differ by case deeper down',
    call('{"name":"a","arguments":{"env":{"HTTP_PROXY":"a","http_proxy":"b"}}}'),
  ],
  ['no params', '{"jsonrpc":"2.0","id":"x","method":"ping"}'],
  ['a depth of some hundreds', call(`{"name":"a","arguments":{"x":${'['.repeat(900)}${']'.repeat(900)}}}`)],
]

test.each(PASSED)('%s pass', (_, text) => {
  expect(readFrame(text)).toMatchObject({ kind: 'request', text })
})

test('ids and tokens are kept as they were written', () => {
  const frame = readFrame(
    '{"jsonrpc":"2.0","id":9007199254740993,"method":"m","params":{"_meta":{"progressToken":"\\u0061"}}}',
  )
  expect(frame).toMatchObject({ id: '9007199254740993', token: '"\\u0061"' })
  expect(idKey('"\\u0061"')).toBe(idKey('"a"'))
  expect(idKey('"1"')).not.toBe(idKey('1'))
})

test('a text of two million brackets is refused at once', () => {
  const text = call(`{"arguments":${'{"a":'.repeat(1_000_000)}0${'}'.repeat(1_000_000)}}`)
  const began = Date.now()
  expect(readFrame(text)).toMatchObject({ kind: 'refused', id: '1', message: expect.stringContaining('too deeply') })
  expect(Date.now() - began).toBeLessThan(30_000)
})

test('members left out leave the others as they were', () => {
  const frame = readFrame(call('{ "name" : "a", "_meta":{"progressToken":1}, "arguments" : {"n": 1.0} }'))
  if (frame.kind === 'refused') throw new Error(frame.message)
  expect(textWithout(frame.text, frame.fields, ['_meta'])).toBe('{"name":"a","arguments":{"n": 1.0}}')
})

function reader(maxBytes?: number) {
  const lines: string[] = []
  const problems: string[] = []
  const onProblem = (problem: HubError) => problems.push(problem.code)
  const read = new LineReader({ onLine: line => lines.push(line), onProblem, ...(maxBytes ? { maxBytes } : {}) })
  return { read, lines, problems }
}

test('lines come out whole however the bytes were cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(50)), (texts, cuts) => {
      const { read, lines, problems } = reader()
      const sent = texts.map(text => JSON.stringify(text))
      const bytes = Buffer.from(sent.map(text => `${text}\n`).join(''))
      let at = 0
      for (const cut of cuts) {
        read.push(bytes.subarray(at, at + cut))
        at += cut
      }
      read.push(bytes.subarray(at))
      expect(lines).toEqual(sent)
      expect(problems).toEqual([])
    }),
  )
})

test('a line that is not UTF-8 or too long is told and left out, and those after it are read', () => {
  const { read, lines, problems } = reader(10)
  read.push(Buffer.from([34, 0xff, 34, 10]))
  read.push(Buffer.from('12345678901234567890'))
  read.push(Buffer.from('12345\n"ok"\r\n\n"two"\n'))
  expect(lines).toEqual(['"ok"', '"two"'])
  expect(problems).toEqual(['line/not-utf8', 'line/too-long'])
})

test('a secret that stands across the cut does not leave its first half', () => {
  const secret = 'S'.repeat(5_000)
  const redact = (text: string) => text.replaceAll(secret, '***')
  for (const before of [0, 4_000, 95_000, 99_990, 139_000, 200_000, 239_000]) {
    const text = `${'.'.repeat(before)}${secret}${'.'.repeat(400_000)}`
    const head = redactedHead(text, 100_000, redact)
    expect(head).not.toContain('S')
    expect(head.length).toBeLessThanOrEqual(100_000)
  }
})
