// One value behind form and JSON: the JSON text. Numbers stay as they were typed; the form sees what parses.
import type { Schema } from './offers.ts'

export type Value = { kind: 'value'; value: Record<string, unknown> } | { kind: 'unreadable'; what: string }

/** The text as an object, or why it is none. */
export function readArguments(text: string): Value {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { kind: 'value', value: value as Record<string, unknown> }
    return { kind: 'unreadable', what: 'Arguments are one JSON object.' }
  } catch (error) {
    return { kind: 'unreadable', what: error instanceof Error ? error.message : String(error) }
  }
}

/** What a fresh form holds: the defaults the schema names, nothing invented. */
export function freshText(schema: Schema): string {
  const { properties } = schema
  const fresh: Record<string, unknown> = {}
  if (typeof properties === 'object' && properties !== null) {
    for (const [name, one] of Object.entries(properties)) {
      if (typeof one === 'object' && one !== null && 'default' in one) fresh[name] = one.default
    }
  }
  return JSON.stringify(fresh, null, 2)
}

/** True when the form would change the text by showing it: a number that JavaScript rounds. */
export function losesDigits(text: string): boolean {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '""')
  return (bare.match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g) ?? []).some(
    n => /^-?\d{16,}$/.test(n) && !Number.isSafeInteger(Number(n)),
  )
}

/** The variables of a resource template: `{path}`, `{+path}`, `{?a,b}`. */
export function variablesOf(template: string): string[] {
  const names = [...template.matchAll(/\{[+#./;?&]?([^}]+)\}/g)].flatMap(m => m[1]!.split(','))
  return [...new Set(names.map(name => name.replace(/[*:].*$/, '').trim()).filter(Boolean))]
}

/** A template with its variables filled in; simple and reserved expansion, and query members. */
export function expand(template: string, values: Record<string, string>): string {
  return template.replaceAll(/\{([+#./;?&]?)([^}]+)\}/g, (_, operator: string, list: string) => {
    const names = list.split(',').map(name => name.replace(/[*:].*$/, '').trim())
    const given = names.filter(name => values[name])
    if (operator === '?' || operator === '&') {
      return given.length === 0 ? '' : operator + given.map(n => `${n}=${encodeURIComponent(values[n]!)}`).join('&')
    }
    const raw = operator === '+' || operator === '#'
    const joined = given.map(n => (raw ? encodeURI(values[n]!) : encodeURIComponent(values[n]!)))
    const lead = operator === '+' ? '' : operator
    return joined.length === 0 ? '' : lead + joined.join(operator === '/' || operator === '.' ? operator : ',')
  })
}
