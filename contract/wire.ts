// Reads JSON text without re-modelling it: where each member stands, so that single values can be replaced and all
// other bytes stay. Offsets are UTF-16 positions in the text. Parse the text with JSON.parse first; this trusts it.
// Every function goes over the text once with a stack of its own, so that no text makes it slow or overflows a stack.

/** One member of an object: its decoded key and where its value stands. */
export interface Member {
  key: string
  start: number
  end: number
}

/** Text deeper than this is refused at the gate; no honest call comes near it. */
export const MAX_DEPTH = 1_000

/** What makes a text ambiguous or unfit to be passed on, and where. */
export interface Trouble {
  kind: 'repeated' | 'too-deep'
  path: string
}

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

function skipSpace(text: string, at: number): number {
  while (at < text.length) {
    const c = text.charCodeAt(at)
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) break
    at++
  }
  return at
}

function stringEnd(text: string, at: number): number {
  for (let from = at + 1; ; ) {
    const quote = text.indexOf('"', from)
    if (quote < 0) return text.length
    let slashes = 0
    while (quote - 1 - slashes > at && text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++
    from = quote + 1
    if (slashes % 2 === 0) return from
  }
}

/** The name between the quotes that stand at `start` and before `end`. */
function keyAt(text: string, start: number, end: number): string {
  const key = text.slice(start + 1, end - 1)
  return key.includes('\\') ? JSON.parse(text.slice(start, end)) : key
}

/** Where the value that begins at `at` ends. */
export function valueEnd(text: string, at: number): number {
  const first = text.charCodeAt(at)
  if (first === QUOTE) return stringEnd(text, at)
  if (first !== OPEN_OBJECT && first !== OPEN_LIST) {
    let i = at
    while (i < text.length && !',]} \n\r\t'.includes(text[i]!)) i++
    return i
  }
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === QUOTE) i = stringEnd(text, i) - 1
    else if (c === OPEN_OBJECT || c === OPEN_LIST) depth++
    else if (c === CLOSE_OBJECT || c === CLOSE_LIST) {
      if (--depth === 0) return i + 1
    }
  }
  return text.length
}

/** The members of the object that begins at or after `at`, in order, repeated names included. Not an object: none. */
export function members(text: string, at = 0): Member[] {
  const found: Member[] = []
  let i = skipSpace(text, at)
  if (text.charCodeAt(i) !== OPEN_OBJECT) return found
  i = skipSpace(text, i + 1)
  while (i < text.length && text.charCodeAt(i) === QUOTE) {
    const keyEnd = stringEnd(text, i)
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const end = valueEnd(text, start)
    found.push({ key: keyAt(text, i, keyEnd), start, end })
    i = skipSpace(text, end)
    if (text.charCodeAt(i) === COMMA) i = skipSpace(text, i + 1)
  }
  return found
}

/** Where each element of the array that begins at or after `at` stands, in order. Not an array: none. */
export function elements(text: string, at = 0): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = []
  let i = skipSpace(text, at)
  if (text.charCodeAt(i) !== OPEN_LIST) return found
  i = skipSpace(text, i + 1)
  while (i < text.length && text.charCodeAt(i) !== CLOSE_LIST) {
    const end = valueEnd(text, i)
    if (end === i) break
    found.push({ start: i, end })
    i = skipSpace(text, end)
    if (text.charCodeAt(i) === COMMA) i = skipSpace(text, i + 1)
  }
  return found
}

/** The value at a path of member names, or undefined. Of a repeated name the last, as JSON.parse has it. */
export function memberAt(text: string, path: readonly string[], at = 0): Member | undefined {
  let found: Member | undefined
  for (const key of path) {
    found = members(text, found ? found.start : at).findLast(m => m.key === key)
    if (!found) return undefined
  }
  return found
}

interface Level {
  /** The names seen so far; null in a list. Beyond a few a set, so that wide objects stay quick. */
  names: string[] | Set<string> | null
  key: string
  index: number
  wantsKey: boolean
}

/** The first name repeated in one object, or the first level that is too deep, in the value that begins at or after `at`. */
export function trouble(text: string, at = 0, maxDepth = MAX_DEPTH): Trouble | undefined {
  const levels: Level[] = []
  for (let i = skipSpace(text, at); i < text.length; i++) {
    const c = text.charCodeAt(i)
    const top = levels.at(-1)
    if (c === OPEN_OBJECT || c === OPEN_LIST) {
      if (levels.length >= maxDepth) return { kind: 'too-deep', path: pathOf(levels) }
      levels.push({ names: c === OPEN_OBJECT ? [] : null, key: '', index: 0, wantsKey: c === OPEN_OBJECT })
    } else if (c === CLOSE_OBJECT || c === CLOSE_LIST) {
      levels.pop()
      if (levels.length === 0) return undefined
    } else if (c === QUOTE) {
      const end = stringEnd(text, i)
      if (top?.wantsKey) {
        top.key = keyAt(text, i, end)
        if (!firstTime(top, top.key)) return { kind: 'repeated', path: pathOf(levels) }
      }
      i = end - 1
    } else if (c === COMMA && top) {
      if (top.names) top.wantsKey = true
      else top.index++
    } else if (c === COLON && top) top.wantsKey = false
    if (levels.length === 0) return undefined
  }
  return undefined
}

function firstTime(level: Level, key: string): boolean {
  if (level.names instanceof Set) {
    if (level.names.has(key)) return false
    level.names.add(key)
    return true
  }
  if (level.names?.includes(key)) return false
  level.names?.push(key)
  if (level.names && level.names.length > 8) level.names = new Set(level.names)
  return true
}

const PATH_LENGTH = 200

function pathOf(levels: readonly Level[]): string {
  let path = ''
  for (const { names, key, index, wantsKey } of levels) {
    if (names === null) path += `[${index}]`
    else if (!wantsKey || names instanceof Set || names.length > 0) path += path ? `.${key}` : key
    if (path.length > PATH_LENGTH) return `${path.slice(0, PATH_LENGTH)}…`
  }
  return path
}

/** The path of the first member name repeated in one object at any depth, or undefined. */
export function repeatedName(text: string, at = 0): string | undefined {
  return trouble(text, at, Number.POSITIVE_INFINITY)?.path
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

/**
 * The frame without line ends. JSON's strings hold none, so between tokens a space says the same; but some readers end a
 * line at a lone carriage return, and what stands behind it would be a message of its own to them.
 */
export function inOneLine(frame: string): string {
  return frame.includes('\n') || frame.includes('\r') ? frame.replaceAll(/[\r\n]+/g, ' ') : frame
}

/** A progress token is a string or a number; whatever else stands in its place is nobody's. */
export function isToken(text: string, { start }: { start: number }): boolean {
  return /["\d-]/.test(text[start] ?? '')
}
