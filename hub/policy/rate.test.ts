// Calls in a minute: the lowest limit that fits counts, for each client and tool on its own; a flood is told once.
import { expect, test } from 'vitest'
import { Rate } from './rate.ts'

const call = { client: 'cursor', server: 's', tool: 'a' }

test('over the limit it says when to try again, once to the log; a minute later it goes on', () => {
  const rate = new Rate()
  const take = (now: number, one = call) => rate.take(one, [{ perMinute: 2 }, { perMinute: 100 }], now)
  expect([take(0).kind, take(10).kind]).toEqual(['within', 'within'])
  expect(take(1000)).toEqual({ kind: 'over', perMinute: 2, retryInMs: 59_000, isFirst: true })
  expect(take(2000)).toMatchObject({ isFirst: false })
  expect(take(2000, { ...call, tool: 'b' }).kind).toBe('within')
  expect(take(2000, { ...call, client: 'claude' }).kind).toBe('within')
  expect(take(60_000).kind).toBe('within')
})

test('limits by client, server and tool', () => {
  const limits = [{ client: 'c*', server: 's', tool: 'a*', perMinute: 1 }]
  const twice = (one: typeof call) => {
    const rate = new Rate()
    rate.take(one, limits, 0)
    return rate.take(one, limits, 1).kind
  }
  expect(twice(call)).toBe('over')
  expect(twice({ ...call, client: 'x' })).toBe('within')
  expect(twice({ ...call, server: 't' })).toBe('within')
  expect(twice({ ...call, tool: 'b' })).toBe('within')
})

test('made-up names make no room for one that is over', () => {
  const rate = new Rate()
  const limits = [{ perMinute: 1 }]
  rate.take(call, limits, 0)
  rate.take(call, limits, 1)
  for (let n = 0; n < 12_000; n++) rate.take({ ...call, tool: `t${n}` }, limits, 2)
  expect(rate.take(call, limits, 3).kind).toBe('over')
})
