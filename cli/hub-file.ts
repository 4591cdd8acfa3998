// hub.json: where the running hub is to be reached.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HubFile } from '../contract/hub-file.ts'

/** Null when no hub has written one, or it is gone. */
export function readHubFile(data: string): HubFile | null {
  try {
    return HubFile.parse(JSON.parse(readFileSync(join(data, 'hub.json'), 'utf8')))
  } catch {
    return null
  }
}
