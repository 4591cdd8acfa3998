import { expect, test } from 'vitest'
import { expand, freshText, losesDigits, readArguments, variablesOf } from './arguments.ts'
import { gistOf } from './session.ts'

test('text becomes a value, or says why not', () => {
  expect([readArguments('{"a":1}'), readArguments(' '), readArguments('[1]').kind, readArguments('{"a"').kind]).toEqual(
    [{ kind: 'value', value: { a: 1 } }, { kind: 'value', value: {} }, 'unreadable', 'unreadable'],
  )
})

test('a fresh form holds the defaults and nothing invented', () => {
  const schema = { properties: { a: { type: 'string', default: 'x' }, b: { type: 'number' }, c: { default: false } } }
  expect(JSON.parse(freshText(schema))).toEqual({ a: 'x', c: false })
  expect(freshText({})).toBe('{}')
})

test.each([
  ['{"n":9007199254740993}', true],
  ['{"n":9007199254740991,"s":"99999999999999999999"}', false],
])('a form would round %s: %s', (text, answer) => {
  expect(losesDigits(text)).toBe(answer)
})

test('templates are filled in', () => {
  expect(variablesOf('demo://{a}/{+path}{?q,limit}')).toEqual(['a', 'path', 'q', 'limit'])
  expect(expand('demo://{a}/{+path}{?q,limit}', { a: 'x y', path: 'b/c', q: '1&2' })).toBe('demo://x%20y/b/c?q=1%262')
})

test('the gist of a call is its first short value', () => {
  expect([gistOf('{"a":[1],"b":"prod"}'), gistOf('{}'), gistOf('nope')]).toEqual(['prod', '', ''])
})
