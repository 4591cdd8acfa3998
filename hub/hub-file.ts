// Writes hub.json, 0600, and takes it away when the hub ends.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileSync } from 'atomically'
import { HubFile } from '../contract/hub-file.ts'

export function writeHubFile(folder: string, content: HubFile): void {
  writeFileSync(join(folder, 'hub.json'), `${JSON.stringify(content)}\n`, { mode: 0o600 })
}

/** Removes it, unless another hub has written its own since. */
export function removeHubFile(folder: string, pid: number): void {
  const path = join(folder, 'hub.json')
  try {
    if (HubFile.parse(JSON.parse(readFileSync(path, 'utf8'))).pid === pid) rmSync(path)
  } catch {
    // Not there, or not ours to judge.
  }
}
