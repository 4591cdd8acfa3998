// What a yes may be, and the rules that two kinds of it write: as the person saw them, or covering less.
import type { Approval, ArgumentCondition, Narrowing, NewRule, Scope } from '../../contract/policy.ts'
import type { Risk } from '../../contract/servers.ts'
import { HubError } from '../error.ts'
import { fitOf, isObject } from './conditions.ts'
import { canonical, isExact, type Json, Num } from './json-value.ts'
import { canBeNamed } from './policy-state.ts'

const MOST_CONDITIONS = 20
const MOST_VALUE = 500
// Their calls are no connection that closes, so a session of theirs would never end.
const WITHOUT_SESSION = new Set(['cli', 'inspector'])

type Redact = (text: string) => string
interface AskedCall {
  client: string
  server: string
  tool: string
  risk: Risk
  arguments: Json
}

/** What can be answered with, and what is written then. A rule is offered only where it says exactly what the person saw. */
export function answersFor(call: AskedCall, redact: Redact): Pick<Approval, 'scopes' | 'rules'> {
  const scopes: Scope[] = WITHOUT_SESSION.has(call.client) ? ['once', 'minutes'] : ['once', 'minutes', 'session']
  const rules: Approval['rules'] = {}
  if (!canBeNamed(call.client) || !canBeNamed(call.tool)) return { scopes, rules }
  const ofArguments = argumentsRule(call)
  if (ofArguments && isClean(canonical(call.arguments), redact)) {
    scopes.push('arguments')
    rules.arguments = ofArguments
  }
  if (call.risk !== 'destroys') {
    scopes.push('tool')
    rules.tool = toolRule(call)
  }
  return { scopes, rules }
}

/** The rule with what the person added to it. It must still cover the call that was looked at. */
export function narrowed(
  rule: NewRule,
  { where = [], until }: Narrowing,
  about: { given: Json; now: number; redact: Redact },
): NewRule {
  for (const condition of where) {
    if (fitOf(condition, about.given) !== 'yes')
      throw refusal(`The rule would not cover this call: ${condition.path} is not so here.`)
    if (!isClean(JSON.stringify(condition), about.redact))
      throw refusal(`A rule is kept in a file, and the condition on ${condition.path} holds a secret.`)
  }
  if (until !== undefined && until <= about.now) throw refusal('The rule would be over at once.')
  const conditions: ArgumentCondition[] = [...(rule.arguments ?? []), ...where]
  if (conditions.length > MOST_CONDITIONS) throw refusal(`A rule has at most ${MOST_CONDITIONS} conditions.`)
  return {
    ...rule,
    ...(conditions.length > 0 ? { arguments: conditions } : {}),
    ...(until === undefined ? {} : { until }),
  }
}

function refusal(message: string): HubError {
  return new HubError('approvals/no-such-rule', message, { hint: 'Change the rule, or allow only this call.' })
}

function toolRule({ client, server, tool }: AskedCall): NewRule {
  return { effect: 'allow', client, server, tool }
}

// Exactly these arguments and no others, or undefined where conditions cannot say that.
function argumentsRule(call: AskedCall): NewRule | undefined {
  const value = call.arguments
  if (!isObject(value)) return undefined
  const entries = Object.entries(value)
  if (entries.length === 0 || entries.length > MOST_CONDITIONS) return undefined
  if (!entries.every(([name, one]) => isPath(name) && isPlain(one))) return undefined
  const conditions = entries.map(([path, one]) => ({
    path,
    equals: one instanceof Num ? Number(one.source) : (one as string | boolean | null),
  }))
  return { ...toolRule(call), arguments: conditions, exactly: true }
}

// A rule is kept in files, and no secret may be.
function isClean(text: string, redact: Redact): boolean {
  return redact(text) === text
}

function isPath(name: string): boolean {
  return name !== '' && name.length <= 200 && !/[.*]/.test(name)
}

// A number that JavaScript would round is not plain: the rule would name its neighbour.
function isPlain(value: Json): boolean {
  if (value instanceof Num) return isExact(value)
  return value === null || typeof value === 'boolean' || (typeof value === 'string' && value.length <= MOST_VALUE)
}
