import { expect, test } from 'vitest'
import { type Chart, chartOf, svgOf } from './chart.ts'

const MINUTE = 60_000
const START = Date.UTC(2026, 10, 21, 10)
const at = (values: readonly (number | null)[]) => values.map((value, n) => ({ at: START + n * MINUTE, value }))
const chart = (values: readonly (number | null)[], more: Partial<Chart> = {}): Chart => ({
  title: 'CPU',
  series: [{ name: '', points: at(values) }],
  ...more,
})
/** Pieces of the line, and dots. */
async function drawn(given: Chart) {
  const svg = (await svgOf(given))!
  const [, path = ''] = svg.match(/<path d="([^"]*)"/)!
  return { pieces: path.split('M').length - 1, dots: svg.split('<circle').length - 1, svg }
}

test('a chart is a PNG of its size; what it says and shows is in it', async () => {
  const pictureOf = async (given: Chart) => Buffer.from((await chartOf(given))!.data, 'base64')
  const png = await pictureOf(chart([1, 5, 3, 8, 2]))
  expect(png.subarray(1, 4).toString()).toBe('PNG')
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([760, 340])
  expect(png.length).toBeLessThan(60_000)
  expect(png.equals(await pictureOf(chart([1, 5, 3, 8, 2])))).toBe(true)
  expect(png.equals(await pictureOf(chart([1, 5, 4, 8, 2])))).toBe(false)
  expect(png.equals(await pictureOf(chart([1, 5, 3, 8, 2], { title: 'GPU' })))).toBe(false)
})

test('where nothing was measured there is no line; a value alone is a dot; order does not matter', async () => {
  expect(await drawn(chart([1, 2, 3, 4]))).toMatchObject({ pieces: 1, dots: 0 })
  expect(await drawn(chart([1, 2, null, 4, null, 6, 7]))).toMatchObject({ pieces: 3, dots: 1 })
  expect(await drawn(chart([1, Number.NaN, 3, 4, Infinity, 5, 6]))).toMatchObject({ pieces: 3, dots: 1 })
  const missing = at([1, 2, 3, 4, 5, 6]).filter((_, n) => n !== 3)
  const series = [{ name: '', points: missing.toReversed() }]
  expect(await drawn(chart([], { series, stepMs: MINUTE }))).toMatchObject({ pieces: 2, dots: 0 })
  expect(await drawn(chart([], { series }))).toMatchObject({ pieces: 1 })
  expect(await chartOf(chart([null, Number.NaN]))).toBeNull()
  expect(await chartOf(chart([], { series: [] }))).toBeNull()
})

test('an axis that does not begin at 0 says so; times are UTC; series that are not drawn are counted', async () => {
  expect((await drawn(chart([99.5, 99.8]))).svg).toContain('does not begin at 0')
  const low = (await drawn(chart([1, 80], { unit: 'Percent' }))).svg
  expect(low).toContain('>Percent</text>')
  expect(low).toContain('>2026-11-21 10:00:00 – 10:01:00 UTC</text>')
  const series = Array.from({ length: 11 }, (_, n) => ({ name: `host ${n}`, points: at([n, n + 1]) }))
  const many = (await drawn(chart([], { series, from: START - 86_400_000 }))).svg
  expect(many.split('<path').length - 1).toBe(8)
  expect(many).toContain('>and 3 more, not drawn</text>')
  expect(many).toContain('2026-11-20 10:00 – 2026-11-21 10:01 UTC')
})

test.each([
  ['<script>"&\u0000\u0007\ud800\uffff</text>', 'signs XML may not hold'],
  ['x'.repeat(100_000), 'a very long name'],
  ['指标 µ ∑ 🙂', 'letters of other scripts'],
])('names are drawn as they are and break nothing: %#', async name => {
  const hostile = chart([], { title: name, unit: name, series: [{ name, points: at([1, 2]) }] })
  const { svg } = await drawn(hostile)
  expect(svg).not.toMatch(/<script|x{200}/)
  expect(await chartOf(hostile)).not.toBeNull()
})

test.each([[[1e-12, 3e-12]], [[0, 0]], [[-5, -4]], [[1e300, 2e300]], [[5]], [[-1, 1]], [[9_999, 10_001]]])(
  'any numbers have readable, different marks: %j',
  async values => {
    const { svg } = await drawn(chart(values))
    const marks = [...svg.matchAll(/text-anchor="end"[^>]*>(-?[\d.]+\S*)<\/text>/g)].map(match => match[1])
    expect(marks.length).toBeGreaterThan(2)
    expect(new Set(marks).size).toBe(marks.length)
    expect(svg).not.toContain('NaN')
  },
)
