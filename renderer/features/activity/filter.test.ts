import { expect, test } from 'vitest'
import type { AuditRow } from '../../../contract/audit.ts'
import { asked, narrowest, passes, readFilter, withMember } from './filter.ts'

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
  },
}

test('an address becomes a filter and what is not understood is left out', () => {
  expect(readFilter({ kind: 'call', client: 'cursor', range: 'hour', text: 12, outcome: {}, other: 'y' })).toEqual({
    kind: 'call',
    client: 'cursor',
    range: 'hour',
    text: '12',
  })
  expect(readFilter({ kind: 'nonsense', range: 'constructor', text: '' })).toEqual({})
})

test('the kind call asks for all rows of a call', () => {
  expect(asked({ kind: 'call', range: 'hour' }, 4_000_000, 9)).toEqual({
    kinds: ['call', 'approval', 'result'],
    since: 400_000,
    before: 9,
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
