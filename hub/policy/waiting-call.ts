// A call that waits for a person, and what an answer to it would write.
import type { Answer, Approval, NewRule } from '../../contract/policy.ts'
import { HubError } from '../error.ts'
import { narrowed } from './answer-rules.ts'
import type { Moment } from './clocks.ts'
import type { Json } from './json-value.ts'
import type { Outcome, Question } from './question.ts'

interface Waiter {
  link: string
  until: Moment
  settle(outcome: Outcome): void
}

export interface Waiting {
  approval: Approval
  question: Question
  given: Json
  /** Its top-level arguments. */
  values: Map<string, string>
  digest: string
  until: Moment
  /** The call that hangs on the answer; null once its client stopped waiting. */
  waiter: Waiter | null
  /** A window's answer is being recorded: no other one counts meanwhile. */
  isTaken: boolean
}

/** The rule that this yes writes; none for most. Throws HubError for a yes that this call does not offer. */
export function ruleOf(
  { approval, given }: Waiting,
  { scope, narrower, typed }: Answer & { kind: 'allow' },
  about: { now: number; redact: (text: string) => string },
): NewRule | undefined {
  if (!approval.scopes.includes(scope))
    throw new HubError('approvals/no-such-scope', `This call cannot be allowed as "${scope}".`, {
      hint: `It offers: ${approval.scopes.join(', ')}.`,
    })
  if (approval.typed !== null && typed !== approval.typed)
    throw new HubError('approvals/not-typed', `${approval.typed} is protected: to allow this call, it is typed.`, {
      hint: `Type ${approval.typed}, exactly so.`,
    })
  const rule = scope === 'tool' || scope === 'arguments' ? approval.rules[scope] : undefined
  if (rule) return narrowed(rule, narrower ?? {}, { given, ...about })
  if (!narrower) return undefined
  throw new HubError('approvals/no-such-rule', `Allowing as "${scope}" writes no rule that could be changed.`)
}

/** For tests of whole hubs; never longer than it would be. */
export function lifeFromEnvironment(mostMs: number): number | undefined {
  const ms = Number(process.env.GATEHOUSE_APPROVAL_LIFE_MS)
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, mostMs) : undefined
}
