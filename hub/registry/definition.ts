// A definition: one server as configured, with the id and slug that stay.
import type { Launch, ServerId } from '../../contract/servers.ts'
import { HubError } from '../error.ts'
import type { ServerIdRow } from '../store/server-ids.ts'
import { bundledName } from './bundled.ts'
import { secretNamesOf } from './digest.ts'
import { type Entry, EntryName, launchOf } from './entry.ts'

export interface DefinitionChange {
  launch?: Launch
  startup?: 'eager' | 'lazy'
  instance?: 'shared' | 'per-client'
  name?: string
  enabled?: boolean
  trust?: boolean
  sampling?: 'refuse' | 'person'
}

/** `trust`: as configured; whether it counts, the registry's `isTrusted` says. */
export interface Definition {
  id: ServerId
  name: string
  slug: string
  title: string
  launch: Launch
  enabled: boolean
  trust: boolean
  startup: 'eager' | 'lazy'
  idleStopMinutes: number
  instance: 'shared' | 'per-client'
  sampling: 'refuse' | 'person'
  bundled: boolean
  digest: string
  secretNames: string[]
}

const IDLE_STOP_MINUTES = 30

export function definitionOf(row: ServerIdRow, entry: Entry, isOff: boolean): Definition {
  const launch = launchOf(entry)
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    title: row.name,
    launch,
    enabled: entry.enabled !== false && !isOff,
    trust: entry.trust === true,
    startup: entry.startup ?? 'lazy',
    idleStopMinutes: entry.idleStopMinutes ?? IDLE_STOP_MINUTES,
    instance: entry.instance ?? 'shared',
    sampling: entry.sampling ?? 'refuse',
    bundled: bundledName(entry.command) !== null,
    digest: row.digest,
    secretNames: secretNamesOf(launch),
  }
}

/** The launch as keys of config.json: empty ones are undefined. */
export function keysOf({ command, args, cwd, env, url, headers }: Launch): Record<string, unknown> {
  return {
    command,
    args: args.length ? args : undefined,
    cwd,
    env: Object.keys(env).length ? env : undefined,
    url,
    headers: Object.keys(headers).length ? headers : undefined,
  }
}

/** The name itself, or a refusal that says what is wrong with it. */
export function checkedName(name: string): string {
  const checked = EntryName.safeParse(name)
  if (checked.success) return name
  throw new HubError(
    'registry/bad-name',
    `The name ${JSON.stringify(name).slice(0, 80)} ${checked.error.issues[0]!.message}.`,
    {
      hint: 'Use up to 60 letters, digits, spaces or dashes.',
    },
  )
}

/** The name, with -2, -3, … where it is taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n++) {
    const free = n === 1 ? name : `${name.slice(0, 55)}-${n}`
    if (!taken.has(free)) return free
  }
}
