import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonical, compareNumbers, isExact, isSame, jsonOf, Num, readJson } from './json-value.ts'

test.each([
  ['{"b":1,"a":[true,null,"x"]}', '{"a":[true,null,"x"],"b":1}'],
  ['{"n":9007199254740993,"e":1e400,"z":1.0,"m":-0}', '{"e":1e400,"m":-0,"n":9007199254740993,"z":1.0}'],
  [' { "__proto__" : { "a" : 1 } , "constructor" : 2 } ', '{"__proto__":{"a":1},"constructor":2}'],
  ['{"a:b":"c:d{[","\\u0061":":"}', '{"a":":","a:b":"c:d{["}'],
  ['"a:b"', '"a:b"'],
  ['{"":1}', '{"":1}'],
  ['[{"":{"":1}},{"a":2}]', '[{"":{"":1}},{"a":2}]'],
  ['7', '7'],
])('%s is read as %s', (text, expected) => {
  expect(canonical(readJson(text)!)).toBe(expected)
})

test.each([
  '',
  '{',
  '{"a":1}}',
  'undefined',
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"x":[{"b":1,"c":{"d":1,"d":2}}]}',
  '{"__proto__":1,"__proto__":2}',
  `${'['.repeat(201)}${']'.repeat(201)}`,
  `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
  `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
])('%# is not read: no JSON, a name twice, or too deep', text => {
  expect(readJson(text)).toBeUndefined()
})

test('two hundred levels are read, and a value in the innermost', () => {
  expect(readJson(`${'['.repeat(200)}1${']'.repeat(200)}`)).toBeDefined()
})

test('a million numbers are read in the time of a breath', () => {
  const text = JSON.stringify({ list: Array.from({ length: 1_000_000 }, (_, n) => n) })
  const before = process.cpuUsage()
  expect(canonical(readJson(text)!)).toBe(text)
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1000).toBeLessThan(30_000)
})

test('any value is read back the same, whatever the order of its names', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const text = JSON.stringify(value)
      expect(isSame(readJson(text)!, jsonOf(JSON.parse(text)))).toBe(true)
      expect(canonical(readJson(shuffled(value))!)).toBe(canonical(readJson(text)!))
    }),
  )
})

function shuffled(value: unknown): string {
  if (Array.isArray(value)) return `[ ${value.map(shuffled).join(' , ')} ]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  return `{${Object.entries(value)
    .reverse()
    .map(([name, one]) => `${JSON.stringify(name)}\n:${shuffled(one)}`)
    .join(',')}}`
}

test.each([
  ['1', '1.0', 0],
  ['1', '1e0', 0],
  ['100', '1E+2', 0],
  ['0', '-0.00', 0],
  ['9007199254740992', '9007199254740993', -1],
  ['-2', '-10', 1],
  ['0.1', '0.10000000000000001', -1],
  ['1e400', '1e399', 1],
  ['-1e400', '1', -1],
  ['1e-400', '0', 1],
  ['12', '123', -1],
  [`1${'0'.repeat(100_000)}1`, `1${'0'.repeat(100_000)}2`, -1],
])('%s against %s', (a, b, expected) => {
  expect(Math.sign(compareNumbers(new Num(a), new Num(b)))).toBe(expected)
  expect(Math.sign(compareNumbers(new Num(b), new Num(a))) + expected).toBe(0)
})

test('numbers compare as exact whole numbers do', () => {
  const scaled = fc.tuple(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.integer({ min: 0, max: 20 }))
  fc.assert(
    fc.property(scaled, scaled, ([a, x], [b, y]) => {
      const [left, right] = [a * 10n ** BigInt(x), b * 10n ** BigInt(y)]
      const expected = left < right ? -1 : left > right ? 1 : 0
      expect(Math.sign(compareNumbers(new Num(`${a}e${x}`), new Num(`${b}E+${y}`)))).toBe(expected)
    }),
  )
})

test('two equal numbers below zero are equal, whichever way they are written', () => {
  expect(compareNumbers(new Num('-10'), new Num('-1e1'))).toBe(0)
})

test('a number that JavaScript would round is not exact', () => {
  expect(
    ['1', '0.1', '1.50', '9007199254740993', '1e400', '0.1000000000000000055'].map(n => isExact(new Num(n))),
  ).toEqual([true, true, true, false, false, false])
})
