// What comes at the data server from hostile or odd data, and what must come out of it unchanged.
import { execFile } from 'node:child_process'
import { kill, platform } from 'node:process'
import { promisify } from 'node:util'
import type { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Started, startServer } from '../kit/test-client.ts'

let server: Started
beforeAll(async () => {
  server = await startServer('data', { RATE_LIMIT: '100000', CALL_TIMEOUT_MS: '60000' })
})
afterAll(() => server.client.close())

const process = (data: string, format: string, options: object = {}) =>
  server.call('process_data', { data, format, options })
const result = async (data: string, format: string, options: object = {}) => {
  const { failed, text, data: answer } = await process(data, format, options)
  return failed ? text : answer.result
}

test.each([
  ['digits of decimals', 'json', '{"a":0.12345678901234567890,"b":1e400,"c":[123456789.123456789]}'],
  ['blanks of the last cell', 'csv', 'a,b\n1," x  "\n2," y "'],
  ['rows of empty cells', 'csv', 'a,b\n,\n1,2'],
  ['rows of one empty cell', 'csv', 'a\n""\nx'],
  ['negative numbers', 'csv', 'a,b\n-5,+1.5\n-1e5,-'],
  ['names of the language’s own', 'csv', '__proto__,constructor\n1,2'],
  ['blanks in texts', 'xml', '<a b="true"><c> x </c><d>1 &lt; 2</d></a>'],
  ['what YAML alone has', 'yaml', '{ a: .inf, b: 0.12345678901234567890, c: -.inf }\n'],
])('%s stay as they are in %s', async (_, format, data) => {
  expect(await result(data, format)).toBe(data)
})

test('what another format has no word for becomes text, and is never dropped or rounded', async () => {
  const numbers = '{"id":1234567890123456789,"d":0.12345678901234567890,"big":1e400}'
  expect(await result(numbers, 'json', { convertTo: 'yaml' })).toBe(
    '{ id: 1234567890123456789, d: 0.12345678901234567890, big: 1e400 }\n',
  )
  expect(await result(`[${numbers}]`, 'json', { convertTo: 'csv' })).toBe(
    'id,d,big\n1234567890123456789,0.12345678901234567890,1e400',
  )
  expect(await result(numbers, 'json', { convertTo: 'xml' })).toContain('<d>0.12345678901234567890</d>')
  expect(await result(numbers, 'json', { query: '[id, d, big]' })).toBe(
    '["1234567890123456789","0.12345678901234567890","1e400"]',
  )
  expect(await result('[.inf, -.inf, .nan]', 'yaml', { convertTo: 'json' })).toBe('[".inf","-.inf",".nan"]')
  const diff = { a: '[{"id":1}]', b: '[{"id":1234567890123456789}]', format: 'json' }
  expect((await server.call('diff_data', diff)).data.changes[0].after).toBe('1234567890123456789')
  const table = { data: '[{"n":0.12345678901234567890},{"n":2}]', format: 'json' }
  expect((await server.call('profile_table', table)).data.columns[0]).toMatchObject({ type: 'number', max: 2 })
})

test('CSV: line ends of two kinds, names that are there twice, and the line of what is wrong', async () => {
  expect(await result('a,b\r\n1,"x\ny"\r\n2,z\r\n\r\n', 'csv', { convertTo: 'json' })).toBe(
    '[{"a":"1","b":"x\\ny"},{"a":"2","b":"z"}]',
  )
  expect(await result('a,a,a_2\n1,2,3', 'csv', { convertTo: 'json' })).toBe('[{"a":"1","a_3":"2","a_2":"3"}]')
  const wrong = await process('a,b\n"x\ny",1\n\n1,2,3\n', 'csv')
  expect(wrong.text).toContain('line 5, column 1: 3 cells, where the header has 2')
  expect((await process('', 'csv')).data.metadata.rowsProcessed).toBe(0)
})

test.each(['=1+1', '@SUM(A1)', '+SUM(A1)', '-2+3+cmd|x', '\t=1', '+49 30'])(
  'a cell that a spreadsheet would run is text: %s',
  async cell => {
    const csv = await result(JSON.stringify([{ a: cell }]), 'json', { convertTo: 'csv' })
    expect(csv).toBe(`a\n"'${cell}"`)
  },
)

test.each([
  [{ 'x><evil/': 1 }, 'is no name for an element'],
  [{ a: { '1x': 1 } }, 'is no name for an element'],
  [{ a: { '@b c': 1 } }, 'is no name for an element'],
  [{ '?xml-stylesheet': 1 }, 'is no name for an element'],
  [{ a: '\u0001' }, 'signs that XML cannot hold'],
])('%j is not written as XML', async (value, words) => {
  expect(await result(JSON.stringify(value), 'json', { convertTo: 'xml' })).toContain(words)
})

test('whatever is written as XML is XML: quotes, brackets, lists in lists, nothing at all', async () => {
  const value = { a: { '@b': '"<&>\'', '#text': ']]> <x>', c: [[1, 2], [3]], d: [], e: null, f: [{ g: true }, {}] } }
  for (const outputFormat of ['compact', 'pretty']) {
    const xml = await result(JSON.stringify(value), 'json', { convertTo: 'xml', outputFormat })
    expect(await result(xml, 'xml', { validate: true })).toBe('valid')
    const back = JSON.parse(await result(xml, 'xml', { convertTo: 'json' }))
    expect(back.a).toMatchObject({ '@b': '"<&>\'', c: [{ item: ['1', '2'] }, { item: '3' }], d: '', e: '' })
    expect(back.a['#text'].trim()).toBe(']]> <x>')
  }
  expect(await result('<a>&#228;&#x20AC;</a>', 'xml', { convertTo: 'json' })).toBe('{"a":"ä€"}')
  expect(await result('<a b></a>', 'xml')).toContain('not XML')
  expect(await result('<a/><b/>', 'xml')).toContain('not XML')
})

test.each([
  ['json', '['.repeat(200_000) + ']'.repeat(200_000)],
  ['yaml', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['xml', '<a>'.repeat(200_000) + '</a>'.repeat(200_000)],
])(
  '%s that is nested very deeply is said to be, or is read',
  async (format, data) => {
    for (const [tool, args] of [
      ['process_data', { data, format, options: { convertTo: 'json' } }],
      ['profile_table', { data, format }],
      ['diff_data', { a: data, b: '1', format }],
    ] as const) {
      const { failed, data: told, text } = await server.call(tool, args)
      expect([tool, failed ? told.error.kind : 'validation_error', text]).toEqual([
        tool,
        'validation_error',
        expect.any(String),
      ])
    }
  },
  90_000,
)

test.each([
  ['a text that grows', "pad_left('x', `2000000000`)"],
  ['a result that is too large', "pad_left('x', `60000000`)"],
  ['a list longer than there are lists, which V8 ends its process for', "split(pad_left('x', `140000000`), '')"],
])(
  'a query cannot take all: %s',
  async (_, query) => {
    const { failed, data } = await process('1', 'json', { query })
    expect([failed, data.error?.kind]).toEqual([true, 'validation_error'])
    expect(await result('{"a":1}', 'json')).toBe('{"a":1}')
  },
  60_000,
)

/** A list of a thousand, fourfold again and again. */
const MULTIPLIES = {
  data: JSON.stringify(Array(1000).fill(1)),
  format: 'json',
  options: { query: `@[]${'.[@,@,@,@][]'.repeat(13)}` },
}

test('what is taken back is ended, and leaves room for others', async () => {
  const over = AbortSignal.timeout(1_000)
  const taken = [1, 2, 3, 4].map(() => server.call('process_data', MULTIPLIES, { signal: over }))
  expect((await Promise.allSettled(taken)).map(one => one.status)).toEqual(Array(4).fill('rejected'))
  expect(await result('{"a":1}', 'json')).toBe('{"a":1}')
}, 60_000)

test.skipIf(platform === 'win32')(
  'nothing goes on when the server was ended in the middle of it',
  async () => {
    const other = await startServer('data')
    const { pid } = other.client.transport as StdioClientTransport
    const running = async () =>
      (await promisify(execFile)('ps', ['-A', '-o', 'args='])).stdout.includes(`worker.ts ${pid}`)
    const asked = other.call('process_data', MULTIPLIES).catch(() => {})
    await expect.poll(running, { timeout: 20_000 }).toBe(true)
    kill(pid!, 'SIGKILL')
    await expect.poll(running, { timeout: 20_000 }).toBe(false)
    await asked
  },
  60_000,
)

test('a header of one name many times over is read in time', async () => {
  expect(await result('a,'.repeat(200_000), 'csv')).toBe('')
})

test('a key by which rows cannot be told apart is said, and never ignored', async () => {
  const diff = (a: string, b: string, key: string) => server.call('diff_data', { a, b, format: 'json', key })
  for (const [a, b] of [
    ['[{"id":1},{"id":1}]', '[{"id":2}]'],
    ['[{"id":1}]', '[{"x":2}]'],
    ['{"a":1}', '{"a":2}'],
  ] as const) {
    const { failed, text } = await diff(a, b, 'id')
    expect([failed, text]).toEqual([true, expect.stringContaining('rows that each have a id of their own')])
  }
  expect((await diff('{"rows":[{"id":1},{"id":2}]}', '{"rows":[{"id":2}]}', 'id')).data.changes).toEqual([
    { kind: 'removed', path: '/rows/id=1', before: { id: 1 } },
  ])
  expect((await diff('[{"__proto__":1}]', '[{"__proto__":2}]', '__proto__')).data.total).toBe(2)
})
