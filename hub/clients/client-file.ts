// A client's file as it is now. What a project brings is not trusted: its files must lie in its own folder.
import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import { HubError } from '../error.ts'
import { configPath, type Surroundings } from './places.ts'
import { type FileNow, readNow } from './replace-file.ts'
import { KNOWN_CLIENTS, type KnownClient } from './table.ts'

/** Reads it; refuses a file that a link leads out of the project. */
export function fileAt(client: KnownClient, path: string): FileNow {
  const { folder } = client
  const now = readNow(path)
  if (folder === undefined || `${realOf(now.real)}${sep}`.startsWith(`${folder}${sep}`)) return now
  throw new HubError('clients/leads-out', `${path} leads out of the project, to ${realOf(now.real)}.`, {
    hint: 'It was not touched. A project may write to no file but its own.',
  })
}

/** Refuses a project that is not there, or whose file is a client's own for all projects. */
export function checkProject(client: KnownClient, at: Surroundings): void {
  const { folder } = client
  if (folder === undefined) return
  if (!isFolder(folder))
    throw new HubError('clients/no-folder', `There is no folder ${folder}.`, { hint: 'Nothing was written.' })
  const own = new Set(KNOWN_CLIENTS.flatMap(each => configPath(each, at) ?? []).map(realOf))
  const file = configPath(client, at)
  if (file && own.has(realOf(file)))
    throw new HubError('clients/no-project', `${file} is not a project's file: it holds for all projects.`, {
      hint: 'Leave --project out.',
    })
}

export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

// Of a file that is not there, its folders may still be links.
export function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return dirname(path) === path ? path : join(realOf(dirname(path)), basename(path))
  }
}
