// Commands of the form `gatehouse:NAME` are servers that come with Gatehouse; each is a program of its own.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Launch } from '../../contract/servers.ts'

/**
 * The launch of a bundled server as a plain one; null for any other command, and for a name that is not bundled.
 * `data`: Gatehouse's data folder, which they are told to keep out of.
 */
export function bundledLaunch(
  launch: Launch,
  data: string,
): { command: string; args: string[]; env: Record<string, string> } | null {
  const name = /^gatehouse:([a-z0-9-]+)$/.exec(launch.command ?? '')?.[1]
  const main = name && programOf(`${name}/main`)
  if (!main) return null
  return { command: process.execPath, args: [main, ...launch.args], env: { KEEP_OUT: data } }
}

/** `servers/…` stands in the project's root; built, in the folder of the bundle. `path`: below it, without its ending. */
export function programOf(path: string): string | null {
  let folder = import.meta.dirname
  for (let up = 0; up < 4; up++) {
    for (const ending of ['.ts', '.js']) {
      const file = join(folder, 'servers', `${path}${ending}`)
      if (existsSync(file)) return file
    }
    folder = dirname(folder)
  }
  return null
}
