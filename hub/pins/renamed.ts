// A tool taken away and one like it added is a change under another name, and is shown as one.
import type { PinnedTool } from './pinned-tool.ts'

/** For each added tool the removed one that it is most likely a new name of. */
export function renamesAmong(
  added: ReadonlyMap<string, PinnedTool>,
  removed: ReadonlyMap<string, PinnedTool>,
): Map<string, string> {
  const found = new Map<string, string>()
  const left = new Map(removed)
  for (const [name, tool] of added) {
    const [best] = [...left]
      .map(([old, was]) => ({ old, score: likeness(name, tool, old, was) }))
      .filter(one => one.score >= ALIKE)
      .sort((a, b) => b.score - a.score)
    if (!best) continue
    found.set(name, best.old)
    left.delete(best.old)
  }
  return found
}

const ALIKE = 0.5

/** From 0 to 1: the schema they share weighs most, then the words of description and name. */
function likeness(name: string, tool: PinnedTool, old: string, was: PinnedTool): number {
  const [now, before] = [JSON.parse(tool.text), JSON.parse(was.text)]
  const properties = (schema: { properties?: object } | undefined) => Object.keys(schema?.properties ?? {})
  const keys = share(properties(now.inputSchema), properties(before.inputSchema))
  const words = share(wordsOf(now.description), wordsOf(before.description))
  const names = share(wordsOf(name), wordsOf(old))
  const hasKeys = properties(now.inputSchema).length + properties(before.inputSchema).length > 0
  return hasKeys ? keys * 0.4 + words * 0.4 + names * 0.2 : words * 0.7 + names * 0.3
}

function wordsOf(text: unknown): string[] {
  return typeof text === 'string'
    ? (text
        .toLowerCase()
        .slice(0, 4_000)
        .match(/[\p{L}\p{N}]+/gu) ?? [])
    : []
}

function share(some: readonly string[], others: readonly string[]): number {
  const [a, b] = [new Set(some), new Set(others)]
  const all = new Set([...a, ...b]).size
  return all === 0 ? 0 : [...a].filter(one => b.has(one)).length / all
}
