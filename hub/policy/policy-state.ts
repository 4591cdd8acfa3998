// The policy as a person accepted it, what a change makes of it, and whether that change can only tighten.
import { z } from 'zod'
import { type ArgumentCondition, Preset, Rule } from '../../contract/policy.ts'
import { HubError } from '../error.ts'
import { checkPattern, isExactName } from './globs.ts'
import { canonical, jsonOf } from './json-value.ts'

/** `lastRule`: the highest number a rule was given; numbers are never used again. */
export const PolicyState = z.object({
  preset: Preset,
  readOnly: z.boolean(),
  rules: z.array(Rule),
  lastRule: z.number(),
})
export type PolicyState = z.infer<typeof PolicyState>

/** What holds where no person has accepted anything yet. */
export const CAREFUL: PolicyState = { preset: 'careful', readOnly: false, rules: [], lastRule: 0 }

const MOST_RULES = 1000

/** The state with one more rule, under the next number. */
export function withRule(state: PolicyState, rule: Omit<Rule, 'id'>): PolicyState {
  checkRule(rule)
  if (state.rules.length >= MOST_RULES)
    throw new HubError('policy/too-many-rules', `There are ${MOST_RULES} rules already.`, {
      hint: 'Remove some first.',
    })
  let lastRule = state.lastRule + 1
  while (state.rules.some(one => one.id === String(lastRule))) lastRule++
  return { ...state, rules: [...state.rules, { ...rule, id: String(lastRule) }], lastRule }
}

export function withoutRule(state: PolicyState, id: string): PolicyState {
  if (!state.rules.some(rule => rule.id === id))
    throw new HubError('policy/rule-unknown', `There is no rule ${id}.`, {
      hint:
        state.rules.length > 0 ? `There are: ${state.rules.map(rule => rule.id).join(', ')}.` : 'There are no rules.',
    })
  return { ...state, rules: state.rules.filter(rule => rule.id !== id) }
}

/** Throws HubError when a rule holds a pattern that cannot be used. */
export function checkRule(rule: Pick<Rule, 'arguments'>): void {
  for (const condition of rule.arguments ?? []) if (condition.pattern !== undefined) checkPattern(condition.pattern)
}

/** What a rule does, without its number and note: two rules with one key are the same rule. */
export function ruleKey(rule: Omit<Rule, 'id'>): string {
  const { note: _, ...rest } = rule
  const counted = Object.entries(rest).filter(([name, value]) => name !== 'id' && value !== undefined)
  return canonical(jsonOf(Object.fromEntries(counted.filter(([name, value]) => name !== 'exactly' || value === true))))
}

/** True only when no call at any time is treated more gently after than before. */
export function tightens(before: PolicyState, after: PolicyState): boolean {
  return (
    (after.readOnly || !before.readOnly) &&
    isStricterPreset(before.preset, after.preset) &&
    after.rules.every(rule => rule.effect !== 'allow' || before.rules.some(old => isWithin(rule, old))) &&
    before.rules.every(old => isKept(old, after.rules))
  )
}

// Custom asks for trusted reads too, which Read-only allows; so neither of them tightens the other.
const STRICTER: Record<Preset, readonly Preset[]> = {
  balanced: ['careful', 'read-only', 'custom'],
  careful: ['read-only', 'custom'],
  'read-only': [],
  custom: [],
}

export function isStricterPreset(before: Preset, after: Preset): boolean {
  return before === after || STRICTER[before].includes(after)
}

// An allow that was there already, at most for as long.
function isWithin(rule: Rule, old: Rule): boolean {
  return sameButTime(rule, old) && lasts(old, rule)
}

// A deny stays while another denies at least the same; an ask while the same ask or a wider deny does. Allows may go.
function isKept(old: Rule, rules: readonly Rule[]): boolean {
  if (old.effect === 'allow') return true
  return rules.some(
    rule =>
      (rule.effect === 'deny' && covers(rule, old)) ||
      (old.effect === 'ask' && sameButTime(rule, old) && lasts(rule, old)),
  )
}

function sameButTime(a: Rule, b: Rule): boolean {
  const key = (rule: Rule) => ruleKey({ ...rule, until: undefined } as Rule)
  return key(a) === key(b)
}

function lasts(longer: Rule, shorter: Rule): boolean {
  return (longer.until ?? Number.POSITIVE_INFINITY) >= (shorter.until ?? Number.POSITIVE_INFINITY)
}

/** Whether a deny fits every call that `other`, a deny or ask, fits. */
function covers(deny: Rule, other: Rule): boolean {
  return (
    lasts(deny, other) &&
    (deny.client === undefined || deny.client === other.client || deny.client === '*') &&
    (deny.server === undefined || deny.server === other.server) &&
    (deny.tool === undefined || deny.tool === other.tool || deny.tool === '*') &&
    (!deny.exactly || (other.exactly === true && sameConditions(deny, other))) &&
    (deny.arguments ?? []).every(one => has(other.arguments, one))
  )
}

function sameConditions(a: Rule, b: Rule): boolean {
  return (
    (a.arguments ?? []).every(one => has(b.arguments, one)) && (b.arguments ?? []).every(one => has(a.arguments, one))
  )
}

function has(conditions: readonly ArgumentCondition[] | undefined, wanted: ArgumentCondition): boolean {
  const key = canonical(jsonOf(wanted))
  return (conditions ?? []).some(one => canonical(jsonOf(one)) === key)
}

/** Names that a rule can hold as they are: nothing in them is read as a glob. */
export function canBeNamed(name: string): boolean {
  return name !== '' && name.length <= 100 && isExactName(name)
}
