// A client's config in TOML: our tables are put in and taken out by splices, judged by another parser than the one that
// says where things stand.
import { parse } from 'smol-toml'
import { type AST, ParseError, parseTOML } from 'toml-eslint-parser'
import type { Place, Splice } from './edit.ts'
import type { Json } from './layout.ts'
import type { Config, Unreadable } from './read-config.ts'

/** What a TOML file says, and where its tables stand. */
export interface Toml {
  value: unknown
  tables: AST.TOMLTable[]
  top: AST.TOMLTopLevelTable
}

export function readToml(text: string, bom: boolean): Config | Unreadable {
  try {
    const value: unknown = parse(text, { integersAsBigInt: 'asNeeded' })
    const top = parseTOML(text).body[0]
    const tables = top.body.filter(node => node.type === 'TOMLTable')
    return { kind: 'config', text, bom, root: null, toml: { value, tables, top }, doubtful: false }
  } catch (error) {
    const { line, column } = placeOf(error)
    const words = error instanceof Error ? error.message.split('\n')[0]!.replace(/^Invalid TOML document: /, '') : ''
    return { kind: 'unreadable', what: `Line ${line}, column ${column}: ${words}.`, line, column }
  }
}

/** The value at a path of names; undefined when there is none. */
export function valueIn({ value }: Pick<Toml, 'value'>, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isTable(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  )
}

/** Our tables, in the place of older ones of ours, else behind the other servers', else at the end. */
export function putToml(text: string, toml: Toml, place: Place, entry: { [key: string]: Json }): Splice[] | null {
  const servers = valueIn(toml, place.keyPath)
  if (servers !== undefined && !isTable(servers)) return null
  const eol = /\r\n|\n/.exec(text)?.[0] ?? '\n'
  const block = tablesOf([...place.keyPath, place.name], entry).join(eol)
  const old = ownTables(toml, place)
  if (old.length > 0) {
    const [first, ...others] = old.map(table => ({
      at: lineStart(text, table.range[0]),
      end: lineEnd(text, table.range[1]),
    }))
    return [
      { at: first!.at, remove: first!.end - first!.at, text: block },
      ...others.map(({ at, end }) => cut(text, at, end)),
    ]
  }
  // Written in a line or by dotted keys: a table of that name cannot follow.
  if (servers !== undefined && valueIn(toml, [...place.keyPath, place.name]) !== undefined) return null
  const last = toml.tables.findLast(({ resolvedKey }) => place.keyPath.every((key, n) => resolvedKey[n] === key))
  const at = last ? lineEnd(text, last.range[1]) : text.trimEnd().length
  const before = text.slice(0, at).trim() === '' ? '' : eol + eol
  const after = /^\r?\n/.test(text.slice(at)) ? '' : eol
  return [{ at, remove: 0, text: before + block + after }]
}

export function takeToml(text: string, toml: Toml, place: Place): Splice[] {
  return [...ownTables(toml, place), ...ownLines(toml, place)].map(({ range }) =>
    cut(text, lineStart(text, range[0]), lineEnd(text, range[1])),
  )
}

/** All but the entries of these names, as one text to compare. */
export function outlineOfValue(
  { value }: Pick<Toml, 'value'>,
  place: Place,
  but: ReadonlySet<string> = new Set([place.name]),
): string {
  const without = (inner: unknown, path: readonly string[]): unknown => {
    if (!isTable(inner)) return inner
    const [key, ...rest] = path
    if (key === undefined) return Object.fromEntries(Object.entries(inner).filter(([name]) => !but.has(name)))
    const entries = Object.entries(inner).flatMap(([name, each]) => {
      if (name !== key) return [[name, each]]
      const left = without(each, rest)
      return left === undefined || left === null || (isTable(left) && Object.keys(left).length === 0)
        ? []
        : [[name, left]]
    })
    return Object.fromEntries(entries)
  }
  const typed = (_: string, each: unknown) =>
    typeof each === 'bigint' ? `${each}n` : typeof each === 'number' && !Number.isFinite(each) ? String(each) : each
  return JSON.stringify(without(value, place.keyPath), typed)
}

function ownTables(toml: Toml, place: Place): AST.TOMLTable[] {
  const own = [...place.keyPath, place.name]
  return toml.tables.filter(({ resolvedKey }) => own.every((key, n) => resolvedKey[n] === key))
}

/** Where it is written by dotted keys, or in one line of a table above. */
function ownLines({ top }: Toml, { keyPath, name }: Place): AST.TOMLKeyValue[] {
  const own = [...keyPath, name]
  return top.body.flatMap(node => {
    const above = node.type === 'TOMLTable' ? node.resolvedKey : []
    if (own.every((key, n) => above[n] === key)) return []
    return (node.type === 'TOMLTable' ? node.body : [node]).filter(({ key }) => {
      const path = [...above, ...key.keys.map(each => (each.type === 'TOMLBare' ? each.name : each.value))]
      return own.every((key, n) => path[n] === key)
    })
  })
}

/** The lines of a table and of the tables in it; JSON's texts and lists are TOML's too. */
function tablesOf(path: readonly string[], table: { [key: string]: Json }): string[] {
  const inner = Object.entries(table).filter((pair): pair is [string, { [key: string]: Json }] => isTable(pair[1]))
  const own = Object.entries(table).filter(([, value]) => !isTable(value))
  return [
    `[${path.map(keyText).join('.')}]`,
    ...own.map(
      ([key, value]) =>
        `${keyText(key)} = ${Array.isArray(value) ? `[${value.map(each => JSON.stringify(each)).join(', ')}]` : JSON.stringify(value)}`,
    ),
    ...inner.flatMap(([key, value]) => ['', ...tablesOf([...path, key], value)]),
  ]
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key)
}

/** Lines go with the line end and the one blank line before them. */
function cut(text: string, at: number, end: number): Splice {
  const before = /(?:(?:\r\n|\n)[ \t]*)?(?:\r\n|\n)$/.exec(text.slice(0, at))?.[0].length ?? 0
  if (before > 0) return { at: at - before, remove: end - at + before, text: '' }
  const after = /^(?:\r\n|\n){1,2}/.exec(text.slice(end))?.[0].length ?? 0
  return { at, remove: end - at + after, text: '' }
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

/** Before its line end; a comment behind it belongs to it. */
function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  if (end < 0) return text.length
  return text[end - 1] === '\r' ? end - 1 : end
}

function isTable<T>(value: T): value is T & Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

function placeOf(error: unknown): { line: number; column: number } {
  if (error instanceof ParseError) return { line: error.lineNumber, column: error.column + 1 }
  const { line = 1, column = 1 } = (error ?? {}) as { line?: number; column?: number }
  return { line, column }
}
