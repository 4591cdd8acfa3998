// What is shown of a client's file: its text with secrets masked, and of a long one the part our entry stands in.

import { createHash } from 'node:crypto'
import { placeIn } from './entry.ts'
import { masked } from './mask.ts'
import { maskedToml } from './mask-toml.ts'
import { maskedYaml } from './mask-yaml.ts'
import { type Config, nodeAt, readConfig } from './read-config.ts'
import { outline } from './same-but-for.ts'
import type { KnownClient } from './table.ts'

const SHORT = 64_000

export function shownOf(config: Config): string {
  if (config.yaml) return maskedYaml(config.text, config.yaml)
  return config.toml ? maskedToml(config.text, config.toml) : masked(config)
}

/** The text of these bytes, or nothing where they cannot be read. */
export function shownBytes(bytes: Buffer, client: KnownClient): string {
  const config = readConfig(bytes, client)
  return config.kind === 'config' ? shownOf(config) : ''
}

/** What the file says but for our entry, as a digest: whether anything else was changed. */
export function othersIn(config: Config, client: KnownClient): string {
  return createHash('sha256')
    .update(outline(config, placeIn(client)))
    .digest('hex')
}

/** The text when it is short; else the map our entry stands in, or nothing. */
export function partOf(config: Config, client: KnownClient): string {
  if (config.text.length <= SHORT) return shownOf(config)
  const map = nodeAt(config, client.config.keyPath)
  if (!map || map.length > SHORT) return ''
  const open = client.config.keyPath.map(key => `{ ${JSON.stringify(key)}: `).join('')
  const text = `${open}${config.text.slice(map.offset, map.offset + map.length)}${' }'.repeat(client.config.keyPath.length)}\n`
  return shownBytes(Buffer.from(text), client)
}
