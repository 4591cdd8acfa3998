// What a hub that was killed in the middle of a write left beside its files. The files themselves are whole: each was
// written under another name first.
import { readdirSync, realpathSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** As `atomically` names what it writes before it is renamed. */
const UNFINISHED = /\.tmp-\d{10}[0-9a-f]{6}$/
const UNFINISHED_ID = /^id\.\d+$/

/** Only for the holder of the folder's lock. */
export function removeLeftovers(folder: string): void {
  remove(folder, name => UNFINISHED.test(name) || UNFINISHED_ID.test(name))
  const config = targetOf(join(folder, 'config.json'))
  // Kept in dotfiles it is written there; that folder is not ours, so only what begins with its name.
  if (config && dirname(config) !== folder)
    remove(dirname(config), name => name.startsWith(`${basename(config)}.tmp-`) && UNFINISHED.test(name))
}

function remove(folder: string, isLeftover: (name: string) => boolean): void {
  for (const name of readdirSync(folder).filter(isLeftover)) rmSync(join(folder, name), { force: true })
}

function targetOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
