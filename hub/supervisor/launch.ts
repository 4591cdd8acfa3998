// From a definition to what is started: references are resolved here, at the last moment, and the result is kept nowhere.
import { randomBytes } from 'node:crypto'
import type { Launch } from '../../contract/servers.ts'
import { HubError } from '../error.ts'
import { bundledLaunch } from './bundled.ts'
import { type Environment, passedOn } from './login-environment.ts'
import type { Sources } from './needs.ts'
import { MARK } from './processes.ts'

/** What goes to `spawn`. Holds secrets: never shown, logged or kept. */
export interface ResolvedLaunch {
  command: string
  args: string[]
  cwd: string
  env: Environment
  /** What MARK holds in `env`. */
  mark: string
}

const REFERENCE = /\$\{(home|env:([A-Za-z_][A-Za-z0-9_]*)|secret:([A-Za-z0-9_.-]+))\}/g

/** Resolves a launch for `spawn`. Rejects with HubError 'server/env-missing', 'server/secret-in-argv', or what the vault says. */
export async function resolveLaunch(name: string, launch: Launch, sources: Sources): Promise<ResolvedLaunch> {
  const open = (where: string, text: string) => resolve(name, where, text, sources, false)
  const env: Environment = passedOn(sources.environment)
  const bundled = bundledLaunch(launch, sources.data)
  const { command, args } = bundled ?? launch
  for (const [key, value] of Object.entries(launch.env)) env[key] = await resolve(name, key, value, sources, true)
  const mark = randomBytes(12).toString('hex')
  return {
    command: await open('its command', command ?? ''),
    args: await Promise.all(args.map(arg => open('an argument', arg))),
    cwd: launch.cwd === undefined ? sources.home : await open('cwd', launch.cwd),
    env: { ...env, ...bundled?.env, [MARK]: mark },
    mark,
  }
}

/** Resolves url and headers of a server that is reached over HTTP. */
export async function resolveRemote(
  name: string,
  launch: Launch,
  sources: Sources,
): Promise<{ url: string; headers: Record<string, string> }> {
  const headers: Record<string, string> = {}
  for (const [key, value] of Object.entries(launch.headers))
    headers[key] = await resolve(name, key, value, sources, true)
  return { url: await resolve(name, 'url', launch.url ?? '', sources, true), headers }
}

/** As it is shown: the command as written, whole; words with spaces or quotes are quoted for reading. */
export function shownCommand(launch: Launch): string {
  if (launch.url !== undefined) return launch.url
  return [launch.command ?? '', ...launch.args]
    .map(word => (/^[\w@%+=:,./${}~-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(' ')
}

/** Once from left to right: what a secret's value looks like is not looked at again. */
async function resolve(
  name: string,
  where: string,
  text: string,
  sources: Sources,
  maySecret: boolean,
): Promise<string> {
  let out = ''
  let at = 0
  for (const match of text.matchAll(REFERENCE)) {
    out += text.slice(at, match.index)
    at = match.index + match[0].length
    const [whole, , variable, secret] = match
    if (secret !== undefined && !maySecret) {
      throw new HubError(
        'server/secret-in-argv',
        `${name} names ${whole} in ${where}, where every user of this machine could read it.`,
        {
          hint: 'Use it in env, and let the server read it from there.',
        },
      )
    }
    if (secret !== undefined) out += await sources.secret(secret)
    else if (variable === undefined) out += sources.home
    else {
      const value = sources.environment[variable]
      if (value === undefined) {
        throw new HubError('server/env-missing', `${name} needs ${whole}, which your login shell does not set.`, {
          hint: `Set ${variable} in your shell's profile and restart Gatehouse, or write a value in ${name}'s settings.`,
        })
      }
      out += value
    }
  }
  return out + text.slice(at)
}
