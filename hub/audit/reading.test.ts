import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AuditFilter, type AuditRow } from '../../contract/audit.ts'
import { LogWriter } from './log-writer.ts'
import { Reading } from './reading.ts'

test('the thread that reads is there for questions alone, and questions at its end are answered by the next', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gh-reading-'))
  const writer = new LogWriter(folder)
  writer.open(null, null)
  writer.append([{ time: 1, content: '{"kind":"hub","what":"hub/started"}' }])
  writer.close()
  const reading = new Reading(folder, 20)
  const ask = async () => (await reading.ask<AuditRow[]>({ kind: 'list', filter: AuditFilter.parse({}) })).length
  expect(reading.isThere).toBe(false)
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1])
  await expect.poll(() => reading.isThere, { timeout: 30_000 }).toBe(false)
  for (let n = 0; n < 10; n++) {
    expect(await ask()).toBe(1)
    await new Promise(resolve => setTimeout(resolve, 14 + n))
  }
  const late = ask()
  await reading.close()
  expect(await late).toBe(1)
  expect(reading.isThere).toBe(false)
  rmSync(folder, { recursive: true, force: true })
})
