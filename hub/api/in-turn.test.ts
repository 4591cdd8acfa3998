import { expect, test } from 'vitest'
import { inTurn } from './in-turn.ts'

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

test('one at a time, in order; one that fails or was given up holds up nobody; a flood is turned away', async () => {
  const ask = inTurn()
  const { signal } = new AbortController()
  const seen: string[] = []
  const work = (name: string) => async () => {
    seen.push(`${name} begins`)
    await pause(5)
    seen.push(`${name} ends`)
    if (name === 'b') throw new Error('b failed')
    return name
  }
  const all = [
    ask(signal, work('a')),
    ask(signal, work('b')),
    ask(AbortSignal.abort(), work('gone')),
    ask(signal, work('c')),
  ]
  const flood = Array.from({ length: 17 }, () => ask(signal, work('x')))
  const settled = await Promise.allSettled([...all, ...flood])
  expect(settled.map(one => one.status[0]).join('')).toBe(`frrf${'f'.repeat(16)}r`)
  expect(settled.at(-1)).toMatchObject({ reason: { code: 'hub/busy' } })
  expect(seen.slice(0, 6)).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  expect(await ask(signal, work('later'))).toBe('later')
})
