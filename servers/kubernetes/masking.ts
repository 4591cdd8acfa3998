// What must not be seen of a cluster's objects: the data of Secrets, values that are named like secrets, tokens by their looks.

import { withoutShapes, withoutShapesIn } from '../kit/shapes.ts'
import type { Answer } from '../kit/tools.ts'

type Tree = Record<string, unknown>
const SECRET_NAME = /passw|secret|token|credential|private|api[-_]?key|access[-_]?key|auth|dsn|connection[-_]?string/i
/** Copies of whole objects, kept by clients: a Secret's data stands in them too. */
const COPIES = ['kubectl.kubernetes.io/last-applied-configuration']

/** An answer without tokens that others wrote into what it tells. */
export function cleanAnswer<T>(text: string, data: T): Answer<T> {
  return { text: withoutShapes(text), data: withoutShapesIn(data) }
}

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** Two states of one object, with what is secret replaced by words that still say whether it differs. */
export function maskedPair(before: Tree | null, after: Tree): [before: Tree | null, after: Tree] {
  const [a, b] = [structuredClone(before), structuredClone(after)]
  for (const one of [a, b]) dropCopies(one)
  if (after.kind === 'Secret') for (const key of ['data', 'stringData']) maskValues(a?.[key], b[key], () => true)
  maskEnv(a, b)
  return [a, b]
}

function dropCopies(object: Tree | null): void {
  const { annotations } = (object?.metadata ?? {}) as { annotations?: Tree }
  for (const name of COPIES) if (annotations) delete annotations[name]
}

/** Environment variables, wherever they stand: lists of {name, value}. */
function maskEnv(a: unknown, b: unknown): void {
  if (typeof b !== 'object' && typeof a !== 'object') return
  if (Array.isArray(a) || Array.isArray(b)) {
    const [left, right] = [named(a), named(b)]
    for (const name of new Set([...left.keys(), ...right.keys()])) {
      const [one, other] = [left.get(name), right.get(name)]
      if (isSecretName(name)) maskValues(one, other, key => key === 'value')
      maskEnv(one, other)
    }
    return
  }
  const [left, right] = [(a ?? {}) as Tree, (b ?? {}) as Tree]
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) maskEnv(left[key], right[key])
}

function named(list: unknown): Map<string, Tree> {
  const items = Array.isArray(list) ? list : []
  return new Map(
    items.flatMap((one, at) =>
      typeof one === 'object' && one !== null ? [[String((one as Tree).name ?? at), one as Tree]] : [],
    ),
  )
}

function maskValues(a: unknown, b: unknown, isSecret: (key: string) => boolean): void {
  const [left, right] = [(a ?? {}) as Tree, (b ?? {}) as Tree]
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (!isSecret(key)) continue
    const isSame = left[key] === right[key]
    if (key in left) left[key] = isSame ? '‹secret›' : '‹secret, as it was›'
    if (key in right) right[key] = isSame ? '‹secret›' : '‹secret, as it would be›'
  }
}

/** All values of Secrets in these objects, plain and in base64: for taking them out of what the cluster says. */
export function secretValues(objects: readonly Tree[]): string[] {
  const values = objects.flatMap(({ kind, data, stringData }) =>
    kind === 'Secret' ? [...Object.values(data ?? {}), ...Object.values(stringData ?? {})] : [],
  )
  return values
    .flatMap(value => (typeof value === 'string' ? [value, Buffer.from(value, 'base64').toString('utf8')] : []))
    .filter(value => value.length >= 4)
}
