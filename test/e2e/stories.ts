// Steps that several stories share, done through a paired window.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Server } from '../../contract/servers.ts'
import { root, until } from '../harness.ts'
import type { WindowClient } from '../window-client.ts'

export const fixture = (name: string) => join(root, 'test', 'fixtures', 'servers', name)
export const everything = join(root, 'node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js')

/** Adds servers as a pasted block and agrees to each, as a person would after reading the command. */
export async function addAndAgree(
  window: WindowClient,
  servers: Record<string, object>,
  options: { secrets?: string[]; trust?: boolean } = {},
): Promise<Server[]> {
  const { servers: added } = await window.call.servers.import({ text: JSON.stringify({ mcpServers: servers }) })
  for (const { id } of added) {
    const { agreement } = await window.call.servers.get({ id })
    await window.call.servers.agree({
      id,
      digest: agreement!.digest,
      secrets: options.secrets ?? [],
      trust: options.trust ?? false,
    })
  }
  await until('all run', async () => {
    const all = await window.call.servers.list()
    return added.every(one => all.find(each => each.id === one.id)?.state.kind === 'running')
  })
  return window.call.servers.list()
}

/** Every spelling of a secret that a search would look for. */
export function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [
    secret,
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('hex'),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ]
}

/** All files below a folder, but for the keychain's own. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.parentPath.includes('keyrings'))
    .map(entry => join(entry.parentPath, entry.name))
}
