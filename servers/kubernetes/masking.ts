// What must not be seen of a cluster's objects: the data of Secrets, values that are named like secrets, tokens by their looks.
import { createHmac, randomBytes } from 'node:crypto'
import { withoutShapes } from '../kit/shapes.ts'
import type { Answer } from '../kit/tools.ts'
import type { FieldChange } from './object-diff.ts'

type Tree = Record<string, unknown>
const SECRET_NAME =
  /passw|passphrase|pwd|(?:^|[-_.])(?:pg)?pass$|secret|token|credential|private|(?:api|access|account|encryption|signing|master|ssh|licen[cs]e)[-_.]?key|[-_.]key$|auth|dsn|jwt|cookie|salt$|connection[-_.]?string/i
/** Of fields that tell of a secret without being one, as secretName. */
const ABOUT = /(?:name|names|namespace|ref|refs|type|mode|policy|path|file|class|seconds|audience|version)$/i
/** Copies of whole objects, kept by clients: a Secret's data stands in them too. */
const COPIES = ['kubectl.kubernetes.io/last-applied-configuration']

/** An answer without tokens that others wrote into what it tells. */
export function cleanAnswer<T>(text: string, data: T): Answer<T> {
  return { text: withoutShapes(text), data: eachText(data, withoutShapes) }
}

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

const key = randomBytes(32)
const MARK = /‹secret [0-9a-f]{12}›/g

/** The same mark for the same secret, and only in this process. */
function markOf(value: unknown): string {
  return `‹secret ${createHmac('sha256', key).update(JSON.stringify(value)).digest('hex').slice(0, 12)}›`
}

/** A copy that holds marks in place of secrets: they still tell whether two are the same. */
export function masked(object: Tree): Tree {
  const made = hiding(object, markOf) as Tree
  const { annotations } = (made.metadata ?? {}) as { annotations?: Tree }
  for (const name of COPIES) if (annotations) delete annotations[name]
  if (object.kind !== 'Secret') return made
  const values = secretsIn(object)
  return { ...made, metadata: eachText(made.metadata, text => withoutValues(text, values)) }
}

/** Marks are for comparing: what is told says only that, too. */
export function inWords({ path, before, after }: FieldChange): FieldChange {
  const differ = before !== null && after !== null
  return {
    path,
    before: before?.replace(MARK, differ ? '‹secret, as it was›' : '‹secret›') ?? null,
    after: after?.replace(MARK, differ ? '‹secret, as it would be›' : '‹secret›') ?? null,
  }
}

/** All secrets in an object: for taking them out of what the cluster says of it. */
export function secretsIn(object: Tree): string[] {
  const found: string[] = []
  hiding(object, value => {
    found.push(String(value))
    if (object.kind === 'Secret') found.push(Buffer.from(String(value), 'base64').toString('utf8'))
    return ''
  })
  return found
}

type Hide = (value: string | number) => string

function hiding(value: unknown, hide: Hide, top: unknown = value): unknown {
  if (Array.isArray(value)) return value.map(one => hiding(one, hide, top))
  if (!isTree(value)) return value
  const isNamedSecret = typeof value.name === 'string' && isSecretName(value.name)
  const isSecret = (name: string) => (isNamedSecret && name === 'value') || (isSecretName(name) && !ABOUT.test(name))
  const isData = (name: string) => value === top && value.kind === 'Secret' && /^(?:data|stringData)$/.test(name)
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      if (isData(name) && isTree(one)) return [name, all(one, hide)]
      return [name, isSecret(name) && isPlain(one) ? hide(one) : hiding(one, hide, top)]
    }),
  )
}

function all(data: Tree, hide: Hide): Tree {
  return Object.fromEntries(Object.entries(data).map(([name, one]) => [name, isPlain(one) ? hide(one) : one]))
}

function isPlain(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number'
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The same with each text in it changed. */
export function eachText<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T
  if (Array.isArray(value)) return value.map(one => eachText(one, change)) as T
  if (!isTree(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, eachText(one, change)])) as T
}

const PIECE = 60

/** Also where a text holds but a part of a secret, or spells it as JSON does. */
export function withoutValues(text: string, values: readonly string[]): string {
  const spelt = values.flatMap(value => [value, JSON.stringify(value).slice(1, -1)])
  const pieces = new Set(spelt.flatMap(piecesOf).filter(piece => piece.length >= 4))
  const clean = [...pieces]
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, piece) => rest.replaceAll(piece, '‹secret›'), text)
  return clean.replace(/(?:‹secret›){2,}/g, '‹secret›')
}

function piecesOf(value: string): string[] {
  const from = Array.from({ length: Math.ceil(value.length / PIECE) }, (_, n) =>
    value.slice(n * PIECE, (n + 1) * PIECE),
  )
  return [...from, value.slice(-PIECE)]
}
