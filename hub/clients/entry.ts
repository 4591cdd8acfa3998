// Our own entry in a client's config: how it is written, recognised, and compared with what was written.
import { createHash } from 'node:crypto'
import { getNodeValue } from 'jsonc-parser'
import type { Place } from './edit.ts'
import type { Json } from './layout.ts'
import { type Config, nodeAt } from './read-config.ts'
import type { KnownClient } from './table.ts'
import { tomlAt } from './toml.ts'

export const ENTRY_NAME = 'gatehouse'
export const TOKEN_VARIABLE = 'GATEHOUSE_TOKEN'

/** What starts our bridge: an absolute program, and its arguments before `connect`. */
export interface EntryPoint {
  command: string
  args: readonly string[]
}

export function placeIn(client: KnownClient): Place {
  return { keyPath: client.config.keyPath, name: ENTRY_NAME, initial: client.config.initial }
}

/** `data`: the data folder, when a bridge would not find it by itself. */
export function newEntry(
  client: KnownClient,
  start: EntryPoint,
  data: string | null,
  token: string,
): { [key: string]: Json } {
  const { type, command, env, more } = client.entry
  const args = [...start.args, 'connect', '--client', client.id, ...(data ? ['--data', data] : [])]
  return {
    ...(type ? { type } : {}),
    ...(command === 'list' ? { command: [start.command, ...args] } : { command: start.command, args }),
    [env]: { [TOKEN_VARIABLE]: token },
    ...(more as { [key: string]: Json }),
  }
}

/** The entry as it stands in a config, or undefined. */
export function entryIn(config: Config, client: KnownClient): unknown {
  if (config.toml) return tomlAt(config.toml, [...client.config.keyPath, ENTRY_NAME])
  const node = nodeAt(config, [...client.config.keyPath, ENTRY_NAME])
  return node && getNodeValue(node)
}

/** The command line of an entry, however it is written. */
export function wordsOf(entry: unknown): unknown[] {
  const [command, args] = [memberOf(entry, 'command'), memberOf(entry, 'args')]
  return [...(Array.isArray(command) ? command : [command]), ...(Array.isArray(args) ? args : [])]
}

export function tokenOf(entry: unknown): string | null {
  const token = memberOf(memberOf(entry, 'env') ?? memberOf(entry, 'environment'), TOKEN_VARIABLE)
  return typeof token === 'string' ? token : null
}

/** The same for equal entries, in whatever order their members stand. */
export function digestOf(entry: unknown): string {
  return createHash('sha256').update(sorted(entry)).digest('hex')
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`
  // TOML knows whole numbers and times that JSON does not.
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null || value instanceof Date) return JSON.stringify(value) ?? ''
  const parts = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${parts.map(([key, each]) => `${JSON.stringify(key)}:${sorted(each)}`).join()}}`
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}
