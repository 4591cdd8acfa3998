// JSON as values whose numbers keep their source text: what a rule judges and a digest covers is what the server gets.

/** A number as it was written. */
export class Num {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

export type Json = null | boolean | string | Num | Json[] | { [name: string]: Json }

const MOST_DEPTH = 200

/** The value of a JSON text, or undefined when it is none, repeats a name in one object, or is nested deeper than 200. */
export function readJson(text: string): Json | undefined {
  const shape = shapeOf(text)
  if (shape.depth > MOST_DEPTH) return undefined
  let named = 0
  const revive = function (this: unknown, _: string, value: unknown, context?: { source?: string }): unknown {
    if (!Array.isArray(this)) named++
    return typeof value === 'number' ? new Num(context!.source!) : value
  }
  try {
    const value = JSON.parse(text, revive) as Json
    // The reviver saw each name once, and the root under one of its own; the text has a colon for every member.
    return named - 1 === shape.members ? value : undefined
  } catch {
    return undefined
  }
}

function shapeOf(text: string): { depth: number; members: number } {
  let depth = 0
  let deepest = 0
  let members = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 34) {
      for (i++; i < text.length && text.charCodeAt(i) !== 34; i++) if (text.charCodeAt(i) === 92) i++
    } else if (c === 123 || c === 91) deepest = Math.max(deepest, ++depth)
    else if (c === 125 || c === 93) depth--
    else if (c === 58) members++
  }
  return { depth: deepest, members }
}

/** A plain value (of a rule, say) as Json. */
export function jsonOf(value: unknown): Json {
  if (typeof value === 'number') return new Num(String(value))
  if (Array.isArray(value)) return value.map(jsonOf)
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, jsonOf(one)]))
  return value as null | boolean | string
}

/** One text for all writings of a value: names sorted, no spaces, numbers as written. */
export function canonical(value: Json): string {
  if (value instanceof Num) return value.source
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const names = Object.keys(value).sort()
  return `{${names.map(name => `${JSON.stringify(name)}:${canonical(value[name]!)}`).join(',')}}`
}

/** Equal by value: 1, 1.0 and 1e0 are one number, 9007199254740993 and …992 are two. */
export function isSame(a: Json, b: Json): boolean {
  if (a instanceof Num || b instanceof Num) return a instanceof Num && b instanceof Num && compareNumbers(a, b) === 0
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  const left = a as Record<string, Json>
  const right = b as Record<string, Json>
  return names.every(name => Object.hasOwn(right, name) && isSame(left[name]!, right[name]!))
}

/** Below, at or above zero, exact at any size. */
export function compareNumbers(a: Num, b: Num): number {
  const x = decimalOf(a.source)
  const y = decimalOf(b.source)
  if (x.sign !== y.sign) return x.sign - y.sign
  const magnitude = x.size - y.size || (x.digits < y.digits ? -1 : x.digits > y.digits ? 1 : 0)
  return x.sign * magnitude
}

/** Whether JavaScript's number of this text is exactly what the text says. */
export function isExact(number: Num): boolean {
  const value = Number(number.source)
  return Number.isFinite(value) && compareNumbers(number, new Num(String(value))) === 0
}

/** True when the text is a JSON number. */
export function isNumberText(text: string): boolean {
  return text.length <= 1000 && NUMBER.test(text)
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

// sign · 0.digits · 10^size, with no zero at either end of digits; zero is sign 0. Exponents past 10^15 count as that.
function decimalOf(source: string): { sign: -1 | 0 | 1; digits: string; size: number } {
  const [, minus, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(source) ?? []
  const all = whole + fraction
  let start = 0
  let end = all.length
  while (start < end && all[start] === '0') start++
  while (end > start && all[end - 1] === '0') end--
  if (start === end) return { sign: 0, digits: '', size: 0 }
  const size = Math.max(-1e15, Math.min(1e15, Number(exponent))) + whole.length - start
  return { sign: minus ? -1 : 1, digits: all.slice(start, end), size }
}
