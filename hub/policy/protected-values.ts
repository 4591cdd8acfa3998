// The values a person protects, made ready once: which of them a text is or names is then found in one pass over it.
import type { ProtectedValues } from '../../contract/policy.ts'
import { fitsName, isExactName } from './globs.ts'
import { shown } from './rule-text.ts'

/** Longer texts are content, not names; only the whole of them is compared. */
const LONGEST_NAME = 200

interface Found {
  /** As the person wrote it. */
  value: string
  why: string
}

interface Glob {
  glob: string
  /** What stands before the first and behind the last `*` or `?`. */
  head: string
  tail: string
  found: Found
}

interface Values {
  /** Marks the first character of values, and the last of globs that begin with a wildcard: most names go no further. */
  starts: Uint8Array
  ends: Uint8Array
  exact: Map<string, Found[]>
  globs: Glob[]
}

const known = new WeakMap<ProtectedValues, Values>()

function valuesOf(sets: ProtectedValues): Values {
  const found = known.get(sets)
  if (found) return found
  const values: Values = { starts: marks(), ends: marks(), exact: new Map(), globs: [] }
  for (const [set, some] of Object.entries(sets))
    for (const value of some)
      add(values, fold(value), { value, why: `${shown(value)} is in your protected ${shown(set)}.` })
  known.set(sets, values)
  return values
}

function add({ starts, ends, exact, globs }: Values, value: string, found: Found): void {
  if (isExactName(value)) {
    mark(starts, value.charCodeAt(0))
    exact.set(value, [...(exact.get(value) ?? []), found])
    return
  }
  const head = /^[^*?]*/.exec(value)![0]
  const tail = /[^*?]*$/.exec(value)![0]
  globs.push({ glob: value, head, tail, found })
  if (head !== '') mark(starts, head.charCodeAt(0))
  else if (tail !== '') mark(ends, tail.charCodeAt(tail.length - 1))
  else starts.fill(1)
}

// All that is not ASCII shares one mark.
const OTHER = 128
const marks = () => new Uint8Array(OTHER + 1)

function mark(some: Uint8Array, code: number): void {
  some[Math.min(code, OTHER)] = 1
}

function isMarked(some: Uint8Array, code: number): boolean {
  return some[code < OTHER ? code : OTHER] === 1
}

/** Adds the reason, with the value, for each that a folded text is, or names: as a word, behind a slash (refs/heads/main), as the host of an address. */
export function findProtected(text: string, sets: ProtectedValues, why: Map<string, string>): void {
  const values = valuesOf(sets)
  see(values, text, 0, text.length, why)
  if (text.length > LONGEST_NAME) return
  let from = 0
  let slash = -1
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : SPACE
    if (code === SLASH && slash < 0) slash = at
    if (!parts(code)) continue
    if (at > from) see(values, text, from, at, why)
    // `git push origin +main` forces; `prod/` is prod.
    if (text.charCodeAt(from) === PLUS) see(values, text, from + 1, at, why)
    if (text.charCodeAt(at - 1) === SLASH) see(values, text, from, at - 1, why)
    if (slash >= 0) seeBehindSlashes(values, text, from, at, why)
    slash = -1
    from = at + 1
  }
}

function seeBehindSlashes(values: Values, text: string, from: number, to: number, why: Map<string, string>): void {
  if (text.startsWith('//', from)) {
    const slash = text.indexOf('/', from + 2)
    see(values, text, from + 2, slash < 0 ? to : Math.min(slash, to), why)
  }
  for (let at = from; at < to; at++) if (text.charCodeAt(at) === SLASH) see(values, text, at + 1, to, why)
}

// Only here may a `*` cross slashes: what it wrongly meets is asked about, no more.
function see(
  { starts, ends, exact, globs }: Values,
  text: string,
  from: number,
  to: number,
  why: Map<string, string>,
): void {
  if (to <= from || !(isMarked(starts, text.charCodeAt(from)) || isMarked(ends, text.charCodeAt(to - 1)))) return
  const length = to - from
  for (const one of (length <= LONGEST_NAME && exact.get(text.slice(from, to))) || []) why.set(one.why, one.value)
  for (const { glob, head, tail, found } of globs)
    if (
      length >= head.length + tail.length &&
      text.startsWith(head, from) &&
      text.startsWith(tail, to - tail.length) &&
      fitsName(glob, text.slice(from, to))
    )
      why.set(found.why, found.value)
}

const [SPACE, PLUS, SLASH] = [32, 43, 47]
const PARTS = /[\s,;:=@"'`()[\]{}<>|&]/
const ASCII_PARTS = Array.from({ length: 128 }, (_, code) => PARTS.test(String.fromCharCode(code)))

function parts(code: number): boolean {
  return code < 128 ? ASCII_PARTS[code]! : PARTS.test(String.fromCharCode(code))
}

/** One writing for all that look or read the same. */
export function fold(text: string): string {
  return (isAscii(text) ? text : text.normalize('NFKC')).trim().toLowerCase()
}

export function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}
