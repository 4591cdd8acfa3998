// The policy as a person accepted it, what a change makes of it, and whether that change can only tighten.
import { z } from 'zod'
import {
  type ArgumentCondition,
  type PolicyChange,
  Preset,
  ProtectedValues,
  RateLimit,
  Rule,
} from '../../contract/policy.ts'
import { HubError } from '../error.ts'
import { checkPattern, isExactName } from './globs.ts'
import { canonical, jsonOf } from './json-value.ts'
import { isWithin as isFolderWithin } from './paths.ts'

/** Protected from the start: what people call the things that others rely on. */
const PROTECTED: ProtectedValues = {
  environments: ['prod', 'production'],
  namespaces: ['prod', 'production', 'kube-system'],
  branches: ['main', 'master', 'release/*'],
  buckets: ['prod', 'production', '*-prod', '*-production'],
}
/** As fast as the HTTP gateway answers anybody: a loop that ran away meets it, no honest client does. */
const LIMITS: RateLimit[] = [{ perMinute: 120_000 }]

/** `lastRule`: the highest number a rule was given; numbers are never used again. */
export const PolicyState = z.object({
  preset: Preset,
  readOnly: z.boolean(),
  stopped: z.boolean().default(false),
  rules: z.array(Rule),
  lastRule: z.number(),
  folders: z.array(z.string()).default([]),
  protected: ProtectedValues.default(PROTECTED),
  limits: z.array(RateLimit).default(LIMITS),
})
export type PolicyState = z.infer<typeof PolicyState>

/** What holds where no person has accepted anything yet. */
export const CAREFUL: PolicyState = {
  preset: 'careful',
  readOnly: false,
  stopped: false,
  rules: [],
  lastRule: 0,
  folders: [],
  protected: PROTECTED,
  limits: LIMITS,
}

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

/** The state with another rule under the number of one that goes. */
export function withReplaced(state: PolicyState, id: string, rule: Omit<Rule, 'id'>): PolicyState {
  checkRule(rule)
  withoutRule(state, id)
  return { ...state, rules: state.rules.map(one => (one.id === id ? { ...rule, id } : one)) }
}

/** The state with a value protected, or no longer. */
export function withProtected(state: PolicyState, change: Extract<PolicyChange, { kind: 'protect' }>): PolicyState {
  const others = (state.protected[change.set] ?? []).filter(value => value !== change.value)
  const values = change.on ? [...others, change.value] : others
  const sets = { ...state.protected, [change.set]: values }
  return { ...state, protected: Object.fromEntries(Object.entries(sets).filter(([, some]) => some.length > 0)) }
}

/** The state with a folder named, or no longer. */
export function withFolder(state: PolicyState, { path, on }: Extract<PolicyChange, { kind: 'folder' }>): PolicyState {
  if (!/^(?:\/|~(?:[/\\]|$)|[a-z]:[\\/])/i.test(path))
    throw new HubError('policy/bad-folder', `${path} is not a whole path.`, { hint: 'Name it from / or from ~.' })
  const others = state.folders.filter(folder => folder !== path)
  return { ...state, folders: on ? [...others, path] : others }
}

/** The state with a limit in the place of the one for the same client, server and tool, or without it. */
export function withLimit(state: PolicyState, { limit, on }: Extract<PolicyChange, { kind: 'limit' }>): PolicyState {
  const others = state.limits.filter(one => !isSameLimit(one, limit))
  return { ...state, limits: on ? [...others, limit] : others }
}

function isSameLimit(a: RateLimit, b: RateLimit): boolean {
  return a.client === b.client && a.server === b.server && a.tool === b.tool
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
    (after.stopped || !before.stopped) &&
    isStricterPreset(before.preset, after.preset) &&
    protectsAll(before.protected, after.protected) &&
    isNarrower(before.folders, after.folders) &&
    before.limits.every(old => after.limits.some(one => isSameLimit(one, old) && one.perMinute <= old.perMinute)) &&
    after.rules.every(rule => rule.effect !== 'allow' || before.rules.some(old => isWithin(rule, old))) &&
    before.rules.every(old => isKept(old, after.rules))
  )
}

function protectsAll(before: ProtectedValues, after: ProtectedValues): boolean {
  const now = new Set(Object.values(after).flat())
  return Object.values(before)
    .flat()
    .every(value => now.has(value))
}

/** Whether every path outside the folders before is outside them after. No folders: nothing is outside. */
export function isNarrower(before: readonly string[], after: readonly string[]): boolean {
  if (before.length === 0) return true
  return after.length > 0 && after.every(folder => before.some(old => isFolderWithin(folder, old)))
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
