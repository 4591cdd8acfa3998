// The lock that Cline takes around its file: a folder with its owner's name in it, put in place by one rename. An empty
// folder holds nobody off: a rename goes over it.
import { mkdirSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const STALE_MS = 10_000

/** Takes the lock for that owner; false while somebody else holds it. */
export function takeOwned(folder: string, owner: string): boolean {
  const own = besides(folder, owner)
  try {
    mkdirSync(own)
    writeFileSync(join(own, `owner.${owner}`), '')
    renameSync(own, folder)
    return true
  } catch (cause) {
    rmSync(own, { recursive: true, force: true })
    if (bornOf(folder) === null) throw cause
    takeAwayStale(folder, own)
    return false
  }
}

/** Gives it free, if it is still that owner's. */
export function freeOwned(folder: string, owner: string): void {
  rmSync(besides(folder, owner), { recursive: true, force: true })
  rmSync(join(folder, `owner.${owner}`), { force: true })
  try {
    rmdirSync(folder)
  } catch {
    // It is somebody else's by now, or gone.
  }
}

// Its owner died: by a rename only one of those who wait takes it away.
function takeAwayStale(folder: string, to: string): void {
  const born = bornOf(folder)
  if (born === null || Date.now() - statSync(folder).mtimeMs < STALE_MS) return
  renameSync(folder, to)
  if (bornOf(to) === born) rmSync(to, { recursive: true, force: true })
  else renameSync(to, folder)
}

function besides(folder: string, owner: string): string {
  return `${folder}.${owner}`
}

function bornOf(folder: string): bigint | null {
  return statSync(folder, { bigint: true, throwIfNoEntry: false })?.ino ?? null
}
