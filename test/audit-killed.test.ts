// kill -9 of a whole hub at random moments: no change was executed without its record, and the log is whole.
import { expect, test } from 'vitest'
import { killTheHub } from './kill-the-hub.ts'

test('a hub killed 5 times among changing calls has recorded each that was executed', async () => {
  const { executed, recorded, problems } = await killTheHub(5)
  expect(problems).toEqual([])
  expect(executed.length).toBeGreaterThan(5)
  expect(executed.filter(one => !recorded.has(one))).toEqual([])
  expect(new Set(executed).size).toBe(executed.length)
}, 240_000)
