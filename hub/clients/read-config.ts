// Reads a client's config as strictly as the client does, and says in words what is wrong with it and where.
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import { LONG, longTree } from './long-json.ts'
import { hashOf } from './replace-file.ts'
import type { KnownClient } from './table.ts'
import { readToml, type Toml } from './toml.ts'
import { readYaml, type Yaml } from './yaml.ts'

/** A config that its client can read. `text` is without the byte order mark; `root` is null when nothing is in it. */
export interface Config {
  kind: 'config'
  text: string
  bom: boolean
  root: Node | null
  /** Where the file is TOML: what it says. */
  toml?: Toml
  /** Where it is YAML. */
  yaml?: Yaml
  /** Comments or trailing commas are in it though nobody knows whether the client reads them. */
  doubtful: boolean
}

/** Why a config cannot be edited. Line and column count from 1. */
export interface Unreadable {
  kind: 'unreadable'
  what: string
  line: number | null
  column: number | null
}

// Parsers of TOML and YAML take seconds for more.
const LONGEST_OTHER = 256_000

// Some of these files hold megabytes, and one write asks several times for the same bytes.
const known = new WeakMap<Buffer, Map<string, Config | Unreadable>>()

/** The config in these bytes, or why they are left alone. The bytes must not be changed afterwards. */
export function readConfig(bytes: Buffer, client: KnownClient): Config | Unreadable {
  const readings = known.get(bytes) ?? new Map<string, Config | Unreadable>()
  known.set(bytes, readings)
  const reading = readings.get(client.id) ?? readAgain(bytes, client) ?? read(bytes, client)
  readings.set(client.id, reading)
  if (bytes.length > LONG) {
    last.delete(keyOf(bytes, client))
    last.set(keyOf(bytes, client), new WeakRef(reading))
    for (const key of [...last.keys()].slice(0, -4)) last.delete(key)
  }
  return reading
}

// What was written is read back a moment later, as other bytes that say the same.
const last = new Map<string, WeakRef<Config | Unreadable>>()

function readAgain(bytes: Buffer, client: KnownClient): Config | Unreadable | undefined {
  return bytes.length > LONG ? last.get(keyOf(bytes, client))?.deref() : undefined
}

function keyOf(bytes: Buffer, client: KnownClient): string {
  return `${client.id} ${hashOf(bytes)}`
}

function read(bytes: Buffer, client: KnownClient): Config | Unreadable {
  const decoded = decode(bytes)
  if (decoded === null) return unplaced('The file is not UTF-8 text.')
  const bom = decoded.startsWith('\ufeff')
  const text = bom ? decoded.slice(1) : decoded
  try {
    return parse(text, bom, client)
  } catch (error) {
    if (error instanceof RangeError) return unplaced('The file is nested too deeply.')
    throw error
  }
}

/** The node at a path of names, or undefined. */
export function nodeAt(config: Config, path: readonly string[]): Node | undefined {
  return config.root ? findNodeAtLocation(config.root, [...path]) : undefined
}

/** The name of a property node. */
export function nameOf(property: Node): string {
  return property.children?.[0]?.value as string
}

/** The value of a property node. */
export function contentOf(property: Node): Node | undefined {
  return property.children?.[1]
}

function parse(text: string, bom: boolean, client: KnownClient): Config | Unreadable {
  const { format } = client.config
  if (format !== 'json' && text.length > LONGEST_OTHER)
    return unplaced(`The file is larger than ${LONGEST_OTHER / 1000} KB, and no JSON.`)
  if (format === 'toml') return readToml(text, bom)
  if (format === 'yaml') return readYaml(text, bom)
  if (text.length > LONG) return readLong(text, bom, client)
  const lenient = tree(text, client.config.comments)
  const problem = lenient.errors[0]
  if (isBlank(text, client, lenient.errors)) return { kind: 'config', text, bom, root: null, doubtful: false }
  if (problem) return at(text, problem.offset, wordsFor(problem, text, client))
  if (client.config.comments === 'no') {
    const refused = refusedByJson(text)
    if (refused) return refused
  }
  const { root } = lenient
  if (root?.type !== 'object') return at(text, root?.offset ?? 0, 'an object in { } is missing.')
  const doubtful = client.config.comments === 'unknown' && refusedByJson(text) !== undefined
  return findRepeated(text, root, client.config.keyPath) ?? { kind: 'config', text, bom, root, doubtful }
}

// To parse it whole would keep the hub busy for seconds.
function readLong(text: string, bom: boolean, client: KnownClient): Config | Unreadable {
  const { comments, keyPath } = client.config
  const refused = refusedByJson(text)
  if (refused && comments === 'no') return refused
  if (refused) return unplaced(`${refused.what} A file of more than ${LONG / 1_000_000} MB must be plain JSON.`)
  const root = longTree(text, keyPath)
  if (root.type !== 'object') return at(text, root.offset, 'an object in { } is missing.')
  return findRepeated(text, root, keyPath) ?? { kind: 'config', text, bom, root, doubtful: false }
}

function unplaced(what: string): Unreadable {
  return { kind: 'unreadable', what, line: null, column: null }
}

function tree(
  text: string,
  comments: KnownClient['config']['comments'],
): { root: Node | undefined; errors: ParseError[] } {
  const errors: ParseError[] = []
  const root = parseTree(text, errors, {
    disallowComments: comments === 'no',
    allowTrailingComma: comments === 'yes' || comments === 'unknown',
  })
  return { root, errors }
}

// Nothing but space, and comments where they are allowed: as good as no file.
function isBlank(text: string, client: KnownClient, errors: ParseError[]): boolean {
  if (/^[ \t\r\n]*$/.test(text)) return true
  const only = errors.length === 1 ? errors[0] : undefined
  return (
    client.config.comments !== 'no' &&
    only !== undefined &&
    nameOfError(only) === 'ValueExpected' &&
    only.offset >= text.length
  )
}

// JSON.parse is the judge for strict readers; jsonc-parser only says better where.
function refusedByJson(text: string): Unreadable | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    const position = /position (\d+)/.exec(String(error))
    const end = /end of JSON/.test(String(error)) ? text.length : 0
    const offset = position ? Number(position[1]) : end
    const next = text[offset]
    return at(text, offset, next !== undefined && UNSEEN.test(next) ? unseen(next) : 'this is not JSON.')
  }
}

// Both a client and an editor pick one of two equal names, and not the same one.
function findRepeated(text: string, root: Node, keyPath: readonly string[]): Unreadable | undefined {
  let node: Node | undefined = root
  for (const key of [...keyPath, null]) {
    if (node?.type !== 'object') return undefined
    const seen = new Set<string>()
    let next: Node | undefined
    for (const property of node.children ?? []) {
      const name = nameOf(property)
      if (seen.has(name) && (key === null || name === key))
        return at(text, property.offset, `${JSON.stringify(name)} is there twice.`)
      seen.add(name)
      if (name === key) next = contentOf(property)
    }
    node = next
  }
  return undefined
}

function at(text: string, offset: number, words: string): Unreadable {
  const before = text.slice(0, offset).split(/\r\n|\n|\r/)
  const line = before.length
  const column = before[line - 1]!.length + 1
  return { kind: 'unreadable', what: `Line ${line}, column ${column}: ${words}`, line, column }
}

// What editors do not show; a file that was being written when the power failed is full of zeros.
const UNSEEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\u00a0\u200b-\u200f\u2028\u2029\u2060\ufeff]/

function unseen(char: string): string {
  const code = char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
  return `a character that cannot be seen stands here (U+${code}).`
}

function nameOfError({ error }: ParseError): string {
  return printParseErrorCode(error)
}

function wordsFor(error: ParseError, text: string, client: KnownClient): string {
  const next = text[error.offset]
  if (next !== undefined && UNSEEN.test(next)) return unseen(next)
  switch (nameOfError(error)) {
    case 'CommaExpected':
      return 'a comma is missing.'
    case 'ColonExpected':
      return 'a colon is missing.'
    case 'CloseBraceExpected':
      return 'a closing } is missing.'
    case 'CloseBracketExpected':
      return 'a closing ] is missing.'
    case 'PropertyNameExpected':
    case 'ValueExpected':
      if (next === '}' || next === ']') return 'there is a comma too many before this.'
      return nameOfError(error) === 'ValueExpected' ? 'a value is missing.' : 'a name in double quotes is missing.'
    case 'InvalidCommentToken':
      return `this is a comment, and ${client.name} reads none.`
    case 'UnexpectedEndOfComment':
      return 'a comment has no end.'
    case 'UnexpectedEndOfString':
      return 'a closing quote is missing.'
    case 'UnexpectedEndOfNumber':
    case 'InvalidNumberFormat':
      return 'this is not a number.'
    case 'InvalidUnicode':
    case 'InvalidEscapeCharacter':
      return 'what follows the backslash is not JSON.'
    case 'InvalidCharacter':
      return 'a control character stands in a text.'
    case 'EndOfFileExpected':
      return 'there is more after the end.'
    case 'InvalidSymbol':
      return next === "'" ? 'JSON needs double quotes.' : 'this is neither a text in double quotes nor a value.'
    default:
      return 'this is not JSON.'
  }
}

function decode(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}
