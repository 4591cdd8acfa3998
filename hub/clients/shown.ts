// What is shown of a client's file: its text with secrets masked, and of a long one the part our entry stands in.

import { createHash } from 'node:crypto'
import type { Node } from 'jsonc-parser'
import { propertyOf } from './edit.ts'
import { ENTRY_NAME, placeIn, tokenIn } from './entry.ts'
import { LONG } from './long-json.ts'
import { MASK, masked } from './mask.ts'
import { maskedToml } from './mask-toml.ts'
import { maskedYaml } from './mask-yaml.ts'
import type { Plan } from './plan.ts'
import { type Config, nodeAt, readConfig } from './read-config.ts'
import { outline } from './same-but-for.ts'
import type { KnownClient } from './table.ts'

const SHORT = 64_000

/** Both texts of a plan, for a diff. Another token of ours is told from the one before. */
export function shownChange(plan: Plan, client: KnownClient): [before: string, after: string] {
  const config = plan.after && readConfig(plan.after, client)
  const before = partOf(plan.before, client, LONG)
  if (config?.kind !== 'config') return [before, '']
  const after = partOf(config, client, LONG)
  const [old, token] = [tokenIn(plan.before, client), tokenIn(config, client)]
  if (before !== after || old === token) return [before, after]
  return [before, after.replace(/(GATEHOUSE_TOKEN["']?\s*[:=]\s*["']?)•••/, `$1${MASK} (new)`)]
}

/** What the file says but for our entry, as a digest: whether anything else was changed. */
export function othersIn(config: Config, client: KnownClient): string {
  return createHash('sha256')
    .update(outline(config, placeIn(client), new Set([ENTRY_NAME]), true))
    .digest('hex')
}

/** The text when it has at most so many characters; else the map our entry stands in, or nothing. */
export function partOf(config: Config, client: KnownClient, most = SHORT): string {
  if (config.text.length <= most) return shownOf(config)
  const map = nodeAt(config, client.config.keyPath)
  if (!map) return ''
  const open = client.config.keyPath.map(key => `{ ${JSON.stringify(key)}: `).join('')
  const text = `${open}${map.length > SHORT ? oursIn(config, map) : textOf(config, map)}${' }'.repeat(client.config.keyPath.length)}\n`
  const part = readConfig(Buffer.from(text), client)
  return part.kind === 'config' ? shownOf(part) : ''
}

function oursIn(config: Config, map: Node): string {
  const ours = propertyOf(map, ENTRY_NAME)
  return ours && ours.length < SHORT ? `{\n${textOf(config, ours)}\n}` : '{}'
}

function textOf({ text }: Config, { offset, length }: Node): string {
  return text.slice(offset, offset + length)
}

function shownOf(config: Config): string {
  if (config.yaml) return maskedYaml(config.text, config.yaml)
  return config.toml ? maskedToml(config.text, config.toml) : masked(config)
}
