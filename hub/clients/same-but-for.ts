// Checks an edit: what a file says without our entry must be the same before and after, in order and to the digit.
import type { Node } from 'jsonc-parser'
import type { Place } from './edit.ts'
import { type Config, contentOf, nameOf } from './read-config.ts'
import { outlineOfValue } from './toml.ts'

/**
 * Whether two configs say the same but for the entry, and for those of these other names. A map on the way to it that is
 * left empty counts as absent.
 */
export function isSameButFor(place: Place, before: Config, after: Config, names: readonly string[] = []): boolean {
  const but = new Set([place.name, ...names])
  return outline(before, place, but) === outline(after, place, but)
}

/** What a config says but for the entry. Of a long file the rest is as it stands, or with `loose` without its layout. */
export function outline(
  config: Config,
  place: Place,
  but: ReadonlySet<string> = new Set([place.name]),
  loose = false,
): string {
  const read = config.toml ?? config.yaml
  if (read) return outlineOfValue(read, place, but)
  if (!config.root) return '{}'
  return outlineOf(config.root, config.text, place.keyPath, but, loose) ?? '{}'
}

// Null: nothing is left on the way to the entry. Scalars keep their source text, so 1.0 and 1e400 stay what they are.
function outlineOf(
  node: Node,
  text: string,
  skip: readonly string[] | null,
  but: ReadonlySet<string>,
  loose: boolean,
): string | null {
  if (node.type === 'array')
    return `[${(node.children ?? []).map(each => outlineOf(each, text, null, but, loose)).join()}]`
  if (node.type !== 'object') {
    const own = text.slice(node.offset, node.offset + node.length)
    return loose && /^[{[]/.test(own) ? JSON.stringify(JSON.parse(own)) : own
  }
  const parts: string[] = []
  for (const property of node.children ?? []) {
    const name = nameOf(property)
    if (skip?.length === 0 && but.has(name)) continue
    const isOnTheWay = skip !== null && name === skip[0]
    const value = contentOf(property)
    const inner = value ? outlineOf(value, text, isOnTheWay ? skip.slice(1) : null, but, loose) : ''
    if (inner !== null) parts.push(`${JSON.stringify(name)}:${inner}`)
  }
  return parts.length === 0 && skip !== null ? null : `{${parts.join()}}`
}
