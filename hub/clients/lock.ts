// Holds the lock that a client itself takes around its file (a folder `<file>.lock`), so that neither overwrites the other.
import { setTimeout as sleep } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { HubError } from '../error.ts'
import { noPermission } from './replace-file.ts'

const TRIES = 60
const WAIT_MS = 200

/** Runs `work` under the client's lock; a client without one needs none. */
export async function withLock<T>(path: string, suffix: string | null, work: () => Promise<T>): Promise<T> {
  if (!suffix) return work()
  const unlock = await take(path, suffix)
  try {
    return await work()
  } finally {
    await unlock().catch(() => {})
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
