import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lines, type TooLong } from './lines.ts'

function read(chunks: Buffer[], limit = 1_000) {
  const lines: string[] = []
  const long: TooLong[] = []
  const one = new Lines(
    limit,
    line => lines.push(line.toString()),
    line => long.push(line),
  )
  for (const chunk of chunks) one.push(chunk)
  return { lines, long, rest: one.end()?.toString() ?? null }
}

test('however the bytes are cut, the lines are the same', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), fc.array(fc.nat(20)), (words, cuts) => {
      const text = words.map(word => word.replaceAll(/[\r\n]/g, '')).join('\n')
      let rest = Buffer.from(text)
      const chunks = cuts.map(size => {
        const chunk = rest.subarray(0, size)
        rest = rest.subarray(size)
        return chunk
      })
      const { lines, rest: last } = read([...chunks, rest], 1e6)
      expect([...lines, last ?? ''].join('\n')).toBe(text)
    }),
  )
})

test('a line over the limit is dropped whole, its ends are kept, and the next line is whole again', () => {
  const { lines, long } = read([Buffer.from('a\n1234'), Buffer.from('5678901'), Buffer.from('2END\nb\n')], 10)
  expect(lines).toEqual(['a', 'b'])
  expect(long.map(line => [line.bytes, line.head.toString(), line.tail.toString()])).toEqual([
    [15, '12345678901', '123456789012END'],
  ])
})

test('a line of 200 MB holds no more than its limit in memory', () => {
  const chunk = Buffer.alloc(1_000_000, 'x')
  const one = new Lines(
    2_000_000,
    () => {},
    () => {},
  )
  const before = process.memoryUsage()
  for (let n = 0; n < 200; n++) one.push(chunk)
  const after = process.memoryUsage()
  expect(after.rss - before.rss).toBeLessThan(50_000_000)
})

test('a return before the line end belongs to it', () => {
  expect(read([Buffer.from('a\r\n\r\nb\r')])).toMatchObject({ lines: ['a', ''], rest: 'b\r' })
})
