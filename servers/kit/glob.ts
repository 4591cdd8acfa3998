// Patterns of names with `*`, `**`, `?`, `[a-z]` and `{a,b}`, matched in time that grows with the name and not with the pattern's wit.
import { RE2JS } from 're2js'
import { Failure } from './failure.ts'

/** A test for a path with `/`. Without a `/` in it, a pattern is about the last part of the path. Throws Failure. */
export function globTest(pattern: string): (path: string) => boolean {
  const isNegated = /^!(?!\()/.test(pattern)
  const body = pattern.slice(isNegated ? 1 : 0).replace(/^\.?\//, '')
  const compiled = compiledOf(pattern, `^${expressionOf(body)}$`)
  const isOfName = !body.includes('/')
  return path => compiled.matches(isOfName ? path.slice(path.lastIndexOf('/') + 1) : path) !== isNegated
}

const WILD: Record<string, string> = { '*': '[^/]*', '?': '[^/]', '{': '(?:', '}': ')' }

function expressionOf(glob: string): string {
  let open = 0
  const parts = glob.match(/\*\*\/|\/\*\*$|\[[!^]?\]?[^\]/]*\]|\\.|./gsu) ?? []
  const text = parts.map((part, index) => {
    const isPartStart = index === 0 || /[/{,]$/.test(parts[index - 1]!)
    if (part === '**/') return isPartStart ? '(?:[^/]+/)*' : '[^/]*/'
    if (part === '/**') return '(?:/.*)?'
    if (part === '(' && /^[@?*+!]$/.test(parts[index - 1] ?? '')) throw odd(glob, 'groups such as +(…) are not known')
    if (part.length > 1 && part.startsWith('[')) return classOf(part)
    if (part === '{') open++
    if (part === '}' && open === 0) return '\\}'
    if (part === '}') open--
    if (part === ',' && open > 0) return '|'
    return WILD[part] ?? RE2JS.quote(part.length > 1 && part.startsWith('\\') ? part.slice(1) : part)
  })
  if (open > 0) throw odd(glob, 'a { is not closed')
  return text.join('')
}

function compiledOf(glob: string, expression: string): RE2JS {
  try {
    return RE2JS.compile(expression, RE2JS.DOTALL)
  } catch (cause) {
    throw odd(glob, cause instanceof Error ? cause.message : 'it is too long')
  }
}

/** `[!a-z]`: one sign, and never a slash. */
function classOf(part: string): string {
  const isNot = /^\[[!^]/.test(part)
  const inside = part.slice(isNot ? 2 : 1, -1).replaceAll(/[[\]\\^&]/g, String.raw`\$&`)
  return isNot ? `[^/${inside}]` : `[${inside}]`
}

function odd(glob: string, why: string): Failure {
  return new Failure('validation_error', `The pattern ${glob.slice(0, 100)} cannot be read: ${why}.`, HOW)
}

const HOW = 'Use *, **, ?, [a-z] and {a,b}, as in **/*.{ts,md}.'
