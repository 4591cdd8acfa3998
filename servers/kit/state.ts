// What must outlive one call, and be the same in every replica: small values, written only over what their writer read.
import { randomUUID } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { Failure } from './failure.ts'
import type { Settings } from './settings.ts'

/** Of servers that keep such things: to be spread into their own. */
export const STATE_SETTINGS = {
  STATE_URL: z
    .string()
    .regex(/^(postgres(ql)?|rediss?):\/\//, 'begins with postgres://, redis:// or rediss://')
    .optional()
    .describe('Where tasks and idempotency keys are kept when there are several replicas: postgres://… or redis://…')
    .meta({ secret: true }),
  STATE_FILE: z
    .string()
    .optional()
    .describe('Where they are kept for one replica: `$XDG_STATE_HOME/NAME-server/state.db`, or `:memory:`'),
}

export interface Held {
  value: unknown
  /** Another with every write. */
  version: string
  /** Its writer said it would be heard of again, and the time for it is not over. */
  isLeased: boolean
}

export interface Put {
  /** Null: only where nothing is. */
  ifVersion: string | null
  leaseMs?: number
  /** After which it is forgotten; without, never. */
  keepMs?: number | undefined
}

/** Times are those of the store, so that replicas with other clocks agree. */
export interface State {
  read(group: string, id: string): Promise<Held | null>
  /** The new version; null when another was first. */
  put(group: string, id: string, value: unknown, put: Put): Promise<string | null>
  /** Whether it was this version. */
  remove(group: string, id: string, ifVersion: string): Promise<boolean>
  /** By id, the greatest first. */
  list(group: string, o: { limit: number; before?: string | undefined }): Promise<{ id: string; held: Held }[]>
  close(): Promise<void>
}

/** Opened when first used. `name`: of the server; several share one database. */
export function openState(name: string, { STATE_URL, STATE_FILE }: Settings<typeof STATE_SETTINGS>): State {
  let opened: Promise<State> | undefined
  const open = async () => {
    if (STATE_URL?.startsWith('redis')) return new (await import('./state-redis.ts')).RedisState(STATE_URL, name)
    if (STATE_URL) return new (await import('./state-postgres.ts')).PostgresState(STATE_URL, name)
    return new (await import('./state-sqlite.ts')).SqliteState(STATE_FILE ?? placeOfState(name), name)
  }
  const state = () => (opened ??= open())
  const reached = <T>(work: (state: State) => Promise<T>) => state().then(work).catch(unreachable)
  return {
    read: (group, id) => reached(state => state.read(group, id)),
    put: (group, id, value, put) => reached(state => state.put(group, id, value, put)),
    remove: (group, id, ifVersion) => reached(state => state.remove(group, id, ifVersion)),
    list: (group, o) => reached(state => state.list(group, o)),
    close: async () => (await opened)?.close(),
  }
}

function placeOfState(name: string, env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), `${name}-server`, 'state.db')
}

function unreachable(error: unknown): never {
  if (error instanceof Failure) throw error
  const cause = error instanceof Error ? error.message : `${error}`
  throw new Failure(
    'upstream_error',
    'The store of tasks and idempotency keys did not answer.',
    'Nothing was begun. Try again; if it stays, check STATE_URL or STATE_FILE.',
    { cause },
  )
}

/** Writes what `next` makes of what is there, until no other writer is between; `next` may say null: leave it. */
export async function change<T>(
  state: State,
  group: string,
  id: string,
  next: (before: T | null, held: Held | null) => T | null,
  put: Omit<Put, 'ifVersion'> = {},
): Promise<{ value: T | null; version: string | null }> {
  for (let tries = 0; tries < 50; tries++) {
    const held = await state.read(group, id)
    const before = held ? (held.value as T) : null
    const value = next(before, held)
    if (value === null) return { value: before, version: held?.version ?? null }
    const version = await state.put(group, id, value, { ...put, ifVersion: held?.version ?? null })
    if (version !== null) return { value, version }
    await sleep(Math.random() * 20)
  }
  throw new Failure('conflict', `Too many write ${group} ${id} at once.`, 'Try again in a moment.')
}

export const newVersion = randomUUID
