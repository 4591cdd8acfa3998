import { expect, test } from 'vitest'
import type { AuditEvent, AuditRow } from '../../../contract/audit.ts'
import { histories, p95, sum } from './buckets.ts'
import { joinRows } from './lines.ts'
import { decisionWords, factWords, shortHash, subjectWords, whoIs } from './words.ts'

const row = (seq: number, event: AuditEvent): AuditRow => ({ seq, time: seq * 1000, event, contentHash: '', hash: '' })
const call = (seq: number, id: string, effect: string, rule: string | null = null) =>
  row(seq, {
    kind: 'call',
    what: 'call/x',
    by: rule ?? 'gatehouse',
    correlation: id,
    tool: 't',
    decision: { effect, risk: 'writes', rule, ruleText: null, reasons: [] },
  })
const words = (now: number, ...rows: AuditRow[]) => {
  const { word, by } = decisionWords(joinRows(rows)[0]!, now)
  return `${word} ${by}`
}

test('a decision names who: a rule, you, the clock, or nobody yet', () => {
  const end = (what: string, by: string, outcome?: 'denied' | 'expired'): AuditRow =>
    row(2, { kind: 'call', what, correlation: 'a', by, ...(outcome ? { outcome } : {}) })
  const told = row(2, { kind: 'approval', what: 'approval/client-told-to-wait', correlation: 'a', by: 'clock' })
  expect([
    words(0, call(1, 'a', 'allow')),
    words(0, call(1, 'a', 'deny', 'r1'), end('call/denied', 'r1', 'denied')),
    words(2000, call(1, 'a', 'ask')),
    words(2_000_000, call(1, 'a', 'ask')),
    words(2000, call(1, 'a', 'ask'), told),
    words(0, call(1, 'a', 'ask'), end('call/allowed', 'window:w')),
    words(0, call(1, 'a', 'ask'), end('call/denied', 'clock', 'expired')),
  ]).toEqual([
    'Allowed by the preset',
    'Denied by rule r1',
    'Waits for you',
    'Asked you',
    'Asked you, the client did not wait',
    'Allowed by you',
    'Denied no answer',
  ])
})

test('who and what in words', () => {
  expect([
    whoIs('window:abc'),
    whoIs('cli'),
    whoIs('r7'),
    factWords('server/crash-looping'),
    shortHash('e03f1b9ca6d400007c25'),
  ]).toEqual(['you', 'the command line', 'r7', 'crash looping', 'e03f 1b9c a6d4 … 7c25'])
})

test('what was turned away is said once', () => {
  const said = ({ kind, what }: Pick<AuditEvent, 'kind' | 'what'>) => {
    const line = joinRows([row(1, { kind, what, by: 'x' })])[0]!
    return `${subjectWords(line)} ${factWords(line.what)}`
  }
  expect([
    said({ kind: 'refused', what: 'window/refused' }),
    said({ kind: 'window', what: 'window/pin-set' }),
    said({ kind: 'refused', what: 'refused' }),
  ]).toEqual(['Window refused', 'Window PIN chosen', 'Refused refused'])
})

test('histories count calls where they fell', () => {
  const lines = joinRows([
    call(0, 'a', 'allow'),
    row(1, { kind: 'result', what: 'x', correlation: 'a', outcome: 'error', durationMs: 9 }),
    call(9, 'b', 'ask'),
    row(5, { kind: 'server', what: 'server/started' }),
  ])
  const found = histories(lines, 0, 10_000, 10)
  expect([found.calls[0], found.calls[9], sum(found.calls), sum(found.errors), sum(found.asked), found.p95Ms]).toEqual([
    1, 1, 2, 1, 1, 9,
  ])
  expect([p95([]), p95([5]), p95(Array.from({ length: 100 }, (_, i) => i + 1))]).toEqual([null, 5, 95])
})
