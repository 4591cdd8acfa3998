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
  try {
    JSON.parse(text)
    return new Reader(text).value(0)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

// Reads what JSON.parse found to be JSON. A reviver would hand out number sources too, at thirty times the cost.
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): Json {
    const first = this.#next()
    if ((first === '{' || first === '[') && depth === MOST_DEPTH) throw new SyntaxError('too deep')
    switch (first) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  #object(depth: number): Json {
    const found: { [name: string]: Json } = {}
    this.#at++
    while (this.#next() !== '}') {
      if (this.#text[this.#at] === ',') this.#at++
      this.#next()
      const name = this.#string()
      this.#next()
      this.#at++
      if (Object.hasOwn(found, name)) throw new SyntaxError('repeated name')
      const value = this.value(depth + 1)
      if (name === '__proto__') Object.defineProperty(found, name, { value, enumerable: true })
      else found[name] = value
    }
    this.#at++
    return found
  }

  #array(depth: number): Json {
    const found: Json[] = []
    this.#at++
    while (this.#next() !== ']') {
      if (this.#text[this.#at] === ',') this.#at++
      found.push(this.value(depth + 1))
    }
    this.#at++
    return found
  }

  #string(): string {
    const start = this.#at
    let isPlain = true
    for (this.#at++; this.#text.charCodeAt(this.#at) !== 34; this.#at++) {
      if (this.#text.charCodeAt(this.#at) !== 92) continue
      isPlain = false
      this.#at++
    }
    this.#at++
    const source = this.#text.slice(start, this.#at)
    return isPlain ? source.slice(1, -1) : JSON.parse(source)
  }

  #word<T>(word: string, value: T): T {
    this.#at += word.length
    return value
  }

  #number(): Num {
    const start = this.#at
    for (; this.#at < this.#text.length; this.#at++) {
      const c = this.#text.charCodeAt(this.#at)
      // Digits, + - . e E
      if (!((c >= 48 && c <= 57) || c === 43 || c === 45 || c === 46 || c === 69 || c === 101)) break
    }
    return new Num(this.#text.slice(start, this.#at))
  }

  /** Skips white space; the character that stands next. */
  #next(): string | undefined {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at)
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return this.#text[this.#at]
      this.#at++
    }
  }
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
  return magnitude === 0 ? 0 : x.sign * magnitude
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
