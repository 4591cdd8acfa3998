import fc from 'fast-check'
import { expect, test } from 'vitest'
import { elements, MAX_DEPTH, memberAt, members, repeatedName, splice, trouble, valueEnd } from './wire.ts'

test('a value is replaced and every other byte stays, big numbers too', () => {
  const text =
    '{ "id" : 7, "params":{"n":9007199254740993,"e":1e400,"s":"a\\"}{","_meta":{"progressToken":"x"}},"new":[1,{"id":2}] }'
  const id = memberAt(text, ['id'])!
  const token = memberAt(text, ['params', '_meta', 'progressToken'])!
  const out = splice(text, [
    { ...token, text: '12' },
    { ...id, text: '318' },
  ])
  expect(out).toBe(
    '{ "id" : 318, "params":{"n":9007199254740993,"e":1e400,"s":"a\\"}{","_meta":{"progressToken":12}},"new":[1,{"id":2}] }',
  )
})

test('repeated names are found at any depth, also when one is written with escapes', () => {
  expect(repeatedName('{"a":1,"b":{"c":[{"d":1,"\\u0064":2}]}}')).toBe('b.c[0].d')
  expect(repeatedName('{"a":{"x":1},"b":{"x":1}}')).toBeUndefined()
  expect(repeatedName('{"a":{},"b":[[],{"x":[1,2]},{"":0,"":1}]}')).toBe('b[2].')
  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`k${n}`, n]))
  expect(repeatedName(JSON.stringify(wide))).toBeUndefined()
  expect(repeatedName(JSON.stringify(wide).replace('"k99"', '"k3"'))).toBe('k3')
})

test('what is not an object has no members', () => {
  expect(members('[1,2]')).toEqual([])
  expect(members(' {} ')).toEqual([])
})

test('of a repeated name the value that JSON.parse would take is found', () => {
  const text = '{"a":1,"a":2}'
  const found = memberAt(text, ['a'])!
  expect(JSON.parse(text.slice(found.start, found.end))).toBe(JSON.parse(text).a)
})

/** Any JSON value, written with any indentation, keys with quotes and backslashes among them. */
const written = fc
  .tuple(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t', '  '))
  .map(([value, indent]) => JSON.stringify(value, null, indent))

test('every member found says what JSON.parse says, for any JSON text', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = ` ${JSON.stringify(value, null, indent)} `
      const found = members(text)
      expect(found.map(m => m.key)).toEqual(Object.keys(JSON.parse(text)))
      for (const m of found) expect(JSON.parse(text.slice(m.start, m.end))).toEqual(JSON.parse(text)[m.key])
    }),
    { numRuns: 500 },
  )
})

test('every element found says what JSON.parse says, for any JSON text', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      expect(elements(text).map(({ start, end }) => JSON.parse(text.slice(start, end)))).toEqual(JSON.parse(text))
    }),
  )
  expect(elements('[}')).toEqual([])
})

test('a value ends where it ends, and honest text is in no trouble, for any JSON text', () => {
  fc.assert(
    fc.property(written, text => {
      expect(valueEnd(`${text},"more"`, 0)).toBe(text.length)
      expect(trouble(text)).toBeUndefined()
    }),
    { numRuns: 1_000 },
  )
})

test('a name written twice is found wherever it stands, for any JSON text around it', () => {
  fc.assert(
    fc.property(fc.array(written, { maxLength: 4 }), fc.string(), written, (before, key, value) => {
      const name = JSON.stringify(key)
      const text = `{"list":[${[...before, `{"in":{${name}:${value},"other\\u0000":0,${name}:${value}}}`].join(' , ')}]}`
      fc.pre(key !== 'other\u0000')
      expect(trouble(text)).toMatchObject({ kind: 'repeated' })
    }),
    { numRuns: 500 },
  )
})

test('splicing one value changes that value alone, for any JSON text', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.jsonValue(), (value, other) => {
      const text = JSON.stringify(value)
      const [first] = members(text)
      const out = JSON.parse(splice(text, [{ ...first!, text: JSON.stringify(other) }]))
      expect(Object.entries(out)).toEqual(
        Object.entries(JSON.parse(text)).map(([k, v]) => [k, k === first!.key ? JSON.parse(JSON.stringify(other)) : v]),
      )
    }),
    { numRuns: 500 },
  )
})

test('no text makes it slow or overflows the stack', () => {
  const deep = 300_000
  const texts = [
    `${'['.repeat(deep)}${']'.repeat(deep)}`,
    `${'{"a":'.repeat(deep)}0${'}'.repeat(deep)}`,
    `"${'\\\\'.repeat(deep)}"`,
    `"${'\\"'.repeat(deep)}"`,
    `{"a":"${'\\\\\\"'.repeat(deep)}"}`,
    '['.repeat(deep),
    '{"a":'.repeat(deep),
    `"${'\\'.repeat(deep)}`,
  ]
  for (const text of texts) {
    // Our own time, not the machine's: others may be busy on it.
    const began = process.cpuUsage()
    repeatedName(text)
    valueEnd(text, 0)
    members(text)
    elements(text)
    memberAt(text, ['a', 'a', 'a'])
    expect(process.cpuUsage(began).user).toBeLessThan(30_000_000)
  }
})

test('text deeper than the limit is refused, text at the limit is not', () => {
  const nested = (depth: number) => `${'{"a":['.repeat(depth / 2)}${']}'.repeat(depth / 2)}`
  expect(trouble(nested(MAX_DEPTH))).toBeUndefined()
  expect(trouble(nested(MAX_DEPTH + 2))?.kind).toBe('too-deep')
})
