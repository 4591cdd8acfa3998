// A manifest as Kubernetes reads it (YAML 1.1, where 0644 is octal and yes is true), with limits a bomb cannot pass.
import { isAlias, parseAllDocuments, visit, YAMLParseError } from 'yaml'
import { Failure } from '../kit/failure.ts'

/** One object to be applied. */
export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; [more: string]: unknown }
  [more: string]: unknown
}

const MOST_MANIFEST_BYTES = 1_000_000
const MOST_OBJECTS = 100
const MOST_DEPTH = 50
const MOST_ALIASES = 100
/** Of YAML 1.1, what Kubernetes' own reader does not know either. */
const UNKNOWN = /:(?:timestamp|omap|pairs|set|binary)$/

/** Throws Failure. */
export function readManifest(text: string): Manifest[] {
  if (Buffer.byteLength(text) > MOST_MANIFEST_BYTES) throw bad('The manifest is longer than 1 MB', 'Apply it in parts.')
  checkNesting(text)
  const objects = documentsOf(text).flatMap(flattened)
  if (objects.length === 0) throw bad('The manifest holds no object', 'Give at least one document.')
  if (objects.length > MOST_OBJECTS)
    throw bad(`The manifest holds more than ${MOST_OBJECTS} objects`, 'Apply it in parts.')
  return objects.map((one, at) => checked(one, at + 1))
}

function bad(what: string, suggestion: string): Failure {
  return new Failure('validation_error', `${what}.`, suggestion)
}

/** Before it is parsed, since the parser itself goes down with each bracket. */
function checkNesting(text: string): void {
  let depth = 0
  let deepest = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth)
    else if ((code === 0x5d || code === 0x7d) && depth > 0) depth--
  }
  // Brackets in texts count too; scripts hold some, but never open so many at once.
  if (deepest > MOST_DEPTH * 10) throw tooDeep()
}

function tooDeep(): Failure {
  return bad(`The manifest is nested deeper than ${MOST_DEPTH} levels`, 'Give plain objects.')
}

function documentsOf(text: string): unknown[] {
  try {
    const documents = parseAllDocuments(text, {
      version: '1.1',
      uniqueKeys: true,
      prettyErrors: false,
      customTags: tags => tags.filter(tag => typeof tag === 'string' || !(UNKNOWN.test(tag.tag) || isTime(tag))),
    })
    if ('empty' in documents) return []
    return documents.map(document => {
      const [error] = document.errors
      if (error) throw error
      let aliases = 0
      visit(document, {
        Node(_, node, path) {
          if (path.length > MOST_DEPTH * 3) throw tooDeep()
          if (isAlias(node) && ++aliases > MOST_ALIASES)
            throw bad('The manifest uses too many aliases', 'Write them out.')
        },
      })
      return limited(document.toJS({ maxAliasCount: MOST_ALIASES }))
    })
  } catch (error) {
    throw inWords(error, text)
  }
}

/** 22:22 as a number to the base of 60. */
function isTime(tag: object): boolean {
  return 'format' in tag && tag.format === 'TIME'
}

function inWords(error: unknown, text: string): unknown {
  if (error instanceof Failure) return error
  if (error instanceof RangeError) return tooDeep()
  if (error instanceof ReferenceError)
    return bad('The manifest’s aliases are too many, or name nothing', 'Write them out.')
  if (!(error instanceof YAMLParseError)) return error
  const line = text.slice(0, error.pos[0]).split('\n').length
  // Not the library's own words: they show what stands there.
  return new Failure('validation_error', `The manifest is not YAML: line ${line} (${error.code}).`, 'Correct it.', {
    line,
  })
}

/** Aliases make much out of little: what came out is measured as it is walked. */
function limited(value: unknown): unknown {
  let left = MOST_MANIFEST_BYTES * 2
  const walk = (one: unknown, depth: number): void => {
    if (depth > MOST_DEPTH) throw tooDeep()
    left -= typeof one === 'string' ? one.length + 8 : 8
    if (left < 0) throw bad('The manifest becomes too big', 'Apply it in parts, without aliases.')
    if (typeof one !== 'object' || one === null) return
    for (const [key, inner] of Object.entries(one)) {
      left -= key.length
      walk(inner, depth + 1)
    }
  }
  walk(value, 0)
  return value
}

/** A List is what it holds; an empty document is nothing. */
function flattened(document: unknown): unknown[] {
  if (document === null || document === undefined) return []
  const { kind, apiVersion, items } = document as Record<string, unknown>
  return kind === 'List' && apiVersion === 'v1' && Array.isArray(items) ? items.flatMap(flattened) : [document]
}

const API_VERSION = /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?v[0-9][a-z0-9]{0,20}$/
const KIND = /^[A-Z][A-Za-z0-9]{0,62}$/
/** Of roles too, whose names may hold colons. */
const NAME = /^[a-z0-9](?:[-a-z0-9.:]{0,251}[a-z0-9])?$/
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/

function checked(value: unknown, number: number): Manifest {
  const wrong = (what: string) => bad(`Object ${number} of the manifest ${what}`, 'Correct it.')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('is no object')
  const { apiVersion, kind, metadata } = value as Record<string, unknown>
  if (typeof apiVersion !== 'string' || !API_VERSION.test(apiVersion)) throw wrong('has no good apiVersion')
  if (typeof kind !== 'string' || !KIND.test(kind)) throw wrong('has no good kind')
  const { name, generateName, namespace, managedFields } = (metadata ?? {}) as Record<string, unknown>
  if (name === undefined && generateName !== undefined)
    throw wrong(`(${kind}) has metadata.generateName, where only a metadata.name can be applied`)
  if (typeof name !== 'string' || !NAME.test(name) || name.includes('..'))
    throw wrong(`(${kind}) has no good metadata.name: lower case letters, digits, - and .`)
  if (namespace !== undefined && (typeof namespace !== 'string' || !NAMESPACE.test(namespace)))
    throw wrong(`(${kind} ${name}) has no good metadata.namespace`)
  if (managedFields !== undefined)
    throw wrong(`(${kind} ${name}) has metadata.managedFields, which is not to be applied`)
  return value as Manifest
}
