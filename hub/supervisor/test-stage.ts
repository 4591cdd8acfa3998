// For tests: a supervisor on a fresh data folder with real children, and small real parts below it.
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditEvent } from '../../contract/audit.ts'
import { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import { openState } from '../store/open.ts'
import type { ServerDefinition, Standing } from './needs.ts'
import { Supervisor } from './supervisor.ts'
import type { Timing } from './timing.ts'

export const QUICK: Partial<Timing> = {
  graceMs: 300,
  patienceMs: 5_000,
  stableMs: 60_000,
  delayMs: 20,
  relistMs: 50,
  worthWaitingMs: 1_000,
}

export const fixture = (name: string) => join(import.meta.dirname, '../../test/fixtures/servers', `${name}.mjs`)

export interface Stage {
  folder: string
  supervisor: Supervisor
  announcer: Announcer
  definitions: Map<string, ServerDefinition>
  standings: Map<string, Standing>
  secrets: Map<string, string>
  events: Omit<AuditEvent, 'kind'>[]
  announced: string[]
  add(name: string, change?: Partial<ServerDefinition>): string
  close(): Promise<void>
}

export function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-')))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** A definition that runs a fixture. */
export function definitionOf(name: string, change: Partial<ServerDefinition> = {}): ServerDefinition {
  const id = `srv_${name
    .replaceAll(/[^a-z0-9]/g, '')
    .padEnd(12, '0')
    .slice(0, 12)}`
  const launch = { command: process.execPath, args: [fixture(name)], env: {}, headers: {}, ...change.launch }
  const rest = { startup: 'lazy' as const, idleStopMinutes: 10, instance: 'shared' as const }
  return { id, name, slug: name, digest: JSON.stringify(launch), ...rest, ...change, launch }
}

export async function openStage(timing: Partial<Timing> = {}, folder = tempFolder()): Promise<Stage> {
  const announcer = new Announcer()
  const definitions = new Map<string, ServerDefinition>()
  const standings = new Map<string, Standing>()
  const secrets = new Map<string, string>()
  const events: Stage['events'] = []
  const announced: string[] = []
  const db = openState(folder)
  announcer.on('servers/listing-changed', id => announced.push(`listing ${id}`))
  const find = (idOrName: string) => {
    const found = definitions.get(idOrName) ?? [...definitions.values()].find(one => one.name === idOrName)
    if (!found) throw new HubError('server/unknown', `There is no server ${idOrName}.`)
    return found
  }
  const supervisor = await Supervisor.open({
    announcer,
    folder,
    db,
    registry: {
      list: () => [...definitions.values()],
      find,
      standing: id => standings.get(id) ?? { may: 'start' },
    },
    vault: {
      read: async name => {
        const value = secrets.get(name)
        if (value === undefined) throw new HubError('vault/missing', `The secret ${name} is not stored.`)
        return value
      },
      redactor: {
        redact: text => [...secrets.values()].reduce((clean, value) => clean.replaceAll(value, '•••'), text),
      },
    },
    audit: {
      append: async event => {
        events.push(event)
      },
    },
    timing: { ...QUICK, ...timing },
    environment: Promise.resolve({ PATH: process.env.PATH ?? '', HOME: folder, LOGIN_ONLY: 'from the login shell' }),
  })
  return {
    folder,
    supervisor,
    announcer,
    definitions,
    standings,
    secrets,
    events,
    announced,
    add: (name, change) => {
      const definition = definitionOf(name, change)
      definitions.set(definition.id, definition)
      announcer.emit('config/changed')
      return definition.id
    },
    close: async () => {
      await supervisor.close()
      db.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Asks until it is so; fails with what was there last. */
export async function until<T>(ask: () => T | Promise<T>, isSo: (value: T) => boolean, limitMs = 60_000): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const value = await ask()
    if (isSo(value)) return value
    if (performance.now() > end) throw new Error(`Still not so after ${limitMs} ms: ${JSON.stringify(value)}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
