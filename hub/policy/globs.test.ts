import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitsName } from './globs.ts'

test.each<[string, string, boolean]>([
  ['a*', 'a', true],
  ['*', '', true],
  ['', '', true],
  ['', 'a', false],
  ['*_file', 'read_file', true],
  ['*_file', 'read_files', false],
  ['r??d*', 'read_file', true],
  ['a*b*c', 'aXbbYc', true],
  ['a*b*c', 'aXbbY', false],
  ['a.c', 'abc', false],
  ['resources/*', 'resources/templates/list', true],
  ['**', 'a', true],
  ['A*', 'abc', false],
])('%s on %s: %s', (glob, name, expected) => {
  expect(fitsName(glob, name)).toBe(expected)
})

test('a glob fits what the same regular expression fits', () => {
  const text = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 })
  fc.assert(
    fc.property(text('ab*?'), text('ab*?'), (glob, name) => {
      const pattern = glob.replaceAll('*', '.*').replaceAll('?', '.')
      expect(fitsName(glob, name)).toBe(new RegExp(`^${pattern}$`).test(name))
    }),
    { numRuns: 3000 },
  )
})
