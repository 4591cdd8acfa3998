// config.json as text: read with the place of every mistake, changed with every comment kept.
import { type JsonObject, parse } from 'jsonc-morph'
import {
  createScanner,
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'
import { HubError } from '../error.ts'
import { Entry, EntryName } from './entry.ts'

/** Where it is wrong, counted from 1, and how. */
export interface TextProblem {
  line: number
  column: number
  what: string
}
export type ReadConfig = { entries: Map<string, Entry> } | { problem: TextProblem }

const MAX_CHARS = 2_000_000
const MAX_DEPTH = 100
// jsonc-parser's SyntaxKind is a const enum, which type stripping cannot read.
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, EOF] = [1, 2, 3, 4, 17]
const MAX_SERVERS = 500

/** A config for a folder that has none. */
export const EMPTY_CONFIG = '{\n  "$schema": "./config.schema.json",\n  "mcpServers": {}\n}\n'

export function readConfig(text: string): ReadConfig {
  const at = (offset: number, what: string): ReadConfig => ({ problem: { ...placeOf(text, offset), what } })
  if (text.length > MAX_CHARS) return at(0, 'The file is larger than 2 MB.')
  const tree = treeOf(text)
  if ('what' in tree) return { problem: tree }
  if (tree.type !== 'object') return at(tree.offset, 'Expected an object: { "mcpServers": { … } }')
  const bad = badKey(tree)
  if (bad)
    return at(
      bad.offset,
      bad.value === '__proto__'
        ? '"__proto__" cannot be used as a name.'
        : `${JSON.stringify(bad.value)} stands here twice.`,
    )
  const servers = findNodeAtLocation(tree, ['mcpServers'])
  if (!servers) return { entries: new Map() }
  if (servers.type !== 'object') return at(servers.offset, '"mcpServers" must be an object of servers by name.')
  if (servers.children!.length > MAX_SERVERS) return at(servers.offset, `More than ${MAX_SERVERS} servers.`)
  const entries = new Map<string, Entry>()
  for (const property of servers.children!) {
    const [key, value] = property.children!
    const name = EntryName.safeParse(key!.value)
    if (!name.success)
      return at(
        key!.offset,
        `The server name ${JSON.stringify(key!.value).slice(0, 80)} ${name.error.issues[0]!.message}.`,
      )
    const entry = Entry.safeParse(plainValue(value!))
    if (!entry.success) {
      const issue = entry.error.issues[0]!
      const path = issue.path.map(step => (typeof step === 'symbol' ? String(step) : step))
      const node = findNodeAtLocation(value!, path) ?? value!
      return at(node.offset, `${name.data}: ${path.length ? `${path.join('.')} ` : ''}${sentence(issue.message)}`)
    }
    entries.set(name.data, entry.data)
  }
  return { entries }
}

/** Changes one server's entry (null removes it); comments and everything else stay as they are. */
export function editConfig(text: string, name: string, change: Record<string, unknown> | null): string {
  return edited(text, servers => {
    const property = servers.get(name)
    if (change === null) {
      property?.remove()
      return
    }
    const entry = property ? property.valueIfObjectOrForce() : servers.append(name, {}).valueIfObjectOrForce()
    for (const [key, value] of Object.entries(change)) {
      if (value === undefined) entry.get(key)?.remove()
      else if (entry.get(key)) entry.getOrThrow(key).setValue(value as never)
      else entry.append(key, value as never)
    }
  })
}

/** Gives a server another name, in its place. */
export function renameInConfig(text: string, name: string, newName: string): string {
  const tree = treeOf(text)
  const value = 'what' in tree ? undefined : findNodeAtLocation(tree, ['mcpServers', name])
  const key = value?.parent?.children?.[0]
  if (!key) throw new HubError('server/unknown', `There is no server “${name}” in config.json.`)
  return checked(text.slice(0, key.offset) + JSON.stringify(newName) + text.slice(key.offset + key.length))
}

function edited(text: string, change: (servers: JsonObject) => void): string {
  const mark = text.startsWith('\ufeff') ? '\ufeff' : ''
  const root = parse(text.slice(mark.length))
  change(root.asObjectOrThrow().getIfObjectOrForce('mcpServers'))
  return checked(mark + root.toString())
}

// What was edited must read well too, or nothing is written.
function checked(out: string): string {
  const check = readConfig(out)
  if ('problem' in check)
    throw new HubError('registry/bad-definition', check.problem.what, { hint: 'Nothing was written.' })
  return out
}

/** The syntax tree, or the first mistake in the syntax. */
export function treeOf(text: string): Node | TextProblem {
  const deep = tooDeep(text)
  if (deep !== null) return { ...placeOf(text, deep), what: `Nested deeper than ${MAX_DEPTH} levels.` }
  const errors: ParseError[] = []
  const tree = parseTree(text.replace(/^\ufeff/, ' '), errors, { allowTrailingComma: true })
  const first = errors[0]
  if (first)
    return { ...placeOf(text, first.offset), what: `Not valid JSON: ${words(printParseErrorCode(first.error))}.` }
  return tree ?? { line: 1, column: 1, what: 'The file is empty.' }
}

/** A node's value on objects without a prototype, so that a key `__proto__` is a key like any other. */
export function plainValue(node: Node): unknown {
  if (node.type === 'array') return node.children!.map(plainValue)
  if (node.type !== 'object') return node.value
  const object: Record<string, unknown> = Object.create(null)
  for (const property of node.children ?? []) {
    const [key, value] = property.children!
    if (key && value) object[key.value as string] = plainValue(value)
  }
  return object
}

// Parsers recurse: without this a file of braces would end the hub.
function tooDeep(text: string): number | null {
  const scanner = createScanner(text, true)
  let depth = 0
  for (let kind = scanner.scan(); kind !== EOF; kind = scanner.scan()) {
    if (kind === OPEN_BRACE || kind === OPEN_BRACKET) depth++
    else if (kind === CLOSE_BRACE || kind === CLOSE_BRACKET) depth--
    if (depth > MAX_DEPTH) return scanner.getTokenOffset()
  }
  return null
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/)
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

/** The first member name that is repeated in its object, or that no object can safely hold. */
function badKey(node: Node): Node | undefined {
  const seen = new Set<unknown>()
  for (const child of node.children ?? []) {
    const [key, value] = node.type === 'object' ? child.children! : [undefined, child]
    if (key && (seen.has(key.value) || key.value === '__proto__')) return key
    if (key) seen.add(key.value)
    const inner = value && badKey(value)
    if (inner) return inner
  }
  return undefined
}

function words(code: string): string {
  return code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
