import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SqliteState } from '../kit/state-sqlite.ts'
import { Spending } from './spending.ts'

const MOVEMENT = { what: 'test charged', amount: 600, currency: 'USD' }
let state: SqliteState
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-21T23:59:59Z') })
  state = new SqliteState(':memory:', 'payments')
})
afterEach(async () => {
  vi.useRealTimers()
  await state.close()
})

test('a day has its room once, however the clock jumps and whichever replica asks', async () => {
  const [one, two] = [0, 1].map(() => new Spending(state, new Map([['USD', 1000]]))) as [Spending, Spending]
  const may = (spending: Spending, key: string) =>
    spending.reserve({ ...MOVEMENT, key }).then(
      () => true,
      () => false,
    )
  expect(await Promise.all([may(one, 'a-0'), may(two, 'b-0')])).toContain(false)
  vi.setSystemTime(Date.parse('2026-11-22T00:00:01Z'))
  expect([await may(two, 'c-0'), await may(one, 'd-0')]).toEqual([true, false])
  // Set back: that day is as full as it was.
  vi.setSystemTime(Date.parse('2026-11-21T12:00:00Z'))
  expect([await may(one, 'e-0'), await may(two, 'f-0')]).toEqual([false, false])
})

test('charges, refunds, test, live and each currency have a room of their own; what is given back is room again', async () => {
  const most = new Map([
    ['USD', 1000],
    ['EUR', 1000],
  ])
  const spending = new Spending(state, most)
  for (const [n, more] of [{}, { what: 'test refunded' }, { what: 'live charged' }, { currency: 'EUR' }].entries())
    await spending.reserve({ ...MOVEMENT, key: `k-${n}`, ...more })
  await expect(spending.reserve({ ...MOVEMENT, key: 'k', currency: 'GBP' })).rejects.toThrow('limit of 0.00 GBP')
  await expect(spending.check({ ...MOVEMENT, key: 'l' })).rejects.toThrow('6.00 USD are used')
  const small = { ...MOVEMENT, amount: 400, key: 'm' }
  const giveBack = await spending.reserve(small)
  await expect(spending.check({ ...MOVEMENT, amount: 1, key: 'n' })).rejects.toThrow('10.00 USD are used')
  await giveBack()
  await spending.check({ ...MOVEMENT, amount: 400, key: 'n' })
})
