// Which numbers say all that was written, also long ones made to hold the server up.
import { expect, test } from 'vitest'
import { isExact } from './exact.ts'

test.each([
  ['1', true],
  ['-0.0120e5', true],
  ['0.000', true],
  ['1e400', false],
  ['1e-400', false],
  ['9007199254740993', false],
  ['12345678901234567890000', false],
  ['10000000000000000000000', true],
  ['0.1234567890123456789', false],
] as const)('%s: %s', (source, is) => {
  expect(isExact(source, Number(source))).toBe(is)
})

test('a million digits are looked at once', () => {
  const source = `0.1${'0'.repeat(1_000_000)}1`
  expect(isExact(source, Number(source))).toBe(false)
})
