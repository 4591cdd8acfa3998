// kill -9 of hubs at random moments, 200 times: no change was executed without its record, and every log is whole.
import { expect, test } from 'vitest'
import { killHubsSideBySide } from './kill-the-hub.ts'

const HUBS = 10
const KILLS = 20

test(`${HUBS} hubs killed ${KILLS} times among changing calls have recorded each that was executed`, async () => {
  const { executed, recorded, problems } = await killHubsSideBySide(KILLS, HUBS)
  console.log(`${executed.length} changes executed, ${recorded.size} recorded`)
  expect(problems).toEqual([])
  expect(executed.length).toBeGreaterThan(HUBS * KILLS)
  expect(executed.filter(one => !recorded.has(one))).toEqual([])
  expect(new Set(executed).size).toBe(executed.length)
}, 900_000)
