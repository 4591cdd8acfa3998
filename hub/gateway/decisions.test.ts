// What policy says of one call is kept while nothing changes, and not a moment longer.
import { afterEach, expect, test, vi } from 'vitest'
import type { Rule } from '../../contract/policy.ts'
import { Decisions } from './decisions.ts'

afterEach(() => {
  vi.useRealTimers()
})

const call = {
  client: { id: 'c', title: 'C', says: null },
  server: { id: 's', name: 'files', slug: 'files', enabled: true },
  method: 'tools/call',
  tool: 'write',
  entry: null,
  argumentsText: '{}',
}

function decisions(rules: Rule[]) {
  let policy = { preset: 'careful' as const, readOnly: false, rules }
  const book = new Decisions({
    policy: { current: () => policy },
    isTrusted: () => false,
    isHeld: () => false,
    profiles: { of: () => null },
  })
  return { book, set: (next: Rule[]) => (policy = { ...policy, rules: next }) }
}

test.each([
  ['allow', 'ask'],
  ['deny', 'ask'],
] as const)('a rule to %s that ends while its call is on the way counts no more for it', (effect, after) => {
  vi.useFakeTimers({ now: 1000 })
  const { book } = decisions([{ id: '1', effect, until: 2000 }])
  expect(book.of(call).effect).toBe(effect)
  vi.setSystemTime(1999)
  expect(book.of(call).effect).toBe(effect)
  vi.setSystemTime(2000)
  expect(book.of(call).effect).toBe(after)
})

test('a rule that is written while its call is on the way counts for it', () => {
  const { book, set } = decisions([{ id: '1', effect: 'allow' }])
  expect(book.of(call).effect).toBe('allow')
  set([{ id: '2', effect: 'deny' }])
  expect(book.of(call).effect).toBe('deny')
})
