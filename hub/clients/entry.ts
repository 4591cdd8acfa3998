// Our own entry in a client's config: how it is written, recognised, and compared with what was written.
import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import envPaths from 'env-paths'
import { getNodeValue } from 'jsonc-parser'
import { baseOf } from '../../contract/clients.ts'
import type { Place } from './edit.ts'
import type { Json } from './layout.ts'
import { type Config, nodeAt } from './read-config.ts'
import type { KnownClient } from './table.ts'
import { valueIn } from './toml.ts'

export const ENTRY_NAME = 'gatehouse'
export const TOKEN_VARIABLE = 'GATEHOUSE_TOKEN'

/** What starts our bridge: an absolute program, and its arguments before `connect`. */
export interface EntryPoint {
  command: string
  args: readonly string[]
}

export function placeIn(client: KnownClient, name = ENTRY_NAME): Place {
  return { keyPath: client.config.keyPath, name, initial: client.config.initial }
}

/** `data`: the data folder, when a bridge would not find it by itself. */
export function newEntry(
  client: KnownClient,
  start: EntryPoint,
  data: string | null,
  token: string,
): { [key: string]: Json } {
  const { type, command, env, more } = client.entry
  const args = [...start.args, 'connect', '--client', baseOf(client.id), ...(data ? ['--data', data] : [])]
  return {
    ...(type ? { type } : {}),
    ...(command === 'list'
      ? { command: [start.command, ...args] }
      : { [command === 'cmd' ? 'cmd' : 'command']: start.command, args }),
    [env]: { [TOKEN_VARIABLE]: token },
    ...(more as { [key: string]: Json }),
  }
}

/** Our entry as it stands in a config, or undefined. */
export function entryIn(config: Config, client: KnownClient): unknown {
  return valueAt(config, [...client.config.keyPath, ENTRY_NAME])
}

/** What stands at a path of names, in whatever format; undefined when nothing does. */
export function valueAt(config: Config, path: readonly string[]): unknown {
  const read = config.toml ?? config.yaml
  if (read) return valueIn(read, path)
  const node = nodeAt(config, path)
  return node && getNodeValue(node)
}

/** The command line of an entry, however it is written. */
export function wordsOf(entry: unknown): unknown[] {
  const [command, args] = [memberOf(entry, 'command') ?? memberOf(entry, 'cmd'), memberOf(entry, 'args')]
  return [...(Array.isArray(command) ? command : [command]), ...(Array.isArray(args) ? args : [])]
}

/**
 * The data folder of an entry that belongs to another Gatehouse than the one whose data lies in `data`, or null. An
 * entry that names none is of the usual folder.
 */
export function foreignFolder(entry: unknown, data: string): string | null {
  const words = wordsOf(entry)
  const at = words.indexOf('--data')
  if (!isBridge(entry)) return null
  const named = at < 0 ? usualFolder() : words[at + 1]
  return typeof named !== 'string' || resolve(named) === resolve(data) ? null : named
}

/** Whether it starts the bridge of some Gatehouse. */
export function isBridge(entry: unknown): boolean {
  const words = wordsOf(entry)
  return words.includes('connect') && words.includes('--client')
}

/** The client does not start it. */
export function isOff(entry: unknown): boolean {
  return memberOf(entry, 'disabled') === true || memberOf(entry, 'enabled') === false
}

/** The client that a bridge is started for, or null. */
export function clientNamedIn(entry: unknown): string | null {
  const words = wordsOf(entry)
  const id = isBridge(entry) ? words[words.indexOf('--client') + 1] : null
  return typeof id === 'string' ? id : null
}

/** A bridge is started with the client's environment, not with ours: what led us here may not be in it. */
export function dataArgument(data: string): string | null {
  return resolve(data) === usualFolder() ? null : data
}

// Where a bridge looks that nothing in its environment leads elsewhere.
function usualFolder(): string {
  const isUnix = process.platform !== 'win32' && process.platform !== 'darwin'
  return isUnix ? join(homedir(), '.local', 'share', 'gatehouse') : envPaths('gatehouse', { suffix: '' }).data
}

/** Our token in a config, or null. */
export function tokenIn(config: Config, client: KnownClient): string | null {
  return tokenOf(entryIn(config, client))
}

export function tokenOf(entry: unknown): string | null {
  const token = memberOf(
    memberOf(entry, 'env') ?? memberOf(entry, 'environment') ?? memberOf(entry, 'envs'),
    TOKEN_VARIABLE,
  )
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
