import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Started, startServer } from '../kit/test-client.ts'

let server: Started
beforeAll(async () => {
  server = await startServer('data', { RATE_LIMIT: '100000' })
})
afterAll(() => server.client.close())

const process = (data: string, format: string, options: object = {}) =>
  server.call('process_data', { data, format, options })

test('its tools have titles, both schemas and honest marks', async () => {
  const { tools } = await server.client.listTools()
  expect(tools.map(tool => tool.name)).toEqual(['process_data', 'profile_table', 'diff_data'])
  for (const { title, inputSchema, outputSchema, annotations } of tools) {
    expect([title, inputSchema.type, outputSchema?.type]).toEqual([expect.any(String), 'object', 'object'])
    expect(annotations).toEqual({
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    })
  }
})

const TABLE = [
  { id: '1', name: 'Ada, "the" first' },
  { id: '2', name: 'Grüße\nzwei' },
]

test.each([
  ['json', '[{"id":"1","name":"Ada, \\"the\\" first"},{"id":"2","name":"Grüße\\nzwei"}]'],
  ['csv', 'id,name\n1,"Ada, ""the"" first"\n2,"Grüße\nzwei"\n'],
  ['yaml', '- id: "1"\n  name: Ada, "the" first\n- {id: "2", name: "Grüße\\nzwei"}\n'],
])('%s becomes each other format and comes back the same', async (format, data) => {
  for (const convertTo of ['json', 'csv', 'yaml']) {
    const there = await process(data, format, { convertTo })
    expect(there.failed, there.text).toBe(false)
    const back = await process(there.data.result, convertTo, { convertTo: 'json' })
    expect(JSON.parse(back.data.result)).toEqual(TABLE)
    expect(there.data.metadata).toMatchObject({ rowsProcessed: 2, errors: [] })
  }
  const xml = await process(data, format, { convertTo: 'xml', outputFormat: 'pretty' })
  const back = await process(xml.data.result, 'xml', { convertTo: 'json', query: 'data.item[].id' })
  expect(JSON.parse(back.data.result)).toEqual(['1', '2'])
})

test('numbers stay as they are written', async () => {
  const json = '{"big":9007199254740993,"small":1.5}'
  expect((await process(json, 'json')).data.result).toBe(json)
  expect((await process(json, 'json', { convertTo: 'yaml' })).data.result).toContain('9007199254740993')
  expect((await process('big: 9007199254740993', 'yaml', { convertTo: 'json' })).data.result).toBe(
    '{"big":9007199254740993}',
  )
  expect((await process('zip\n00123', 'csv', { convertTo: 'json' })).data.result).toBe('[{"zip":"00123"}]')
})

test.each([
  ['json', '{\n  "a": 1,\n  "b": oops\n}', 3, 8],
  ['json', '{"a": [1, 2', 1, 12],
  ['csv', 'a,b\n1,2\n1,2,3\n', 3, 1],
  ['xml', '<a>\n  <b></c>\n</a>', 2, 6],
  ['yaml', 'a: 1\nb: [1, 2\nc: 3', 3, 1],
])('bad %s is named with its line and column', async (format, data, line, column) => {
  const { failed, text, data: told } = await process(data, format)
  expect(failed).toBe(true)
  expect(text).toContain(`line ${line}, column ${column}`)
  expect(told.error).toMatchObject({ kind: 'validation_error', correlationId: expect.any(String) })
  const checked = await process(data, format, { validate: true })
  expect(checked.data.result).toBe('not valid')
  expect(checked.text).toContain(`line ${line}, column ${column}: `)
  expect(checked.data.metadata.errors[0]).toMatchObject({ line, column })
})

test('a query is JMESPath; a wrong one says so', async () => {
  const people = '[{"name":"Ada","age":36},{"name":"Tim","age":20}]'
  expect((await process(people, 'json', { query: '[?age > `30`].name' })).data.result).toBe('["Ada"]')
  const table = await process(people, 'json', { outputFormat: 'table' })
  expect(table.data.result).toBe('| name | age |\n| --- | --- |\n| Ada | 36 |\n| Tim | 20 |')
  const wrong = await process(people, 'json', { query: '[?' })
  expect([wrong.failed, wrong.text]).toEqual([true, expect.stringContaining('JMESPath')])
})

test('a long result comes in pages and is whole again', async () => {
  const data = JSON.stringify(Array.from({ length: 30_000 }, (_, n) => ({ n, text: '🙂 text' })))
  let whole = ''
  let cursor: string | undefined
  let pages = 0
  do {
    const { data: answer } = await server.call('process_data', { data, format: 'json', ...(cursor ? { cursor } : {}) })
    whole += answer.result
    cursor = answer.nextCursor
    pages++
  } while (cursor)
  expect(whole).toBe(data)
  expect(pages).toBeGreaterThan(2)
  const odd = await server.call('process_data', { data, format: 'json', cursor: 'bm9uc2Vuc2U' })
  expect(odd.text).toContain('This cursor is not one of ours.')
})

test('columns: types, gaps, variety and ends', async () => {
  const { data } = await server.call('profile_table', {
    data: 'id,price,when,code,gone\n1,2.5,2026-01-02,007,\n9007199254740993,10,2026-03-01,x,\n3,,2025-12-31,x,\n',
    format: 'csv',
  })
  expect(data.columns).toEqual([
    { name: 'id', type: 'integer', nulls: 0, distinct: 3, min: 1, max: '9007199254740993' },
    { name: 'price', type: 'number', nulls: 1, distinct: 2, min: 2.5, max: 10 },
    { name: 'when', type: 'date', nulls: 0, distinct: 3, min: '2025-12-31', max: '2026-03-01' },
    { name: 'code', type: 'text', nulls: 0, distinct: 2, min: '007', max: 'x' },
    { name: 'gone', type: 'empty', nulls: 3, distinct: 0, min: null, max: null },
  ])
  expect((await server.call('profile_table', { data: '{"a":1}', format: 'json' })).text).toContain('no table')
})

test('differences by place and by key', async () => {
  const a = '[{"id":1,"x":"a"},{"id":2,"x":"b"}]'
  const b = '[{"id":2,"x":"B"},{"id":3,"x":"c"}]'
  const byKey = await server.call('diff_data', { a, b, format: 'json', key: 'id' })
  expect(byKey.data.changes).toEqual([
    { kind: 'removed', path: '/id=1', before: { id: 1, x: 'a' } },
    { kind: 'changed', path: '/id=2/x', before: 'b', after: 'B' },
    { kind: 'added', path: '/id=3', after: { id: 3, x: 'c' } },
  ])
  expect(byKey.text).toContain('\nchanged /id=2/x: "b" → "B"\nadded /id=3: {"id":3,"x":"c"}')
  expect((await server.call('diff_data', { a, b, format: 'json' })).data.total).toBe(4)
  expect((await server.call('diff_data', { a, b: a, format: 'json' })).text).toBe('They are the same.')
  const first = await server.call('diff_data', { a, b, format: 'json', limit: 1 })
  const second = await server.call('diff_data', { a, b, format: 'json', limit: 3, cursor: first.data.nextCursor })
  expect([...first.data.changes, ...second.data.changes]).toHaveLength(4)
  const { nextCursor: cursor } = first.data
  expect(first.text).toContain(`there is more: call again with cursor: "${cursor}"`)
  expect((await server.call('diff_data', { a, b: '[]', format: 'json', cursor })).text).toContain('of another list')
})

const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((one, n) => `${one}: &${one} [${Array(9).fill(`*${'abcdefghi'[n]}`)}]`).join('\n')}`

test.each([
  ['aliases that multiply', 'yaml', bomb, 'alias'],
  ['entities that multiply', 'xml', '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>', 'Entities'],
  ['a file of this machine', 'xml', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', 'Entities'],
])('%s are refused', async (_, format, data, words) => {
  const { failed, text } = await process(data, format)
  expect([failed, text]).toEqual([true, expect.stringContaining(words)])
})

test('deep nesting and names of the language’s own harm nothing', async () => {
  const deep = await process('['.repeat(200_000) + ']'.repeat(200_000), 'json', { convertTo: 'yaml' })
  expect(deep.failed).toBe(true)
  const { data } = await process('{"__proto__":{"polluted":1},"constructor":2}', 'json')
  expect(data.result).toBe('{"__proto__":{"polluted":1},"constructor":2}')
  expect((await process('{"a":1}', 'json')).data.result).toBe('{"a":1}')
})

test('a cell that a spreadsheet would run is written as text', async () => {
  const { data } = await process('[{"a":"=cmd()"}]', 'json', { convertTo: 'csv' })
  expect(data.result).toBe('a\n"\'=cmd()"')
})
