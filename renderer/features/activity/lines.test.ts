import { expect, test } from 'vitest'
import type { AuditEvent, AuditRow } from '../../../contract/audit.ts'
import { joinRows, mergeRows } from './lines.ts'

const row = (seq: number, event: AuditEvent | null): AuditRow => ({
  seq,
  time: seq * 1000,
  event,
  contentHash: 'c',
  hash: 'h',
})
const decision = (effect: string) => ({ effect, risk: 'destroys', rule: null, ruleText: null, reasons: [] })
const who = { client: 'claude-code', server: 'files', tool: 'delete_file' }
const brief = (rows: AuditRow[]) =>
  joinRows(rows).map(l => [l.seq, l.tool, l.decision?.effect ?? null, l.decision?.by ?? null, l.outcome, l.durationMs])

test('a call, its answer by a person and its result are one line, where the call stands', () => {
  const rows = [
    row(1, { kind: 'call', what: 'call/asked', correlation: 'a', ...who, decision: decision('ask') }),
    row(2, { kind: 'server', what: 'server/started', server: 'files' }),
    row(3, { kind: 'approval', what: 'approval/allowed', correlation: 'a', by: 'window:w1' }),
    row(4, { kind: 'result', what: 'call/answered', correlation: 'a', outcome: 'ok', durationMs: 12 }),
  ]
  expect(brief(rows)).toEqual([
    [2, null, null, null, null, null],
    [1, 'delete_file', 'allow', 'window:w1', 'ok', 12],
  ])
  expect(brief([...rows].reverse())).toEqual(brief(rows))
})

test('a call that still waits says ask; denied and expired say who', () => {
  const ask = row(1, { kind: 'call', what: 'call/asked', correlation: 'a', ...who, decision: decision('ask') })
  expect(brief([ask])).toEqual([[1, 'delete_file', 'ask', null, null, null]])
  const denied = row(2, {
    kind: 'approval',
    what: 'approval/denied',
    correlation: 'a',
    by: 'window:w1',
    outcome: 'denied',
  })
  expect(brief([ask, denied])).toEqual([[1, 'delete_file', 'deny', 'window:w1', 'denied', null]])
  const late = row(2, { kind: 'approval', what: 'approval/expired', correlation: 'a', by: 'clock', outcome: 'expired' })
  expect(brief([ask, late])).toEqual([[1, 'delete_file', 'deny', 'clock', 'expired', null]])
})

test('an erased row is a line that says so', () => {
  expect(joinRows([row(7, null)]).map(l => [l.seq, l.what, l.erased])).toEqual([[7, 'erased', true]])
})

test('rows that come twice count once', () => {
  const one = row(1, null)
  expect(mergeRows([one], [row(3, null), one, row(2, null)]).map(r => r.seq)).toEqual([3, 2, 1])
})
