// A tool taken away and one like it added is a change under another name, and is shown as one.
import type { PinnedTool } from './pinned-tool.ts'

/** Each is compared with each: more than this would hold up everything else. What is beyond is shown as new and as gone. */
const MOST = 100
const ALIKE = 0.5
const MOST_CHARS = 4_000

/** For each added tool the removed one that it is most likely a new name of. */
export function renamesAmong(
  added: ReadonlyMap<string, PinnedTool>,
  removed: ReadonlyMap<string, PinnedTool>,
): Map<string, string> {
  const found = new Map<string, string>()
  const left = new Map([...removed].slice(0, MOST).map(([name, tool]) => [name, wordsOf(name, tool)]))
  for (const [name, tool] of [...added].slice(0, MOST)) {
    if (left.size === 0) break
    const words = wordsOf(name, tool)
    const [best] = [...left]
      .map(([old, was]) => ({ old, score: likeness(words, was) }))
      .filter(one => one.score >= ALIKE)
      .sort((a, b) => b.score - a.score)
    if (!best) continue
    found.set(name, best.old)
    left.delete(best.old)
  }
  return found
}

interface Words {
  name: Set<string>
  description: Set<string>
  properties: Set<string>
}

function wordsOf(name: string, { text }: PinnedTool): Words {
  const { description, inputSchema } = JSON.parse(text) as {
    description?: unknown
    inputSchema?: { properties?: object }
  }
  const properties = Object.keys(inputSchema?.properties ?? {}).slice(0, MOST)
  return { name: words(name), description: words(description), properties: new Set(properties) }
}

/** From 0 to 1: the schema they share weighs most, then the words of description and name. */
function likeness(now: Words, before: Words): number {
  const said = share(now.description, before.description)
  const names = share(now.name, before.name)
  const hasKeys = now.properties.size + before.properties.size > 0
  return hasKeys ? share(now.properties, before.properties) * 0.4 + said * 0.4 + names * 0.2 : said * 0.7 + names * 0.3
}

function words(text: unknown): Set<string> {
  if (typeof text !== 'string') return new Set()
  return new Set(
    text
      .toLowerCase()
      .slice(0, MOST_CHARS)
      .match(/[\p{L}\p{N}]+/gu) ?? [],
  )
}

function share(some: ReadonlySet<string>, others: ReadonlySet<string>): number {
  let both = 0
  for (const one of some) if (others.has(one)) both++
  const all = some.size + others.size - both
  return all === 0 ? 0 : both / all
}
