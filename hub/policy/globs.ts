// Globs and patterns of rules: no value a model sends can make one slow.
import { RE2JS } from 're2js'
import { HubError } from '../error.ts'

const MOST_COMPILED = 2000
const compiled = new Map<string, RE2JS>()

/** Whether a name (of a client or tool) fits a glob. `*` and `?` stand for any characters. */
export function fitsName(glob: string, name: string): boolean {
  if (isExactName(glob)) return glob === name
  // Only the last `*` ever needs another try, so this is quick whatever the name; RE2 takes ten times as long here.
  let [g, n, star, mark] = [0, 0, -1, 0]
  while (n < name.length) {
    if (glob[g] === '*') [star, mark] = [g++, n]
    else if (g < glob.length && (glob[g] === '?' || glob[g] === name[n])) [g, n] = [g + 1, n + 1]
    else if (star >= 0) [g, n] = [star + 1, ++mark]
    else return false
  }
  while (glob[g] === '*') g++
  return g === glob.length
}

export function isExactName(glob: string): boolean {
  return !/[*?]/.test(glob)
}

/** Whether a value fits a glob: `*` and `?` stay within one part of a path, `**` crosses. `loosely`: all of them cross. */
export function fitsPath(glob: string, value: string, loosely = false): boolean {
  const one = loosely ? '.' : '[^/\\\\]'
  return compile(`^(?s:${translate(glob, '.*', `${one}*`, one)})$`).testExact(value)
}

/** Whether an RE2 pattern is found anywhere in the value. */
export function fitsPattern(pattern: string, value: string): boolean {
  return compile(pattern).test(value)
}

/** Throws HubError when the pattern is not RE2. */
export function checkPattern(pattern: string): void {
  compile(pattern)
}

function translate(glob: string, many: string, some: string, one: string): string {
  return glob.replace(/\*\*\/|\*+|\?|[^*?]+/g, part => {
    if (part === '**/') return `(?:${many}/)?`
    if (part === '?') return one
    if (part.startsWith('*')) return part.length > 1 ? many : some
    return RE2JS.quote(part)
  })
}

function compile(pattern: string): RE2JS {
  const known = compiled.get(pattern)
  if (known) return known
  if (compiled.size >= MOST_COMPILED) compiled.clear()
  try {
    const made = RE2JS.compile(pattern)
    compiled.set(pattern, made)
    return made
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HubError('policy/bad-pattern', `The pattern ${pattern} cannot be used: ${why}.`, {
      hint: 'Patterns are RE2: no look-around, no back-references.',
      cause,
    })
  }
}
