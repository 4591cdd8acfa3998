import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Rule } from '../../contract/policy.ts'
import { decide } from './decide.ts'
import { calls, policies, rank, rules } from './policy.arbitrary.ts'
import { CAREFUL, type PolicyState, tightens, withoutRule, withRule } from './policy-state.ts'

const state = (rules: Omit<Rule, 'id'>[], rest: Partial<PolicyState> = {}): PolicyState => ({
  ...CAREFUL,
  ...rest,
  rules: rules.map((rule, n) => ({ ...rule, id: String(n + 1) })),
})
const deny = { effect: 'deny' as const, tool: 'drop_*' }
const allow = { effect: 'allow' as const, tool: 'read_file' }
const ask = { effect: 'ask' as const, tool: 'read_file' }

test.each<[string, PolicyState, PolicyState, boolean]>([
  ['nothing changes', state([deny]), state([deny]), true],
  ['a deny comes', state([]), state([deny]), true],
  ['an ask comes', state([]), state([ask]), true],
  ['an allow comes', state([]), state([allow]), false],
  ['an allow goes', state([allow]), state([]), true],
  ['a deny goes', state([deny]), state([]), false],
  ['an ask goes', state([ask]), state([]), false],
  ['an ask becomes a deny', state([ask]), state([{ ...ask, effect: 'deny' }]), true],
  ['a deny becomes an ask', state([deny]), state([{ ...deny, effect: 'ask' }]), false],
  ['a deny becomes wider', state([{ ...deny, client: 'x' }]), state([deny]), true],
  ['a deny becomes narrower', state([deny]), state([{ ...deny, client: 'x' }]), false],
  ['a deny gets an end', state([deny]), state([{ ...deny, until: 9 }]), false],
  ['a deny loses its end', state([{ ...deny, until: 9 }]), state([deny]), true],
  ['an allow gets an end', state([allow]), state([{ ...allow, until: 9 }]), true],
  ['an allow lives longer', state([{ ...allow, until: 9 }]), state([{ ...allow, until: 10 }]), false],
  ['a narrower allow comes beside a wide one', state([allow]), state([allow, { ...allow, server: 's' }]), false],
  ['only a note changes', state([{ ...allow, note: 'a' }]), state([{ ...allow, note: 'b' }]), true],
  ['read-only on', state([]), state([], { readOnly: true }), true],
  ['read-only off', state([], { readOnly: true }), state([]), false],
  ['careful to balanced', state([]), state([], { preset: 'balanced' }), false],
  ['balanced to careful', state([], { preset: 'balanced' }), state([]), true],
  ['careful to read-only', state([]), state([], { preset: 'read-only' }), true],
  ['custom to read-only', state([], { preset: 'custom' }), state([], { preset: 'read-only' }), false],
  ['read-only to custom', state([], { preset: 'read-only' }), state([], { preset: 'custom' }), false],
  ['one thing tightens, another loosens', state([]), state([allow, deny]), false],
])('%s', (_, before, after, expected) => {
  expect(tightens(before, after)).toBe(expected)
})

// Small edits, so that many pairs do tighten.
const edited = fc
  .tuple(
    policies,
    policies,
    fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    fc.array(rules, { maxLength: 2 }),
    fc.nat(3),
  )
  .map(([before, other, keep, added, which]) => ({
    before,
    after: {
      ...before,
      ...(which === 0 ? { preset: other.preset } : which === 1 ? { readOnly: other.readOnly } : {}),
      rules: [...before.rules.filter((_, n) => keep[n]), ...added],
    },
  }))

test('what is said to tighten lets no call through more gently, at any time', () => {
  let tightened = 0
  fc.assert(
    fc.property(
      edited,
      fc.array(calls, { minLength: 5, maxLength: 5 }),
      fc.integer({ min: 0, max: 41 }),
      ({ before, after }, some, now) => {
        if (!tightens(before, after)) return
        tightened++
        for (const one of some)
          expect(rank(decide(one, after, now))).toBeGreaterThanOrEqual(rank(decide(one, before, now)))
      },
    ),
    { numRuns: 6000 },
  )
  expect(tightened).toBeGreaterThan(300)
})

test('numbers of rules are never used again', () => {
  const one = withRule(CAREFUL, deny)
  const two = withRule(withoutRule(one, '1'), allow)
  expect([one.rules.map(rule => rule.id), two.rules.map(rule => rule.id)]).toEqual([['1'], ['2']])
  expect(withRule({ ...CAREFUL, rules: [{ ...deny, id: '1' }] }, allow).rules.map(rule => rule.id)).toEqual(['1', '2'])
})

test('a rule with a pattern that is not RE2 is refused with the reason', () => {
  const rule = { ...deny, arguments: [{ path: 'q', pattern: '(?=x)' }] }
  expect(() => withRule(CAREFUL, rule)).toThrow(/\(\?=x\) cannot be used/)
  expect(() => withoutRule(state([deny]), '7')).toThrow('There is no rule 7.')
})
