// How a JSON file is laid out: line ends, indentation, one-line objects, and what stands around a member.
import { createScanner, type Node } from 'jsonc-parser'

// jsonc-parser's SyntaxKind, an ambient const enum that no single file can read.
const COMMA = 5
const LINE_COMMENT = 12
const BLOCK_COMMENT = 13
const LINE_BREAK = 14
const SPACE = 15

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** How a new member is written so that it looks like its neighbours. */
export interface Layout {
  /** Each member on a line of its own; else everything on one line. */
  lines: boolean
  /** On one line: no space after colons and commas. */
  compact: boolean
  eol: string
  /** One step of indentation. */
  unit: string
}

/** The layout of a whole file, from its first lines. `fallback`: the indentation when the file shows none. */
export function layoutOf(text: string, root: Node, fallback: string): Layout {
  const inside = text.slice(root.offset, endOf(root))
  const empty = (root.children ?? []).length === 0
  const indented = (root.children ?? []).find(child => beginsLine(text, child.offset))
  const base = indentOf(text, root.offset)
  const deeper = indented && indentOf(text, indented.offset)
  const first = root.children?.[0]
  const colon = first?.colonOffset
  return {
    lines: empty || /[\r\n]/.test(inside),
    compact: colon !== undefined && !/\s/.test(text[colon + 1] ?? ''),
    eol: /\r\n|\n|\r/.exec(text)?.[0] ?? '\n',
    unit: deeper && deeper.length > base.length && deeper.startsWith(base) ? deeper.slice(base.length) : fallback,
  }
}

/** A value as text. On lines: objects open up to `depth`, all below them stay on one line. */
export function write(value: Json, layout: Layout, indent: string, depth: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(each => write(each, layout, indent, 0)).join(comma(layout))}]`
  const inner = indent + layout.unit
  const parts = Object.entries(value).map(([name, each]) => member(name, each, layout, inner, depth - 1))
  if (parts.length === 0) return '{}'
  if (layout.lines && depth > 0)
    return `{${layout.eol}${inner}${parts.join(`,${layout.eol}${inner}`)}${layout.eol}${indent}}`
  return layout.compact ? `{${parts.join(',')}}` : `{ ${parts.join(', ')} }`
}

/** A name and its value as text. */
export function member(name: string, value: Json, layout: Layout, indent: string, depth: number): string {
  const colon = layout.compact && !layout.lines ? ':' : ': '
  return `${JSON.stringify(name)}${colon}${write(value, layout, indent, depth)}`
}

function comma(layout: Layout): string {
  return layout.compact && !layout.lines ? ',' : ', '
}

export function endOf(node: Node): number {
  return node.offset + node.length
}

/** Only spaces and tabs stand before this place on its line. */
export function beginsLine(text: string, offset: number): boolean {
  const start = lineStart(text, offset)
  return start > 0 && /^[ \t]*$/.test(text.slice(start, offset))
}

/** The spaces and tabs that the line of this place begins with. */
export function indentOf(text: string, offset: number): string {
  const start = lineStart(text, offset)
  return /^[ \t]*/.exec(text.slice(start, offset))![0]
}

export function lineStart(text: string, offset: number): number {
  let start = offset
  while (start > 0 && text[start - 1] !== '\n' && text[start - 1] !== '\r') start--
  return start
}

/** What follows a member or an opening brace, up to the next name or the closing brace. */
export interface Tail {
  /** Where the comma is, or null. */
  comma: number | null
  /** After the comma and the comments that belong to this line. */
  after: number
  /** After the last comment of all. */
  afterAll: number
  /** The place `after` ends a line comment: nothing may follow it on its line. */
  lineComment: boolean
}

/** Reads the spaces, comments and the comma after a place. */
export function tailOf(text: string, offset: number): Tail {
  const tail: Tail = { comma: null, after: offset, afterAll: offset, lineComment: false }
  const scanner = createScanner(text, false)
  scanner.setPosition(offset)
  let sameLine = true
  for (;;) {
    const kind: number = scanner.scan()
    const end = scanner.getTokenOffset() + scanner.getTokenLength()
    if (kind === LINE_BREAK) sameLine = false
    else if (kind === COMMA && tail.comma === null) {
      Object.assign(tail, { comma: scanner.getTokenOffset(), after: end, afterAll: end, lineComment: false })
      sameLine = true
    } else if (kind === LINE_COMMENT || kind === BLOCK_COMMENT) {
      if (sameLine) Object.assign(tail, { after: end, lineComment: kind === LINE_COMMENT })
      tail.afterAll = end
    } else if (kind !== SPACE) return tail
  }
}
