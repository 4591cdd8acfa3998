// What is pinned of a tool: its hash, and its counted members as text, so that a change can be shown.
import { z } from 'zod'
import type { Tool } from '../../contract/servers.ts'
import { COUNTED, definitionHash } from '../policy/definition-hash.ts'

export const PinnedTool = z.object({ hash: z.string(), text: z.string() })
export type PinnedTool = z.infer<typeof PinnedTool>

/** `text`: JSON of the whole definition, secrets removed. Null: it has no name, and reaches nobody. */
export function pinnedTool(text: string): (PinnedTool & { name: string }) | null {
  let definition: Tool['definition']
  try {
    definition = JSON.parse(text) as Tool['definition']
  } catch {
    return null
  }
  if (typeof definition?.name !== 'string') return null
  const counted = COUNTED.flatMap(key => (definition[key] === undefined ? [] : [[key, definition[key]] as const]))
  return {
    name: definition.name,
    hash: definitionHash(definition),
    text: JSON.stringify(Object.fromEntries(counted), null, 2),
  }
}

/** All tools of a listing by name; of a name listed twice the first counts, as clients see it. */
export function pinnedTools(texts: readonly string[]): Map<string, PinnedTool> {
  const tools = new Map<string, PinnedTool>()
  for (const text of texts) {
    const tool = pinnedTool(text)
    if (tool && !tools.has(tool.name)) tools.set(tool.name, { hash: tool.hash, text: tool.text })
  }
  return tools
}
