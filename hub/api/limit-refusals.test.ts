import { expect, test } from 'vitest'
import type { AuditEvent } from '../../contract/audit.ts'
import { limitRefusals } from './limit-refusals.ts'

test('a flood of refusals is cut and said so, once a minute; everything else is always recorded', async () => {
  const rows: string[] = []
  let at = 0
  const audit = limitRefusals({ append: async (event: AuditEvent) => void rows.push(event.what) }, () => at)
  const knock = () => audit.append({ kind: 'refused', what: 'knock' }, { durable: false })
  for (let n = 0; n < 1000; n++) await knock()
  expect([rows.length, rows.at(-1)]).toEqual([201, 'refused/flood'])
  await audit.append({ kind: 'window', what: 'window/paired' }, { durable: true })
  expect(rows.at(-1)).toBe('window/paired')
  at = 60_000
  await knock()
  expect(rows.at(-1)).toBe('knock')
})
