// The same as audit-killed.test.ts, 200 times.
import { expect, test } from 'vitest'
import { killTheHub } from './kill-the-hub.ts'

test('a hub killed 200 times among changing calls has recorded each that was executed', async () => {
  const { executed, recorded, problems } = await killTheHub(200)
  console.log(`${executed.length} changes executed, ${recorded.size} recorded`)
  expect(problems).toEqual([])
  expect(executed.length).toBeGreaterThan(200)
  expect(executed.filter(one => !recorded.has(one))).toEqual([])
  expect(new Set(executed).size).toBe(executed.length)
}, 1_800_000)
