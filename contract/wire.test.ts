import { expect, test } from 'vitest'
import { memberAt, members, repeatedName, splice } from './wire.ts'

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
})

test('what is not an object has no members', () => {
  expect(members('[1,2]')).toEqual([])
  expect(members(' {} ')).toEqual([])
})
