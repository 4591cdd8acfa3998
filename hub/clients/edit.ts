// Puts one entry into a JSON file, or takes it out, by splices: every other byte stays where and what it is.
// jsonc-morph lays out minified files, one-line objects and empty maps anew; splices at offsets cannot.
import type { Node } from 'jsonc-parser'
import {
  beginsLine,
  endOf,
  indentOf,
  type Json,
  type Layout,
  layoutOf,
  lineStart,
  member,
  tailOf,
  write,
} from './layout.ts'
import { type Config, contentOf, nameOf } from './read-config.ts'

/** One change: `remove` characters at `at` give way to `text`. */
export interface Splice {
  at: number
  remove: number
  text: string
}

/** Where the entry goes: the names that lead to the map, the entry's own name, and how a new file begins. */
export interface Place {
  keyPath: readonly string[]
  name: string
  initial: string
}

/** The file with the entry in it; an entry of that name gives way. Null: the way to the map is barred by something else. */
export function putEntry(config: Config, place: Place, entry: Json): Splice[] | null {
  const { text, root } = config
  const unit = /\n([ \t]+)/.exec(place.initial)?.[1] ?? '  '
  if (!root) return [{ at: text.length, remove: 0, text: newFile(text, place, entry, unit) }]
  const layout = layoutOf(text, root, unit)
  let map = root
  for (const [depth, key] of place.keyPath.entries()) {
    const property = propertyOf(map, key)
    if (!property)
      return addMember(text, map, key, wrap(place, depth + 1, entry), layout, place.keyPath.length - depth + 1)
    const value = contentOf(property)
    if (value?.type !== 'object') return null
    map = value
  }
  const old = propertyOf(map, place.name)
  if (!old) return addMember(text, map, place.name, entry, layout, 1)
  const value = contentOf(old)!
  const indent = indentOf(text, old.offset)
  const lines = layout.lines && beginsLine(text, old.offset)
  const shown = write(entry, { ...layout, lines, unit: unitOf(text, map, indent, layout) }, indent, 1)
  return [{ at: value.offset, remove: value.length, text: shown }]
}

/** The file without the entry. `created`: this many maps above it were made for it, and go too when they are empty. */
export function takeEntry(config: Config, place: Place, created: number): Splice[] {
  const maps: Node[] = []
  let map: Node | undefined = config.root ?? undefined
  for (const key of place.keyPath) {
    if (map?.type !== 'object') return []
    maps.push(map)
    const property: Node | undefined = propertyOf(map, key)
    map = property && contentOf(property)
  }
  let property = map?.type === 'object' ? propertyOf(map, place.name) : undefined
  if (!map || !property) return []
  for (let left = created; left > 0 && map.children?.length === 1; left--) {
    if (tailOf(config.text, map.offset + 1).afterAll > map.offset + 1) break
    const parent: Node | undefined = maps.pop()
    if (!parent) break
    property = propertyOf(parent, place.keyPath[maps.length]!)!
    map = parent
  }
  return removeMember(config.text, map, property)
}

/** The text after the splices; they must not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  let out = ''
  let at = 0
  for (const splice of [...splices].sort((a, b) => a.at - b.at)) {
    out += text.slice(at, splice.at) + splice.text
    at = splice.at + splice.remove
  }
  return out + text.slice(at)
}

export function propertyOf(map: Node, name: string): Node | undefined {
  return map.children?.find(each => nameOf(each) === name)
}

// Comments may stand in a file that holds nothing else: they stay above.
function newFile(text: string, place: Place, entry: Json, unit: string): string {
  const eol = /\r\n|\n|\r/.exec(text)?.[0] ?? '\n'
  const layout: Layout = { lines: true, compact: false, eol, unit }
  const lead = text === '' || /[\r\n]$/.test(text) || /^[ \t]*$/.test(text) ? '' : eol
  return `${lead}${write(wrap(place, 0, entry), layout, '', place.keyPath.length + 2)}${eol}`
}

function wrap(place: Place, depth: number, entry: Json): Json {
  let value: Json = { [place.name]: entry }
  for (const key of place.keyPath.slice(depth).reverse()) value = { [key]: value }
  return value
}

function addMember(text: string, map: Node, name: string, value: Json, layout: Layout, depth: number): Splice[] {
  const last = map.children?.at(-1)
  if (!last) return addFirst(text, map, name, value, layout, depth)
  const first = map.children![0]!
  const tail = tailOf(text, endOf(last))
  const model = beginsLine(text, last.offset) ? last : beginsLine(text, first.offset) ? first : null
  const lines = model !== null || tail.lineComment
  const indent = model ? indentOf(text, model.offset) : indentOf(text, map.offset) + layout.unit
  const own: Layout = { ...layout, lines, unit: unitOf(text, map, indent, layout) }
  const lead = lines ? layout.eol + indent : layout.compact ? '' : ' '
  const added = lead + member(name, value, own, indent, depth)
  if (tail.comma !== null) return [{ at: tail.after, remove: 0, text: `${added},` }]
  if (tail.after === endOf(last)) return [{ at: tail.after, remove: 0, text: `,${added}` }]
  return [
    { at: endOf(last), remove: 0, text: ',' },
    { at: tail.after, remove: 0, text: added },
  ]
}

function addFirst(text: string, map: Node, name: string, value: Json, layout: Layout, depth: number): Splice[] {
  const close = endOf(map) - 1
  const { afterAll: after } = tailOf(text, map.offset + 1)
  const rest = text.slice(after, close)
  if (!layout.lines) {
    const pad = layout.compact ? '' : ' '
    return [{ at: after, remove: 0, text: pad + member(name, value, layout, '', depth) + (rest ? '' : pad) }]
  }
  const base = indentOf(text, map.offset)
  const indent = base + layout.unit
  const added = layout.eol + indent + member(name, value, layout, indent, depth)
  if (/[\r\n]/.test(rest)) return [{ at: after, remove: 0, text: added }]
  return [{ at: close, remove: 0, text: added + layout.eol + base }]
}

function unitOf(text: string, map: Node, indent: string, layout: Layout): string {
  const base = indentOf(text, map.offset)
  return indent.length > base.length && indent.startsWith(base) ? indent.slice(base.length) : layout.unit
}

function removeMember(text: string, map: Node, property: Node): Splice[] {
  const siblings = map.children!
  const index = siblings.indexOf(property)
  const before = siblings[index - 1]
  const isLast = index === siblings.length - 1
  const end = endOf(property)
  const { comma } = tailOf(text, end)
  // The last one without a comma of its own leaves the comma before it without use.
  const orphan = comma === null && before ? tailOf(text, endOf(before)).comma : null
  const floor = orphan === null ? map.offset + 1 : orphan + 1
  const body = withSpace(text, property.offset, comma === end ? end + 1 : end, { floor, map, isLast })
  const commas = [orphan, comma === end ? null : comma].filter(each => each !== null)
  return [...commas.map(at => ({ at, remove: 1, text: '' })), body]
}

// A member's line goes with it when nothing else is on it; on a shared line, the space towards its neighbour goes.
function withSpace(
  text: string,
  start: number,
  end: number,
  { floor, map, isLast }: { floor: number; map: Node; isLast: boolean },
): Splice {
  const cut = (from: number, to: number): Splice => ({ at: from, remove: to - from, text: '' })
  const [open, close] = [map.offset + 1, endOf(map) - 1]
  if (/^\s*$/.test(text.slice(open, start) + text.slice(end, close))) return cut(open, close)
  const spacesAfter = /^[ \t]*/.exec(text.slice(end, close))![0].length
  const endsLine = /[\r\n]/.test(text[end + spacesAfter] ?? '\n')
  if (beginsLine(text, start)) return endsLine ? cut(beforeLine(text, start), end) : cut(start, end + spacesAfter)
  if (!isLast && !endsLine) return cut(start, end + spacesAfter)
  const spacesBefore = /[ \t]*$/.exec(text.slice(floor, start))![0].length
  return cut(start - spacesBefore, end)
}

function beforeLine(text: string, offset: number): number {
  const start = lineStart(text, offset)
  return text.slice(start - 2, start) === '\r\n' ? start - 2 : start - 1
}
