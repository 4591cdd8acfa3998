import { expect, test } from 'vitest'
import { killWriters } from './fixtures/kill-writers.ts'

test('killed 60 times at any point of a write, no file is damaged and no trace left', async () => {
  const seen = await killWriters(60, () => false)
  console.log('killed:', JSON.stringify(seen))
  expect(seen.unfinished).toBeGreaterThan(5)
})
