// The tree of a long JSON file, made only as far as an edit needs it: some clients keep megabytes beside their servers.
import { type Node, parseTree } from 'jsonc-parser'
import { endOf } from './layout.ts'

/** From here on a file is read, compared and shown around our entry alone. */
export const LONG = 1_000_000

const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44]

/**
 * `text` must be JSON. Whole on the way to the map at `keyPath` and in it; every other value is a node without children
 * of type `null`, which knows its place alone.
 */
export function longTree(text: string, keyPath: readonly string[]): Node {
  const start = skipSpace(text, 0)
  return text[start] === '{' ? objectAt(text, start, keyPath) : opaque(start, endOfValue(text, start))
}

function objectAt(text: string, start: number, [key, ...rest]: readonly string[]): Node {
  if (key === undefined) return wholeAt(text, start)
  const children: Node[] = []
  let at = skipSpace(text, start + 1)
  while (text[at] !== '}') {
    const nameEnd = endOfText(text, at)
    const name = JSON.parse(text.slice(at, nameEnd)) as string
    const colonOffset = skipSpace(text, nameEnd)
    const from = skipSpace(text, colonOffset + 1)
    const value = name === key && text[from] === '{' ? objectAt(text, from, rest) : opaque(from, endOfValue(text, from))
    const named: Node = { type: 'string', offset: at, length: nameEnd - at, value: name }
    children.push({ type: 'property', offset: at, length: endOf(value) - at, colonOffset, children: [named, value] })
    at = skipSpace(text, endOf(value))
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
  }
  return { type: 'object', offset: start, length: at + 1 - start, children }
}

function wholeAt(text: string, start: number): Node {
  return moved(parseTree(text.slice(start, endOfValue(text, start)))!, start)
}

function moved({ type, value, offset, length, colonOffset, children }: Node, by: number): Node {
  const base = { type, value, offset: offset + by, length }
  if (!children) return base
  const all = { ...base, children: children.map(child => moved(child, by)) }
  return colonOffset === undefined ? all : { ...all, colonOffset: colonOffset + by }
}

function opaque(from: number, to: number): Node {
  return { type: 'null', offset: from, length: to - from }
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 32) at++
  return at
}

function endOfValue(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfText(text, at) - 1
      if (depth === 0) return at + 1
    } else if (code === 123 || code === 91) depth++
    else if (code === 125 || code === 93) {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (code === COMMA || code <= 32)) return at
  }
  return text.length
}

function endOfText(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); ; at = text.indexOf('"', at + 1)) {
    let escapes = 0
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes++
    if (escapes % 2 === 0) return at + 1
  }
}
