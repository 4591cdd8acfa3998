// Checks an edit: what a file says without our entry must be the same before and after, in order and to the digit.
import type { Node } from 'jsonc-parser'
import type { Place } from './edit.ts'
import { type Config, contentOf, nameOf } from './read-config.ts'
import { outlineOfToml } from './toml.ts'

/** Whether two configs say the same but for the entry. A map on the way to it that is left empty counts as absent. */
export function isSameButFor(place: Place, before: Config, after: Config): boolean {
  if (before.toml || after.toml)
    return !!before.toml && !!after.toml && outlineOfToml(before.toml, place) === outlineOfToml(after.toml, place)
  return outline(before, place) === outline(after, place)
}

function outline(config: Config, place: Place): string {
  if (!config.root) return '{}'
  return outlineOf(config.root, config.text, [...place.keyPath, place.name]) ?? '{}'
}

// Null: nothing is left on the way to the entry. Scalars keep their source text, so 1.0 and 1e400 stay what they are.
function outlineOf(node: Node, text: string, skip: readonly string[] | null): string | null {
  if (node.type === 'array') return `[${(node.children ?? []).map(each => outlineOf(each, text, null)).join()}]`
  if (node.type !== 'object') return text.slice(node.offset, node.offset + node.length)
  const parts: string[] = []
  for (const property of node.children ?? []) {
    const name = nameOf(property)
    const isOnTheWay = skip !== null && name === skip[0]
    if (isOnTheWay && skip.length === 1) continue
    const value = contentOf(property)
    const inner = value ? outlineOf(value, text, isOnTheWay ? skip.slice(1) : null) : ''
    if (inner !== null) parts.push(`${JSON.stringify(name)}:${inner}`)
  }
  return parts.length === 0 && skip !== null ? null : `{${parts.join()}}`
}
