// A client's config in YAML: our entry is put in and taken out by splices at the parser's ranges, never laid out anew.
import {
  type Document,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml'
import type { Place, Splice } from './edit.ts'
import type { Json } from './layout.ts'
import type { Config, Unreadable } from './read-config.ts'

/** What a YAML file says, and where it stands. */
export interface Yaml {
  value: unknown
  root: YAMLMap | null
}

export function readYaml(text: string, bom: boolean): Config | Unreadable {
  // The library compares each name of a map with each other one.
  const places = new LineCounter()
  const doc = parseDocument(text, { intAsBigInt: true, uniqueKeys: false, lineCounter: places })
  const [error] = doc.errors
  if (error) {
    const [{ line, col: column }] = error.linePos ?? [{ line: 1, col: 1 }]
    const words = error.message.split(/ at line \d+|\n/)[0]!.replace(/[.:]$/, '')
    return { kind: 'unreadable', what: `Line ${line}, column ${column}: ${words}.`, line, column }
  }
  const twice = findTwice(doc)
  if (twice) {
    const { line, col: column } = places.linePos(startOf(twice))
    const what = `Line ${line}, column ${column}: ${JSON.stringify(String(twice.key))} is there twice.`
    return { kind: 'unreadable', what, line, column }
  }
  const root = doc.contents as Node | null
  const map = isMap(root) ? root : null
  if (!map && root !== null && !(isScalar(root) && root.value === null))
    return { kind: 'unreadable', what: 'Line 1, column 1: names and values are missing.', line: 1, column: 1 }
  const value: unknown = map ? doc.toJS({ reviver: (_, each) => numberOf(each) }) : {}
  return { kind: 'config', text, bom, root: null, yaml: { value, root: map }, doubtful: false }
}

function findTwice(doc: Document): Pair | undefined {
  let twice: Pair | undefined
  visit(doc, {
    Map(_, { items }) {
      const seen = new Set<unknown>()
      for (const pair of items) {
        const name = isScalar(pair.key) ? pair.key.value : pair.key
        if (seen.has(name)) twice ??= pair
        seen.add(name)
      }
      return twice ? visit.BREAK : undefined
    },
  })
  return twice
}

/** The entry in the place of an older one of ours, else behind the last of its map. Null: the way to the map is barred. */
export function putYaml(text: string, { root }: Yaml, place: Place, entry: Json): Splice[] | null {
  const eol = /\r\n|\n/.exec(text)?.[0] ?? '\n'
  const wrapped = (depth: number): Json =>
    place.keyPath.slice(depth).reduceRight<Json>((inner, key) => ({ [key]: inner }), { [place.name]: entry })
  if (!root) return [behind(text, text.trimEnd().length, lines(wrapped(0), '', '  '), eol)]
  let map = root
  for (const [depth, key] of place.keyPath.entries()) {
    const pair = pairOf(map, key)
    if (!pair) return [added(text, map, wrapped(depth), eol)]
    const value = pair.value as Node | null
    if (isMap(value) && value.items.length > 0) {
      map = value
      continue
    }
    if (!(isMap(value) || value === null || (isScalar(value) && value.value === null))) return null
    return filled(text, pair, indentOf(text, startOf(pair)), wrapped(depth + 1), eol)
  }
  const old = pairOf(map, place.name)
  if (!old) return [added(text, map, { [place.name]: entry }, eol)]
  if (map.flow) {
    const [from, to] = (old.value as Node).range!
    return [{ at: from, remove: to - from, text: JSON.stringify(entry) }]
  }
  const at = startOf(old)
  const end = endOfPair(text, old)
  const shown = lines({ [place.name]: entry }, indentOf(text, at), unitOf(text, map))
    .join(eol)
    .trimStart()
  return [{ at, remove: end - at, text: shown }]
}

/** The entry's lines go. `created`: maps above it that were made for it go too when they are empty. */
export function takeYaml(text: string, { root }: Yaml, place: Place, created: number): Splice[] {
  if (!root) return []
  const above: YAMLMap[] = []
  let map: YAMLMap = root
  for (const key of place.keyPath) {
    above.push(map)
    const value = pairOf(map, key)?.value
    if (!isMap(value)) return []
    map = value
  }
  let pair = pairOf(map, place.name)
  if (!pair) return []
  for (let left = created; left > 0 && map.items.length === 1 && above.length > 0; left--) {
    const key = place.keyPath[above.length - 1]!
    map = above.pop()!
    pair = pairOf(map, key)!
  }
  if (map.flow) return [withoutMember(text, map, pair)]
  if (map.items.length > 1 || above.length === 0) return [withoutLines(text, startOf(pair), endOfPair(text, pair))]
  // A name without a value is no empty map.
  const parent = pairOf(above.at(-1)!, place.keyPath[above.length - 1]!)!
  const colon = (parent.key as Node).range![1] + 1
  return [{ at: colon, remove: 0, text: ' {}' }, withoutLines(text, startOf(pair), endOfPair(text, pair))]
}

function added(text: string, map: YAMLMap, value: { [key: string]: Json } | Json, eol: string): Splice {
  if (map.flow) return { at: map.range![0] + 1, remove: 0, text: `${JSON.stringify(value).slice(1, -1)}, ` }
  const first = map.items[0]!
  const indent = indentOf(text, startOf(first))
  const last = leafOf(map)
  const block = lines(value, indent, unitOf(text, map))
  // What keeps its last line ends must not be cut short.
  const isBlock = isScalar(last) && (last.type === 'BLOCK_LITERAL' || last.type === 'BLOCK_FOLDED')
  const end = last?.range?.[1] ?? text.length
  if (isBlock && text[end - 1] === '\n') return { at: end, remove: 0, text: block.join(eol) + eol }
  return behind(text, end, block, eol)
}

/** A map that is named but empty: `extensions:`, `extensions: {}`, `extensions: null`. */
function filled(text: string, pair: Pair, indent: string, value: Json, eol: string): Splice[] {
  const colon = text.indexOf(':', (pair.key as Node).range![1]) + 1
  const [from, to] = (pair.value as Node | null)?.range ?? [colon, colon]
  const start = from > colon ? colon + (/^[ \t]*$/.test(text.slice(colon, from)) ? 0 : from - colon) : from
  const removed = to > from ? [{ at: start, remove: to - start, text: '' }] : []
  return [...removed, behind(text, Math.max(to, colon), lines(value, `${indent}  `, '  '), eol)]
}

/** New lines behind the line of this place, and behind a comment on it. */
function behind(text: string, offset: number, block: string[], eol: string): Splice {
  const at = lineEnd(text, offset)
  const isStart = text.slice(0, at).trim() === ''
  return { at, remove: 0, text: (isStart ? '' : eol) + block.join(eol) + (isStart && at >= text.length ? eol : '') }
}

/** JSON's texts are YAML's too; names are written plainly where they may. */
function lines(value: Json, indent: string, unit: string): string[] {
  return Object.entries(value as { [key: string]: Json }).flatMap(([key, each]) => {
    const name = indent + (/^[A-Za-z_][\w-]*$/.test(key) && !WORDS.test(key) ? key : JSON.stringify(key))
    if (Array.isArray(each) && each.length > 0)
      return [`${name}:`, ...each.map(item => `${indent}${unit}- ${JSON.stringify(item)}`)]
    if (typeof each === 'object' && each !== null && Object.keys(each).length > 0)
      return [`${name}:`, ...lines(each, indent + unit, unit)]
    return [`${name}: ${JSON.stringify(each)}`]
  })
}

const WORDS = /^(y|n|yes|no|true|false|on|off|null)$/i

function withoutLines(text: string, from: number, to: number): Splice {
  const at = text.lastIndexOf('\n', from - 1) + 1
  const next = /^\r?\n/.exec(text.slice(to))?.[0].length ?? 0
  if (next > 0 || to < text.length) return { at, remove: to + next - at, text: '' }
  const before = /\r?\n$/.exec(text.slice(0, at))?.[0].length ?? 0
  return { at: at - before, remove: to - at + before, text: '' }
}

function withoutMember(text: string, map: YAMLMap, pair: Pair): Splice {
  const at = startOf(pair)
  const end = ((pair.value ?? pair.key) as Node).range![1]
  const after = /^\s*,[ \t]*/.exec(text.slice(end))?.[0].length
  if (after !== undefined) return { at, remove: end + after - at, text: '' }
  const before = /,?\s*$/.exec(text.slice(map.range![0] + 1, at))![0].length
  return { at: at - before, remove: end - at + before, text: '' }
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name)
}

function startOf(pair: Pair): number {
  return (pair.key as Node).range![0]
}

/** The end of its last line that is not blank, with a comment on it. */
function endOfPair(text: string, pair: Pair): number {
  const leaf = leafOf(pair.value as Node | null) ?? (pair.key as Node)
  const end = Math.max(leaf.range![1], (pair.key as Node).range![1] + 1)
  return lineEnd(text, text.slice(0, end).trimEnd().length)
}

function leafOf(node: Node | null): Node | null {
  if (!isCollection(node) || node.flow || node.items.length === 0) return node
  const last = node.items.at(-1) as Pair | Node
  if (!('key' in last)) return leafOf(last as Node)
  const value = leafOf((last.value ?? null) as Node | null)
  return value && value.range![1] > (last.key as Node).range![1] ? value : (last.key as Node)
}

function unitOf(text: string, map: YAMLMap): string {
  for (const { key, value } of map.items) {
    const inner = isMap(value) && !value.flow ? value.items[0] : undefined
    if (!inner) continue
    const base = indentOf(text, (key as Node).range![0])
    const deeper = indentOf(text, startOf(inner))
    if (deeper.startsWith(base) && deeper.length > base.length) return deeper.slice(base.length)
  }
  return '  '
}

function indentOf(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return /^ */.exec(text.slice(start, offset))![0]
}

/** A number where it holds every digit. */
function numberOf(value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  if (end < 0) return text.length
  return text[end - 1] === '\r' ? end - 1 : end
}
