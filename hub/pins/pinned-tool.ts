// What is pinned of a tool: its hash, and its counted members as text, so that a change can be shown.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { INSTRUCTIONS } from '../../contract/pins.ts'
import type { Tool } from '../../contract/servers.ts'
import { COUNTED } from '../policy/definition-hash.ts'
import { canonical, Num, readJson } from '../policy/json-value.ts'
import { redactAll } from '../vault/redact-all.ts'

/**
 * `hash`: of the definition as the server wrote it. `stored`: of what is kept of it on disk, secrets removed, as it stands
 * in a listing while the server sleeps. `text`: for people, secrets removed.
 */
export const PinnedTool = z.object({ hash: z.string(), stored: z.string(), text: z.string() })
export type PinnedTool = z.infer<typeof PinnedTool>

type Redact = (text: string) => string

/** What a server says of itself and lists. */
export interface Listed {
  /** Its answer to `initialize` or `server/discover`. */
  initialize: string
  /** JSON text of each tool. */
  tools: readonly string[]
}

/** `text`: JSON of the whole definition. Null: it has no name, and reaches nobody. */
function pinnedTool(text: string, redact: Redact): (PinnedTool & { name: string }) | null {
  let definition: Tool['definition']
  try {
    definition = JSON.parse(text) as Tool['definition']
  } catch {
    return null
  }
  if (typeof definition?.name !== 'string') return null
  const kept = redact(text)
  const shown = redactedJson(text, redact) as Tool['definition']
  const counted = COUNTED.flatMap(key => (shown[key] === undefined ? [] : [[key, shown[key]] as const]))
  const hash = hashOf(text)
  return {
    name: definition.name,
    hash,
    stored: kept === text || !isJson(kept) ? hash : hashOf(kept),
    text: JSON.stringify(Object.fromEntries(counted), null, 2),
  }
}

/** Numbers count as they are written. A text that two readers may read differently counts with every character. */
function hashOf(text: string): string {
  const value = readJson(text)
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Num)
  const counted = isObject
    ? Object.fromEntries(COUNTED.flatMap(key => (Object.hasOwn(value, key) ? [[key, value[key]!] as const] : [])))
    : text
  return createHash('sha256').update(canonical(counted)).digest('hex')
}

/** Is this, listed now or kept on disk, what was pinned? */
export function isPinned(tool: PinnedTool, pin: PinnedTool): boolean {
  return tool.hash === pin.hash || tool.hash === pin.stored
}

/** All tools of a listing by name; of a name listed twice the first counts, as clients see it. */
export function pinnedTools({ initialize, tools: texts }: Listed, redact: Redact): Map<string, PinnedTool> {
  const tools = new Map<string, PinnedTool>()
  for (const text of [...instructionsOf(initialize), ...texts]) {
    const tool = pinnedTool(text, redact)
    if (tool && !tools.has(tool.name)) tools.set(tool.name, { hash: tool.hash, stored: tool.stored, text: tool.text })
  }
  return tools
}

function instructionsOf(initialize: string): string[] {
  const { instructions } = (JSON.parse(initialize) ?? {}) as { instructions?: unknown }
  if (typeof instructions !== 'string' || instructions.trim() === '') return []
  return [JSON.stringify({ name: INSTRUCTIONS, description: instructions })]
}

/** JSON as people may see it. What looks like the beginning of a key, and never ends, would take the rest of a text with it. */
export function redactedJson(text: string, redact: Redact): unknown {
  const kept = redact(text)
  if (isJson(kept)) return JSON.parse(kept)
  return redactAll(JSON.parse(text) as unknown, redact)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
