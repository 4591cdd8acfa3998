// What would change in an object, field by field; parts of lists are told by their names.
type Tree = Record<string, unknown>

export interface FieldChange {
  path: string
  before: string | null
  after: string | null
}

const LONGEST = 1000
/** What the cluster keeps for itself. */
const ITS_OWN = ['managedFields', 'resourceVersion', 'uid', 'generation', 'creationTimestamp', 'selfLink']

/** `before` null: it does not exist yet. */
export function changesBetween(before: Tree | null, after: Tree): FieldChange[] {
  const changes: FieldChange[] = []
  walk(before === null ? undefined : plain(before), plain(after), '', changes)
  return changes
}

function plain(object: Tree): Tree {
  const { status, metadata, ...rest } = object
  const kept = Object.entries((metadata ?? {}) as Tree).filter(([key]) => !ITS_OWN.includes(key))
  return { ...rest, metadata: Object.fromEntries(kept) }
}

function walk(a: unknown, b: unknown, path: string, changes: FieldChange[]): void {
  const [left, right] = [partsOf(a), partsOf(b)]
  const isAlike =
    left === undefined || right === undefined ? a === undefined || b === undefined : left.mark === right.mark
  const mark = left?.mark ?? right?.mark
  if (mark && isAlike) each(left?.parts ?? {}, right?.parts ?? {}, path, mark, changes)
  else if (JSON.stringify(a) !== JSON.stringify(b)) changes.push({ path, before: words(a), after: words(b) })
}

/** Undefined for values and for what is empty. */
function partsOf(value: unknown): { parts: Tree; mark: '.' | '[' } | undefined {
  const parts = Array.isArray(value) ? byName(value) : isTree(value) ? value : {}
  return Object.keys(parts).length > 0 ? { parts, mark: Array.isArray(value) ? '[' : '.' } : undefined
}

function each(a: Tree, b: Tree, path: string, mark: '.' | '[', changes: FieldChange[]): void {
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const step = mark === '[' ? `[${key}]` : path === '' ? key : /^[\w-]+$/.test(key) ? `.${key}` : `["${key}"]`
    walk(a[key], b[key], path + step, changes)
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Objects by their name, where all have one and no two the same; else by their place. */
function byName(list: readonly unknown[]): Tree {
  const names = list.map(one => (isTree(one) && typeof one.name === 'string' ? one.name : undefined))
  const isNamed = names.every(name => name !== undefined) && new Set(names).size === list.length
  return Object.fromEntries(list.map((one, at) => [isNamed ? names[at]! : at, one]))
}

function words(value: unknown): string | null {
  if (value === undefined) return null
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} … (${text.length - LONGEST} more characters)` : text
}
