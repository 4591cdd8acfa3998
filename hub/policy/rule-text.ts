// A rule as a sentence: the same words in the window, in the log and to the model.
import type { ArgumentCondition, RateLimit, Rule } from '../../contract/policy.ts'
import { isExactName } from './globs.ts'

const VERBS = { allow: 'Allow', ask: 'Ask about', deny: 'Deny' } as const

/** The whole rule: `Deny delete_pod on kubernetes where namespace is "kube-system"`. */
export function ruleText(rule: Rule, serverName: (id: string) => string): string {
  return `${VERBS[rule.effect]} ${ruleScope(rule, serverName)}`
}

/** What a rule covers, without its effect. */
export function ruleScope(rule: Rule, serverName: (id: string) => string): string {
  const parts = [toolText(rule.tool)]
  if (rule.server !== undefined) parts.push(`on ${named(rule.server, serverName)}`)
  if (rule.client !== undefined)
    parts.push(isExactName(rule.client) ? `for ${shown(rule.client)}` : `for clients like ${shown(rule.client)}`)
  const conditions = (rule.arguments ?? []).map(conditionText)
  if (conditions.length > 0) parts.push(`where ${conditions.join(' and ')}`)
  if (rule.exactly) parts.push('with no other arguments')
  if (rule.until !== undefined) parts.push(`until ${timeText(rule.until)}`)
  return parts.join(' ')
}

/** `At most 60 calls a minute of delete_pod on kubernetes`. */
export function limitText({ perMinute, ...scope }: RateLimit, serverName: (id: string) => string): string {
  const covered = ruleScope({ id: '', effect: 'deny', ...scope }, serverName)
  const each = covered === 'everything' ? 'any one tool by one client' : covered
  return `At most ${perMinute.toLocaleString('en')} calls a minute of ${each}`
}

function toolText(tool: string | undefined): string {
  if (tool === undefined || tool === '*') return 'everything'
  return isExactName(tool) ? shown(tool) : `tools like ${shown(tool)}`
}

function named(id: string, serverName: (id: string) => string): string {
  try {
    return shown(serverName(id))
  } catch {
    return `${shown(id)} (removed)`
  }
}

function conditionText(condition: ArgumentCondition): string {
  const tests: string[] = []
  if (condition.equals !== undefined) tests.push(`is ${value(condition.equals)}`)
  if (condition.in) tests.push(`is one of ${manyText(condition.in)}`)
  if (condition.min !== undefined) tests.push(`is at least ${condition.min}`)
  if (condition.max !== undefined) tests.push(`is at most ${condition.max}`)
  if (condition.glob !== undefined) tests.push(`is like ${shown(condition.glob)}`)
  if (condition.pattern !== undefined) tests.push(`matches /${shown(condition.pattern)}/`)
  return `${shown(condition.path)} ${tests.length > 0 ? tests.join(' and ') : 'is given'}`
}

function manyText(values: readonly unknown[]): string {
  const first = values.slice(0, 8).map(value).join(', ')
  return values.length > 8 ? `${first} and ${values.length - 8} more` : first
}

function value(given: unknown): string {
  return shown(JSON.stringify(given))
}

// Local time, as people write it in rules; seconds matter to nobody here.
function timeText(at: number): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return 'a time that cannot be read'
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** Foreign text on one line: control, bidi and invisible characters escaped, cut at 120. */
export function shown(text: string): string {
  const cut = text.length > 120 ? `${text.slice(0, 119)}…` : text
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, c => `\\u{${c.codePointAt(0)!.toString(16)}}`)
}
