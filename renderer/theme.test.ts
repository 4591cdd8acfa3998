import { expect, test } from 'vitest'
import { glyphs, grounds, lines, others, softs, texts } from './tokens.ts'

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5]
    .map(at => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

const schemes = [
  ['light', 0],
  ['dark', 1],
] as const

for (const [scheme, at] of schemes) {
  test(`${scheme}: every text colour reads on every ground`, () => {
    const poor = Object.entries(texts).flatMap(([text, pair]) =>
      Object.entries(grounds)
        .map(([ground, under]) => ({ text, ground, ratio: contrast(pair[at], under[at]) }))
        .filter(({ ratio }) => ratio < 4.5),
    )
    expect(poor).toEqual([])
  })

  test(`${scheme}: every colour reads on its own soft ground`, () => {
    const poor = (['accent', 'green', 'amber', 'red', 'blue'] as const)
      .map(name => ({ name, ratio: contrast(texts[name][at], softs[`${name}-soft`][at]) }))
      .filter(({ ratio }) => ratio < 4.5)
    expect(poor).toEqual([])
  })

  test(`${scheme}: every glyph and control edge is seen on every ground`, () => {
    const poor = Object.entries({ ...glyphs, edge: lines.edge }).flatMap(([glyph, pair]) =>
      Object.entries(grounds)
        .map(([ground, under]) => ({ glyph, ground, ratio: contrast(pair[at], under[at]) }))
        .filter(({ ratio }) => ratio < 3),
    )
    expect(poor).toEqual([])
  })

  test(`${scheme}: the dark button reads`, () => {
    expect(contrast(others.ink[at], others['on-ink'][at])).toBeGreaterThan(4.5)
  })
}
