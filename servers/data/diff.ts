// What differs between two pieces of data: added, removed and changed values, each with its path.
import { textWhereInexact } from '../kit/exact.ts'
import { Failure } from '../kit/failure.ts'
import { isRecord, toJson } from './values.ts'

export interface Change {
  kind: 'added' | 'removed' | 'changed'
  /** A JSON Pointer (RFC 6901); rows that have a key are named by it. */
  path: string
  before?: unknown
  after?: unknown
}

/** `key`: the member by which objects in lists are the same; without it they are by their place. Throws Failure. */
export function differences(before: unknown, after: unknown, key?: string): Change[] {
  const comparing: Comparing = { key, isKeyUsed: false, found: [] }
  compare(before, after, '', comparing)
  if (key !== undefined && !comparing.isKeyUsed && comparing.found.length > 0)
    throw new Failure(
      'validation_error',
      `No list has rows that each have a ${key} of their own, in a and in b.`,
      'Name another key, or none: then rows are compared by their place.',
    )
  return comparing.found
}

interface Comparing {
  key: string | undefined
  isKeyUsed: boolean
  found: Change[]
}

function compare(a: unknown, b: unknown, path: string, comparing: Comparing): void {
  if (Object.is(a, b)) return
  const parts = partsOf(a, b, comparing)
  if (parts) members(...parts, path, comparing)
  else if (toJson(a) !== toJson(b)) comparing.found.push({ kind: 'changed', path, before: plain(a), after: plain(b) })
}

type Parts = Map<string, unknown>

function partsOf(a: unknown, b: unknown, comparing: Comparing): [Parts, Parts] | null {
  if (Array.isArray(a) && Array.isArray(b)) return listed(a, b, comparing)
  return isRecord(a) && isRecord(b) ? [new Map(Object.entries(a)), new Map(Object.entries(b))] : null
}

function members(a: Parts, b: Parts, path: string, comparing: Comparing): void {
  const { found } = comparing
  for (const [name, value] of a) {
    const at = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (b.has(name)) compare(value, b.get(name), at, comparing)
    else found.push({ kind: 'removed', path: at, before: plain(value) })
  }
  for (const [name, value] of b) {
    const at = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (!a.has(name)) found.push({ kind: 'added', path: at, after: plain(value) })
  }
}

/** By their key where every one, here and there, has one of its own; else by their place. */
function listed(a: unknown[], b: unknown[], comparing: Comparing): [Parts, Parts] {
  const keyed = [keyedBy(a, comparing.key), keyedBy(b, comparing.key)] as const
  const [before, after] = keyed
  if (!before || !after) return [placed(a), placed(b)]
  comparing.isKeyUsed = true
  return [before, after]
}

const placed = (list: unknown[]): Parts => new Map(list.map((one, index) => [String(index), one]))

function keyedBy(list: unknown[], key: string | undefined): Parts | null {
  if (key === undefined) return null
  const parts: Parts = new Map()
  for (const one of list) {
    const value = isRecord(one) && Object.hasOwn(one, key) ? one[key] : null
    if (value === null || value === undefined) return null
    parts.set(`${key}=${typeof value === 'object' ? toJson(value) : String(value)}`, one)
  }
  return parts.size === list.length ? parts : null
}

/** Numbers that would lose digits as text: answers are JSON that others parse. */
function plain(value: unknown): unknown {
  return JSON.parse(toJson(value), textWhereInexact as (key: string, value: unknown) => unknown)
}
