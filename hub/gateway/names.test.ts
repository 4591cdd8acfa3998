import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exposeNames } from './names.ts'
import { fits } from './templates.ts'

const slug = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$/)
const names = fc.array(fc.record({ slug, own: fc.string({ maxLength: 200 }) }), { maxLength: 30 })

test('every name is valid and stands for one tool alone, whatever servers call theirs', () => {
  fc.assert(
    fc.property(names, all => {
      const exposed = exposeNames(all)
      for (const name of exposed) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
      const tools = new Set(all.map(n => JSON.stringify([n.slug, n.own])))
      expect(new Set(exposed).size).toBe(tools.size)
    }),
    { numRuns: 1_000 },
  )
})

test('names are the same each time, in whatever order servers come', () => {
  fc.assert(
    fc.property(names, all => {
      const back = exposeNames([...all].reverse()).reverse()
      expect(back).toEqual(exposeNames(all))
    }),
  )
})

test('a plain name is the slug and the name; a server cannot take the name another one gets by its hash', () => {
  expect(exposeNames([{ slug: 'my-files', own: 'read_file' }])).toEqual(['my-files_read_file'])
  const [hashed] = exposeNames([{ slug: 'a', own: 'x.y' }])
  expect(hashed).toMatch(/^a_x_y_[0-9a-f]{8}$/)
  const squatted = hashed!.slice(2)
  const both = exposeNames([
    { slug: 'a', own: 'x.y' },
    { slug: 'a', own: squatted },
  ])
  expect(both[1]).toBe(`a_${squatted}`)
  expect(both[0]).not.toBe(both[1])
})

test.each([
  ['note://{id}/text', 'note://1/text', true],
  ['note://{id}/text', 'note://1/2/text', false],
  ['note://{id}/text', 'note:///text', true],
  ['file:///{+path}', 'file:///a/b/c', true],
  ['q://x{?a,b}', 'q://x?a=1&b=2', true],
  ['a.c', 'abc', false],
  ['a(b', 'a(b', true],
  ['{', '{', true],
])('template %s and %s: %s', (template, uri, expected) => {
  expect(fits(template, uri)).toBe(expected)
})

test('no template makes matching slow', () => {
  const began = Date.now()
  fits(`${'{+a}'.repeat(50)}x`, 'a'.repeat(8_000))
  expect(Date.now() - began).toBeLessThan(30_000)
})
