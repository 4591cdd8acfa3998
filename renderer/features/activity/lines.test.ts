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

const asked = (seq: number) =>
  row(seq, {
    kind: 'approval',
    what: 'approval/asked',
    correlation: 'a',
    by: 'gatehouse',
    ...who,
    decision: decision('ask'),
  })

test('a call, the answer of a person and its end are one line, where the call stands', () => {
  const rows = [
    asked(1),
    row(2, { kind: 'server', what: 'server/started', server: 'files' }),
    row(3, {
      kind: 'call',
      what: 'call/allowed',
      correlation: 'a',
      by: 'window:w1',
      ...who,
      decision: decision('ask'),
    }),
    row(4, { kind: 'result', what: 'call/ended', correlation: 'a', ...who, outcome: 'ok', durationMs: 12 }),
  ]
  expect(brief(rows)).toEqual([
    [2, null, null, null, null, null],
    [1, 'delete_file', 'allow', 'window:w1', 'ok', 12],
  ])
  expect(brief([...rows].reverse())).toEqual(brief(rows))
})

test('a call that still waits says ask; denied and expired say who', () => {
  const ended = (by: string, outcome: 'denied' | 'expired') =>
    row(2, { kind: 'call', what: 'call/denied', correlation: 'a', by, ...who, decision: decision('ask'), outcome })
  expect(brief([asked(1)])).toEqual([[1, 'delete_file', 'ask', 'gatehouse', null, null]])
  expect(brief([asked(1), ended('window:w1', 'denied')])).toEqual([
    [1, 'delete_file', 'deny', 'window:w1', 'denied', null],
  ])
  expect(brief([asked(1), ended('clock', 'expired')])).toEqual([[1, 'delete_file', 'deny', 'clock', 'expired', null]])
})

test('an erased row is a line that says so', () => {
  expect(joinRows([row(7, null)]).map(l => [l.seq, l.what, l.erased])).toEqual([[7, 'erased', true]])
})

test('rows that come twice count once', () => {
  const one = row(1, null)
  expect(mergeRows([one], [row(3, null), one, row(2, null)]).map(r => r.seq)).toEqual([3, 2, 1])
})
