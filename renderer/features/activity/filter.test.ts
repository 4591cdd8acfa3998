import { expect, test } from 'vitest'
import type { AuditRow } from '../../../contract/audit.ts'
import { addressOf, asked, narrowest, passes, readFilter, withMember } from './filter.ts'

const row: AuditRow = {
  seq: 5,
  time: 10_000,
  contentHash: '',
  hash: '',
  event: {
    kind: 'call',
    what: 'call/allowed',
    client: 'cursor',
    server: 'srv_a',
    tool: 'read',
    detail: 'Über den Fluss',
    decision: { effect: 'allow', risk: 'reads', rule: null, ruleText: null, reasons: [] },
    durationMs: 250,
  },
}

test('an address becomes a filter and what is not understood is left out', () => {
  expect(readFilter({ kind: 'call', client: 'cursor', range: 'hour', text: 12, outcome: {}, other: 'y' })).toEqual({
    kind: 'call',
    client: 'cursor',
    range: 'hour',
    text: '12',
  })
  expect(readFilter({ kind: 'nonsense', range: 'constructor', text: '', took: 'toString', from: 5, to: 'x' })).toEqual(
    {},
  )
  const picked = { from: 1_000, to: 2_000, range: 'hour', decision: 'ask', took: 'over-1000' }
  const filter = readFilter(picked)
  expect(filter).toEqual({ span: { from: 1_000, to: 2_000 }, decision: 'ask', took: 'over-1000' })
  expect(readFilter(addressOf(filter))).toEqual(filter)
})

test('the kind call asks for all rows of a call', () => {
  expect(asked({ kind: 'call', range: 'hour' }, 4_000_000, 9)).toEqual({
    kinds: ['call', 'approval', 'result'],
    since: 400_000,
    before: 9,
    limit: 500,
  })
})

test('words are looked for by their beginnings, durations and spans as they were picked', () => {
  expect(asked({ text: ' delete pod*', took: 'under-100', span: { from: 5.5, to: 9.1 } }, 0)).toEqual({
    text: 'delete* pod*',
    maxMs: 99,
    since: 5,
    until: 10,
    limit: 500,
  })
})

test.each([
  [{}, true],
  [{ kind: 'call' }, true],
  [{ kind: 'server' }, false],
  [{ client: 'cursor', server: 'srv_a', tool: 'read' }, true],
  [{ client: 'claude' }, false],
  [{ outcome: 'ok' }, false],
  [{ text: 'über' }, true],
  [{ text: 'uber flu' }, true],
  [{ text: 'luss' }, false],
  [{ decision: 'allow' }, true],
  [{ decision: 'deny' }, false],
  [{ took: 'over-100' }, true],
  [{ took: 'over-1000' }, false],
  [{ took: 'under-100' }, false],
  [{ span: { from: 9_000, to: 10_000 } }, true],
  [{ span: { from: 9_000, to: 9_999 } }, false],
  [{ text: 'bridge' }, false],
] as const)('a row that arrives is held against %o: %s', (filter, answer) => {
  expect(passes(row, asked(filter, 10_000))).toBe(answer)
})

test('the narrowest member is given up first', () => {
  const filter = { range: 'hour', client: 'a', tool: 't' } as const
  expect([narrowest(filter), narrowest(withMember(filter, 'tool', undefined)), narrowest({})]).toEqual([
    'tool',
    'client',
    null,
  ])
})
