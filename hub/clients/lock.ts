// Holds the lock that a client itself takes around its file (a folder `<file>.lock`), so that neither overwrites the other.
import { randomBytes } from 'node:crypto'
import { rmdirSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { z } from 'zod'
import { HubError } from '../error.ts'
import { freeOwned, takeOwned } from './owned-lock.ts'
import { noPermission } from './replace-file.ts'
import type { KnownClient } from './table.ts'

const TRIES = 60
const WAIT_MS = 200

/** Where the lock that is held now is written down, for the next start in case this one is killed. */
export interface LockNote {
  get(key: string): string | null
  put(key: string, value: string): void
  remove(key: string): void
}

const KEY = 'client-lock'
const Held = z.union([
  z.object({ folder: z.string(), mark: z.string() }),
  z.object({ folder: z.string(), owner: z.string() }),
])

/** Runs `work` under the client's lock; a client without one needs none. */
export async function withLock<T>(
  path: string,
  kind: KnownClient['config']['lock'],
  note: LockNote,
  work: () => Promise<T>,
): Promise<T> {
  if (!kind) return work()
  const folder = `${path}.lock`
  const unlock = kind === 'owned' ? await own(path, folder, note) : await take(path, folder)
  const mark = kind === 'owned' ? null : bornAt(folder)
  if (mark) note.put(KEY, JSON.stringify({ folder, mark }))
  try {
    return await work()
  } finally {
    await unlock().catch(() => {})
    note.remove(KEY)
  }
}

/** Gives free a lock that was held when the hub was killed, if it is still that one: others would wait 10 s for it. */
export function freeOldLock(note: LockNote): void {
  const text = note.get(KEY)
  if (text === null) return
  note.remove(KEY)
  const { success, data: held } = Held.safeParse(JSON.parse(text))
  if (!success) return
  try {
    if ('owner' in held) freeOwned(held.folder, held.owner)
    else if (bornAt(held.folder) === held.mark) rmdirSync(held.folder)
  } catch {
    // Somebody freed it meanwhile; or it stays until the others take it over.
  }
}

function bornAt(folder: string): string | null {
  try {
    const { dev, ino, birthtimeNs } = statSync(folder, { bigint: true })
    return `${dev} ${ino} ${birthtimeNs}`
  } catch {
    return null
  }
}

async function own(path: string, folder: string, note: LockNote): Promise<() => Promise<void>> {
  const owner = randomBytes(8).toString('hex')
  // Noted first: killed in between, it lies beside the lock.
  note.put(KEY, JSON.stringify({ folder, owner }))
  try {
    await untilFree(path, async () => takeOwned(folder, owner))
  } catch (cause) {
    note.remove(KEY)
    throw cause
  }
  return async () => freeOwned(folder, owner)
}

async function take(path: string, lockfilePath: string): Promise<() => Promise<void>> {
  let unlock = async () => {}
  await untilFree(path, async () => {
    try {
      unlock = await lockfile.lock(path, {
        lockfilePath,
        realpath: false,
        stale: 10_000,
        // Taken over while we held it (the machine slept): the hash is looked at again before the file is replaced.
        onCompromised: () => {},
      })
      return true
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ELOCKED') return false
      throw cause
    }
  })
  return unlock
}

// A lock its owner left behind counts as given up after 10 s; so we wait a little longer than that.
async function untilFree(path: string, isTaken: () => Promise<boolean>): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries++) {
    try {
      if (await isTaken()) return
    } catch (cause) {
      throw noPermission(path, 'write', cause)
    }
    await sleep(WAIT_MS)
  }
  throw new HubError('clients/locked', `${path} is being written by its own program and stays locked.`, {
    hint: 'Nothing was changed. Try again in a moment.',
  })
}
