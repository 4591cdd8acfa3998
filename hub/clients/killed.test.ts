import { expect, test } from 'vitest'
import { killWriters } from './fixtures/kill-writers.ts'

test('killed at any point of a write, the file holds old or new bytes, and the next start leaves no trace', async () => {
  const seen = await killWriters(60, ({ rounds, unfinished }) => rounds >= 4 && unfinished > 0)
  console.log('killed:', JSON.stringify({ ...seen, formats: [...seen.formats] }))
  // The kill must have hit the middle of a write, or this shows nothing.
  expect(seen.unfinished).toBeGreaterThan(0)
}, 120_000)
