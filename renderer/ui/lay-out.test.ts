import { expect, test } from 'vitest'
import { layOut } from './lay-out.ts'

test('JSON is indented, and every number keeps its source text', () => {
  expect(layOut('{"a":9007199254740993,"b":[1e400,{"c":"x, {y}\\""}],"d":{},"e":[]}')).toBe(
    '{\n  "a": 9007199254740993,\n  "b": [\n    1e400,\n    {\n      "c": "x, {y}\\""\n    }\n  ],\n  "d": {},\n  "e": []\n}',
  )
})

test('text that is not JSON stays as it is', () => {
  expect(layOut('{"a":1,}')).toBe('{"a":1,}')
  expect(layOut('plain words')).toBe('plain words')
})
