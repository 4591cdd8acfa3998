// What Gatehouse will hold of a server taken from a client, as text to read: references stand, other values do not.

import { MASK } from '../clients/mask.ts'
import { type Entry, hiddenUrl, hiddenWords, launchOf } from '../clients/move-entry.ts'
import { keysOf } from '../registry/definition.ts'

export function heldText(name: string, entry: Entry): string {
  const launch = launchOf(entry)
  const hidden = (values: Record<string, string>) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, isReference(value) ? value : MASK]))
  const shown = {
    ...launch,
    args: hiddenWords(launch),
    env: hidden(launch.env),
    headers: hidden(launch.headers),
    ...(launch.url === undefined ? {} : { url: hiddenUrl(launch.url) }),
  }
  return `${JSON.stringify({ mcpServers: { [name]: keysOf(shown) } }, null, 2)}\n`
}

// `Bearer ${secret:X}`: what stands beside it is too short to be a key.
function isReference(value: string): boolean {
  return /\$\{/.test(value) && value.replace(/\$\{[^}]*\}/g, '').length < 8
}
