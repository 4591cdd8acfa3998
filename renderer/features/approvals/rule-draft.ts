// What a person adds to the rule of a yes, while it is made: only conditions that this call meets, and an end.
import type { Approval, ArgumentCondition, Narrowing } from '../../../contract/policy.ts'

export type How = 'equals' | 'glob' | 'min' | 'max'
export interface Draft {
  key: number
  path: string
  how: How
  value: string
}

export interface RuleDraft {
  drafts: readonly Draft[]
  /** Hours until it ends; 0: never. */
  hours: number
}

export const UNCHANGED: RuleDraft = { drafts: [], hours: 0 }

/** The arguments of now that a condition can name: texts, numbers, yes and no. */
export function namable(approval: Pick<Approval, 'compared'>): { path: string; value: string | number | boolean }[] {
  return approval.compared.flatMap(({ name, now }) => {
    const value = parsed(now)
    const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    return isPlain && !/[.*]/.test(name) ? [{ path: name, value }] : []
  })
}

/** What can be said of such a value. */
export const howsFor = (value: string | number | boolean): How[] =>
  typeof value === 'number' ? ['equals', 'min', 'max'] : typeof value === 'string' ? ['equals', 'glob'] : ['equals']

/** What goes with the answer; undefined where nothing was added. */
export function narrowingOf(
  approval: Pick<Approval, 'compared'>,
  draft: RuleDraft,
  now: number,
): Narrowing | undefined {
  if (draft.drafts.length === 0 && draft.hours === 0) return undefined
  const where = draft.drafts.map(one => conditionOf(approval, one))
  return {
    ...(where.length > 0 ? { where } : {}),
    ...(draft.hours > 0 ? { until: now + draft.hours * 3_600_000 } : {}),
  }
}

function conditionOf(approval: Pick<Approval, 'compared'>, { path, how, value }: Draft): ArgumentCondition {
  const current = namable(approval).find(one => one.path === path)?.value
  if (how === 'min' || how === 'max') return { path, [how]: Number(value) }
  if (how === 'glob' || typeof current === 'string') return { path, [how]: value }
  const typed = parsed(value)
  return { path, equals: typeof typed === typeof current ? (typed as number | boolean) : value }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}
