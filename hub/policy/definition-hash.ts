// What makes a tool the tool a person saw: its words, schemas, hints and icons. Order and _meta do not count.
import { createHash } from 'node:crypto'
import type { Tool } from '../../contract/servers.ts'
import { canonical, jsonOf } from './json-value.ts'

export const COUNTED = ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations', 'icons'] as const

/** Hex SHA-256 of a tool's definition. `null` (a tool nobody listed, a method) has a hash of its own. */
export function definitionHash(definition: Tool['definition'] | null): string {
  const counted = definition && Object.fromEntries(COUNTED.flatMap(name => pick(definition, name)))
  return createHash('sha256')
    .update(canonical(jsonOf(counted)))
    .digest('hex')
}

function pick(definition: Tool['definition'], name: string): [string, unknown][] {
  return Object.hasOwn(definition, name) && definition[name] !== undefined ? [[name, definition[name]]] : []
}
