// The catalog of bundled servers, as their own program describes them, asked once; and what that finds wrong in a launch of one.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { z } from 'zod'
import { BundledServer, bundledOf, Wrong } from '../../contract/catalog.ts'
import type { Launch } from '../../contract/servers.ts'
import { HubError } from '../error.ts'
import { bundledServers } from '../registry/bundled.ts'
import { programOf } from './bundled.ts'

const MOST_MS = 60_000
let asked: Promise<BundledServer[]> | undefined

/** Throws HubError; then the next who looks asks anew. */
export function readCatalog(): Promise<BundledServer[]> {
  asked ??= ask([...bundledServers])
    .then(said => z.array(BundledServer).parse(said))
    .catch(cause => {
      asked = undefined
      throw unreadable(cause)
    })
  return asked
}

/** `data`: Gatehouse's data folder, which they are kept out of. Throws HubError. */
export async function checkLaunch({ command, args, env }: Launch, data: string): Promise<Wrong> {
  const name = bundledOf(command) ?? ''
  if (!bundledServers.includes(name))
    throw new HubError('catalog/unknown', `No server ${name.slice(0, 60)} comes with Gatehouse.`)
  return await ask(['--check', name], JSON.stringify({ args, env: { ...env, KEEP_OUT: data } }))
    .then(said => Wrong.parse(said))
    .catch(cause => {
      throw unreadable(cause)
    })
}

const unreadable = (cause: unknown) =>
  new HubError('catalog/unreadable', 'The servers that come with Gatehouse could not be described.', {
    hint: 'Look again; if it stays, install Gatehouse anew.',
    cause,
  })

async function ask(args: readonly string[], stdin = ''): Promise<unknown> {
  const program = programOf('catalog')
  if (!program) throw new Error('servers/catalog is not there')
  // HOME: folders may be below ~.
  const home = Object.fromEntries(['HOME', 'USERPROFILE'].flatMap(name => [[name, process.env[name]]]))
  const env = { ...home, ...(process.versions.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {}) }
  const options = { timeout: MOST_MS, maxBuffer: 16 * 1024 * 1024, env }
  const running = promisify(execFile)(process.execPath, [program, ...args], options)
  running.child.stdin?.on('error', () => {}).end(stdin)
  return JSON.parse((await running).stdout)
}
