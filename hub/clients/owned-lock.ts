// The lock that Cline takes around its file: a folder with its owner's name in it, put in place by one rename. An empty
// folder holds nobody off: a rename goes over it.
import { mkdirSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const STALE_MS = 10_000

/** Takes the lock for that owner; false while somebody else holds it. Throws where nothing can be written. */
export function takeOwned(folder: string, owner: string): boolean {
  const own = besides(folder, owner)
  try {
    mkdirSync(own)
    writeFileSync(join(own, `owner.${owner}`), '')
  } catch (cause) {
    rmSync(own, { recursive: true, force: true })
    throw cause
  }
  try {
    renameSync(own, folder)
    return true
  } catch {
    rmSync(own, { recursive: true, force: true })
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
  try {
    const { ino, mtimeMs } = statSync(folder)
    if (Date.now() - mtimeMs < STALE_MS) return
    renameSync(folder, to)
    if (statSync(to).ino === ino) rmSync(to, { recursive: true, force: true })
    else renameSync(to, folder)
  } catch {
    // It was given free, or taken away by another one, meanwhile.
  }
}

function besides(folder: string, owner: string): string {
  return `${folder}.${owner}`
}
