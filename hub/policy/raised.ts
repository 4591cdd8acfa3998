// What a call's arguments raise its risk by: values the person protects, and paths outside the folders they named.
import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'
import type { Policy } from '../../contract/policy.ts'
import { fitsName, isExactName } from './globs.ts'
import { type Json, readJson } from './json-value.ts'
import { shown } from './rule-text.ts'

export type Guarded = Pick<Policy, 'folders' | 'protected'>

/** `outside`: also what only reads is then asked about. Both hold reasons in words. */
export interface Raised {
  protectedValues: string[]
  outside: string[]
}

const NOTHING: Raised = { protectedValues: [], outside: [] }
/** Longer texts are content, not names; only the whole of them is compared. */
const LONGEST_NAME = 200
const LONGEST_PATH = 4096
const MOST_REASONS = 4
const MOST_TEXTS = 2_000

// One call is decided up to four times on its way; its arguments are read once.
let last: { text: string; guarded: Guarded; raised: Raised } | undefined

export function raisedBy(argumentsText: string, guarded: Guarded): Raised {
  const hasSets = Object.values(guarded.protected).some(values => values.length > 0)
  if ((!hasSets && guarded.folders.length === 0) || argumentsText.trim() === '') return NOTHING
  if (
    last?.text === argumentsText &&
    last.guarded.folders === guarded.folders &&
    last.guarded.protected === guarded.protected
  )
    return last.raised
  const raised = look(argumentsText, guarded)
  last = { text: argumentsText, guarded: { folders: guarded.folders, protected: guarded.protected }, raised }
  return raised
}

function look(argumentsText: string, guarded: Guarded): Raised {
  const given = readJson(argumentsText)
  if (given === undefined) {
    const why = ['Its arguments cannot be read, so nothing says that they spare what you protect.']
    return { protectedValues: why, outside: guarded.folders.length > 0 ? why : [] }
  }
  const protectedValues = new Set<string>()
  const outside = new Set<string>()
  const values = valuesOf(guarded.protected)
  let texts = 0
  for (const text of textsIn(given)) {
    if (++texts > MOST_TEXTS) {
      const why = 'It has more arguments than can be looked through for what you protect.'
      protectedValues.add(why)
      if (guarded.folders.length > 0) outside.add(why)
      break
    }
    const names = namesIn(text)
    for (const { glob, why } of values) if (names.some(name => fits(glob, name))) protectedValues.add(why)
    if (guarded.folders.length === 0) continue
    const path = pathsIn(text).find(one => !guarded.folders.some(folder => isWithin(one, folder)))
    if (path !== undefined) outside.add(`${shown(path)} is outside the folders you named.`)
  }
  return { protectedValues: [...protectedValues].slice(0, MOST_REASONS), outside: [...outside].slice(0, MOST_REASONS) }
}

interface Value {
  glob: string
  why: string
}

const known = new WeakMap<Guarded['protected'], Value[]>()

function valuesOf(sets: Guarded['protected']): Value[] {
  const found = known.get(sets)
  if (found) return found
  const values = Object.entries(sets).flatMap(([set, some]) =>
    some.map(value => ({ glob: fold(value), why: `${shown(value)} is in your protected ${shown(set)}.` })),
  )
  known.set(sets, values)
  return values
}

/** All texts among the arguments, and the names inside them; not the names of the arguments themselves. */
function* textsIn(value: Json, depth = 0): Generator<string> {
  if (typeof value === 'string') yield value
  else if (Array.isArray(value)) for (const one of value) yield* textsIn(one, depth + 1)
  else if (value !== null && typeof value === 'object' && value.constructor === Object)
    for (const [name, one] of Object.entries(value)) {
      if (depth > 0) yield name
      yield* textsIn(one as Json, depth + 1)
    }
}

/** Whether a text is a protected value, or names it: as a word, behind a slash (refs/heads/main), as the host of an address. */
export function carries(text: string, value: string): boolean {
  const glob = fold(value)
  return namesIn(text).some(name => fits(glob, name))
}

/** What a text may name: itself, and where it is short its words, their ends behind each slash, the hosts of addresses. */
function namesIn(text: string): string[] {
  const whole = fold(text)
  if (whole.length > LONGEST_NAME) return [whole]
  const names = new Set([whole])
  for (const word of whole.split(/[\s,;:=@"'`()[\]{}]+/)) {
    names.add(word)
    if (word.startsWith('//')) names.add(word.slice(2).split('/')[0]!)
    for (let at = word.indexOf('/'); at >= 0; at = word.indexOf('/', at + 1)) names.add(word.slice(at + 1))
  }
  return [...names]
}

function fold(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase()
}

// Only here may a `*` cross slashes: what it wrongly meets is asked about, no more.
function fits(glob: string, text: string): boolean {
  return isExactName(glob) ? glob === text : fitsName(glob, text)
}

const IS_PATH = /^(?:\/|~(?:[/\\]|$)|file:|[a-z]:[\\/]|\\\\)/i

/** What in a text is a path by its look, also among other words, and what climbs out of where it starts. */
function pathsIn(text: string): string[] {
  if (text.length > LONGEST_PATH) return []
  const isOne = !/\s/.test(text) || IS_PATH.test(text)
  const words = isOne ? [text] : text.split(/[\s"'`=]+/)
  return words.filter(word => IS_PATH.test(word) || climbs(word))
}

/** Leads out of the folder it starts in, wherever that is. */
function climbs(path: string): boolean {
  return path.includes('..') && /^\.\.(?:\/|$)/.test(posix.normalize(path.replaceAll('\\', '/')))
}

function isWithin(path: string, folder: string): boolean {
  const [inner, outer] = [absolute(path), absolute(folder)]
  if (inner === null || outer === null) return false
  return inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`)
}

/** The path without `~`, `..` and `file:`, with slashes only; null where it starts nowhere that is known. Links are not followed. */
function absolute(path: string): string | null {
  let plain = path
  if (/^file:/i.test(path)) {
    try {
      plain = decodeURIComponent(new URL(path).pathname)
    } catch {
      return null
    }
  }
  if (/^~(?:[/\\]|$)/.test(plain)) plain = homedir() + plain.slice(1)
  if (/^[a-z]:[\\/]|^\\\\/i.test(plain)) return trimmed(win32.normalize(plain).replaceAll('\\', '/'))
  if (plain.startsWith('/')) return trimmed(posix.normalize(plain))
  return null
}

function trimmed(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** Whether what lies in `inner` lies in `outer` too. */
export function isFolderWithin(inner: string, outer: string): boolean {
  return isWithin(inner, outer)
}
