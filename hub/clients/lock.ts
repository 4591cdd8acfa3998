// Holds the lock that a client itself takes around its file (a folder `<file>.lock`), so that neither overwrites the other.
import { rmdirSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { z } from 'zod'
import { HubError } from '../error.ts'
import { noPermission } from './replace-file.ts'

const TRIES = 60
const WAIT_MS = 200

/** Where the lock that is held now is written down, for the next start in case this one is killed. */
export interface LockNote {
  get(key: string): string | null
  put(key: string, value: string): void
  remove(key: string): void
}

const KEY = 'client-lock'
const Held = z.object({ folder: z.string(), mark: z.string() })

/** Runs `work` under the client's lock; a client without one needs none. */
export async function withLock<T>(
  path: string,
  suffix: string | null,
  note: LockNote,
  work: () => Promise<T>,
): Promise<T> {
  if (!suffix) return work()
  const unlock = await take(path, suffix)
  const mark = bornAt(path + suffix)
  if (mark) note.put(KEY, JSON.stringify({ folder: path + suffix, mark }))
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
  const held = Held.safeParse(JSON.parse(text))
  if (!held.success || bornAt(held.data.folder) !== held.data.mark) return
  try {
    rmdirSync(held.data.folder)
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

// A lock its owner left behind counts as given up after 10 s; so we wait a little longer than that.
async function take(path: string, suffix: string): Promise<() => Promise<void>> {
  for (let tries = 1; ; tries++) {
    try {
      return await lockfile.lock(path, {
        lockfilePath: path + suffix,
        realpath: false,
        stale: 10_000,
        // Taken over while we held it (the machine slept): the hash is looked at again before the file is replaced.
        onCompromised: () => {},
      })
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ELOCKED'))
        throw noPermission(path, 'write', cause)
      if (tries < TRIES) await sleep(WAIT_MS)
      else
        throw new HubError('clients/locked', `${path} is being written by its own program and stays locked.`, {
          hint: 'Nothing was changed. Try again in a moment.',
          cause,
        })
    }
  }
}
