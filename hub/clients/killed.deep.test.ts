import { expect, test } from 'vitest'
import { killWriters } from './fixtures/kill-writers.ts'

test('killed 100 times at any point of writes in every format, no file is damaged and no trace left', async () => {
  const seen = await killWriters(300, ({ rounds, formats }) => rounds >= 100 && formats.size === 3, 4)
  console.log('killed:', JSON.stringify({ ...seen, formats: [...seen.formats] }))
  expect(seen.rounds).toBeGreaterThanOrEqual(100)
  expect(seen.unfinished).toBeGreaterThan(5)
  expect([...seen.formats].sort()).toEqual(['json', 'toml', 'yaml'])
}, 600_000)
