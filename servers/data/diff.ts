// What differs between two pieces of data: added, removed and changed values, each with its path.
import { isRecord, toJson } from './formats.ts'

export interface Change {
  kind: 'added' | 'removed' | 'changed'
  /** A JSON Pointer (RFC 6901); rows that have a key are named by it. */
  path: string
  before?: unknown
  after?: unknown
}

/** `key`: the member by which objects in lists are the same; without it they are by their place. */
export function differences(before: unknown, after: unknown, key?: string): Change[] {
  const found: Change[] = []
  compare(before, after, '', key, found)
  return found
}

function compare(a: unknown, b: unknown, path: string, key: string | undefined, found: Change[]): void {
  if (Object.is(a, b)) return
  const parts = partsOf(a, b, key)
  if (parts) members(...parts, path, key, found)
  else if (toJson(a) !== toJson(b)) found.push({ kind: 'changed', path, before: plain(a), after: plain(b) })
}

type Parts = Map<string, unknown>

function partsOf(a: unknown, b: unknown, key: string | undefined): [Parts, Parts] | null {
  if (Array.isArray(a) && Array.isArray(b)) return [named(a, key), named(b, key)]
  return isRecord(a) && isRecord(b) ? [new Map(Object.entries(a)), new Map(Object.entries(b))] : null
}

function members(a: Parts, b: Parts, path: string, key: string | undefined, found: Change[]): void {
  for (const [name, value] of a) {
    const at = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (b.has(name)) compare(value, b.get(name), at, key, found)
    else found.push({ kind: 'removed', path: at, before: plain(value) })
  }
  for (const [name, value] of b) {
    const at = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (!a.has(name)) found.push({ kind: 'added', path: at, after: plain(value) })
  }
}

/** By their key where every one has one of its own, else by their place. */
function named(list: unknown[], key: string | undefined): Parts {
  const keys = key === undefined ? [] : list.map(one => (isRecord(one) && one[key] != null ? String(one[key]) : null))
  const isKeyed = key !== undefined && !keys.includes(null) && new Set(keys).size === list.length
  return new Map(list.map((one, index) => [isKeyed ? `${key}=${keys[index]}` : String(index), one]))
}

/** Numbers past 2^53 as text: answers are JSON that others parse. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'object' && value !== null ? JSON.parse(toJson(value)) : value
}
