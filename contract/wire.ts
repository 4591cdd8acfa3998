// Reads JSON text without re-modelling it: where each member stands, so that single values can be replaced and all
// other bytes stay. Offsets are UTF-16 positions in the text. Parse the text with JSON.parse first; this trusts it.

/** One member of an object: its decoded key and where its value stands. */
export interface Member {
  key: string
  start: number
  end: number
}

const QUOTE = 34
const BACKSLASH = 92

function skipSpace(text: string, at: number): number {
  while (at < text.length) {
    const c = text.charCodeAt(at)
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) break
    at++
  }
  return at
}

function stringEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === BACKSLASH) i++
    else if (c === QUOTE) return i + 1
  }
  return text.length
}

/** Where the value that begins at `at` ends. */
export function valueEnd(text: string, at: number): number {
  const first = text.charCodeAt(at)
  if (first === QUOTE) return stringEnd(text, at)
  if (first !== 123 && first !== 91) {
    let i = at
    while (i < text.length && !',]} \n\r\t'.includes(text[i]!)) i++
    return i
  }
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === QUOTE) i = stringEnd(text, i) - 1
    else if (c === 123 || c === 91) depth++
    else if (c === 125 || c === 93) {
      if (--depth === 0) return i + 1
    }
  }
  return text.length
}

/** The members of the object that begins at or after `at`, in order, repeated names included. Not an object: none. */
export function members(text: string, at = 0): Member[] {
  const found: Member[] = []
  let i = skipSpace(text, at)
  if (text[i] !== '{') return found
  i = skipSpace(text, i + 1)
  while (i < text.length && text[i] !== '}') {
    const keyEnd = stringEnd(text, i)
    const raw = text.slice(i, keyEnd)
    const key: string = raw.includes('\\') ? JSON.parse(raw) : raw.slice(1, -1)
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const end = valueEnd(text, start)
    found.push({ key, start, end })
    i = skipSpace(text, end)
    if (text[i] === ',') i = skipSpace(text, i + 1)
  }
  return found
}

/** Where each element of the array that begins at or after `at` stands, in order. Not an array: none. */
export function elements(text: string, at = 0): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = []
  let i = skipSpace(text, at)
  if (text[i] !== '[') return found
  i = skipSpace(text, i + 1)
  while (i < text.length && text[i] !== ']') {
    const end = valueEnd(text, i)
    found.push({ start: i, end })
    i = skipSpace(text, end)
    if (text[i] === ',') i = skipSpace(text, i + 1)
  }
  return found
}

/** The value at a path of member names, or undefined. */
export function memberAt(text: string, path: readonly string[], at = 0): Member | undefined {
  let found: Member | undefined
  for (const key of path) {
    found = members(text, found ? found.start : at).find(m => m.key === key)
    if (!found) return undefined
  }
  return found
}

/** The path of the first member name repeated in one object at any depth, or undefined. */
export function repeatedName(text: string, at = 0, path = ''): string | undefined {
  const i = skipSpace(text, at)
  if (text[i] === '{') {
    const seen = new Set<string>()
    for (const m of members(text, i)) {
      const here = path ? `${path}.${m.key}` : m.key
      if (seen.has(m.key)) return here
      seen.add(m.key)
      const inner = repeatedName(text, m.start, here)
      if (inner) return inner
    }
  } else if (text[i] === '[') {
    let j = skipSpace(text, i + 1)
    for (let n = 0; j < text.length && text[j] !== ']'; n++) {
      const inner = repeatedName(text, j, `${path}[${n}]`)
      if (inner) return inner
      j = skipSpace(text, valueEnd(text, j))
      if (text[j] === ',') j = skipSpace(text, j + 1)
    }
  }
  return undefined
}

/** Replaces the given values, each by JSON text; all other characters stay as they are. */
export function splice(text: string, edits: readonly { start: number; end: number; text: string }[]): string {
  let out = ''
  let at = 0
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    out += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return out + text.slice(at)
}
