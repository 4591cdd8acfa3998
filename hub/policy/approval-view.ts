// What a person sees of a call that waits: its arguments, what differs from the last allowed call, and what can be answered.
import type { Approval, Rule, Scope } from '../../contract/policy.ts'
import type { Risk } from '../../contract/servers.ts'
import { isObject } from './conditions.ts'
import { canonical, isExact, type Json, Num } from './json-value.ts'
import { canBeNamed } from './policy-state.ts'

const MOST_SHOWN = 64 * 1024
const MOST_COMPARED = 2000
const MOST_ARGUMENTS = 20
const MOST_VALUE = 500
// Their calls are no connection that closes, so a session of theirs would never end.
const WITHOUT_SESSION = new Set(['cli', 'inspector'])

/** Pretty JSON with numbers as written, secrets removed, cut at 64 KB with a last line that says so. */
export function shownArguments(given: Json, redact: (text: string) => string): string {
  const text = redact(pretty(given))
  if (text.length <= MOST_SHOWN) return text
  return `${text.slice(0, MOST_SHOWN - 100)}\n… cut here: ${text.length.toLocaleString('en')} characters in all`
}

function pretty(value: Json, indent = ''): string {
  if (value instanceof Num) return value.source
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const inner = `${indent}  `
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const lines = Array.isArray(value)
    ? value.map(one => pretty(one, inner))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${pretty(one, inner)}`)
  return lines.length === 0 ? `${open}${close}` : `${open}\n${inner}${lines.join(`,\n${inner}`)}\n${indent}${close}`
}

/** A call's top-level arguments as canonical JSON text, by name. */
export function topLevel(given: Json): Map<string, string> {
  if (!isObject(given)) return new Map()
  return new Map(Object.entries(given).map(([name, one]) => [name, canonical(one)]))
}

/** Each argument now and in the last allowed call (null: there was none). */
export function compared(
  now: Map<string, string>,
  before: Map<string, string> | null,
  redact: (text: string) => string,
): Approval['compared'] {
  const cut = (text: string) => {
    const clean = redact(text)
    return clean.length > MOST_COMPARED ? `${clean.slice(0, MOST_COMPARED)}…` : clean
  }
  const names = [...new Set([...now.keys(), ...(before?.keys() ?? [])])].slice(0, 100)
  return names.map(name => {
    const [current, earlier] = [now.get(name), before?.get(name)]
    const changed = before !== null && current !== earlier
    return { name, now: cut(current ?? ''), before: earlier === undefined ? null : cut(earlier), changed }
  })
}

/** What can be answered with. A rule is offered only where it says exactly what the person saw. */
export function scopesFor(
  call: { client: string; server: string; tool: string; risk: Risk; arguments: Json },
  redact: (text: string) => string,
): Scope[] {
  const scopes: Scope[] = WITHOUT_SESSION.has(call.client) ? ['once', 'minutes'] : ['once', 'minutes', 'session']
  if (!canBeNamed(call.client) || !canBeNamed(call.tool)) return scopes
  const rule = argumentsRule(call)
  if (rule && isClean(canonical(call.arguments), redact)) scopes.push('arguments')
  if (call.risk !== 'destroys') scopes.push('tool')
  return scopes
}

/** An allow rule for any call of this tool by this client. */
export function toolRule(call: { client: string; server: string; tool: string }): Omit<Rule, 'id'> {
  return { effect: 'allow', client: call.client, server: call.server, tool: call.tool }
}

/** An allow rule for exactly these arguments and no others, or undefined where conditions cannot say that. */
export function argumentsRule(call: {
  client: string
  server: string
  tool: string
  arguments: Json
}): Omit<Rule, 'id'> | undefined {
  const value = call.arguments
  if (!isObject(value)) return undefined
  const entries = Object.entries(value)
  if (entries.length === 0 || entries.length > MOST_ARGUMENTS) return undefined
  if (!entries.every(([name, one]) => isPath(name) && isPlain(one))) return undefined
  const conditions = entries.map(([path, one]) => ({
    path,
    equals: one instanceof Num ? Number(one.source) : (one as string | boolean | null),
  }))
  return { ...toolRule(call), arguments: conditions, exactly: true }
}

// A rule is kept in files, and no secret may be.
function isClean(text: string, redact: (text: string) => string): boolean {
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
