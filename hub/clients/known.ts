// The clients there are, by id: those of the table, and each of them in one project.
import { realpathSync } from 'node:fs'
import { basename, isAbsolute, join } from 'node:path'
import { baseOf } from '../../contract/clients.ts'
import { HubError } from '../error.ts'
import { KNOWN_CLIENTS, type KnownClient } from './table.ts'

export function isKnown(id: string): boolean {
  return KNOWN_CLIENTS.some(client => client.id === baseOf(id))
}

/** The client of that id, `ID` or `ID@FOLDER`; throws where there is none. */
export function known(id: string): KnownClient {
  const base = baseOf(id)
  const client = KNOWN_CLIENTS.find(each => each.id === base)
  if (client) return base === id ? client : inProject(client, id.slice(base.length + 1))
  const names = KNOWN_CLIENTS.map(each => each.id).join(', ')
  throw new HubError('clients/unknown', `No client is called ${JSON.stringify(base)}.`, {
    hint: `Known are: ${names}.`,
  })
}

function inProject(client: KnownClient, path: string): KnownClient {
  const { project } = client
  if (!project)
    throw new HubError('clients/no-project', `${client.name} has no file of its own in a project.`, {
      hint: 'Connect it for all projects: leave --project out.',
    })
  if (!isAbsolute(path))
    throw new HubError('clients/no-folder', `${JSON.stringify(path)} is not the whole path of a folder.`, {
      hint: 'Give the path from the root on.',
    })
  const folder = realOf(path)
  const name = `${client.name} in ${basename(folder) || folder}`
  const asks = `Open the project in ${client.name}, which asks before it starts what the project brings.`
  return {
    ...client,
    id: `${client.id}@${folder}`,
    name,
    folder,
    files: project.paths.map(file => join(folder, file)),
    process: null,
    config: { ...client.config, createNeeds: null, lock: null, rewrittenByApp: false },
    alsoReadBy: project.alsoReadBy,
    ...(project.approves ? { afterWriting: { darwin: asks, win32: asks, linux: asks } } : {}),
  }
}

// Of a folder that is gone, what was written there is still known by its path.
function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
