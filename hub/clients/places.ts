// Where a client's files lie on this machine: folders of the person, overrides by environment, and packages by pattern.
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join, sep } from 'node:path'
import { type KnownClient, systemOf } from './table.ts'

/** Whose machine this is; a test brings its own. */
export interface Surroundings {
  home: string
  env: NodeJS.ProcessEnv
  platform: NodeJS.Platform
}

/** What shows that a client is installed, or null: a path that exists, or a command on PATH. */
export function findClient(client: KnownClient, at: Surroundings): string | null {
  for (const pattern of client.detect[systemOf(at.platform)]) {
    const found = expand(pattern, at).find(path => existsSync(path))
    if (found) return found
  }
  for (const command of client.detect.commands) {
    const found = findCommand(command, at)
    if (found) return found
  }
  return null
}

/** The first folder we are not let look into on the way to a client's places, or null: then nobody knows whether it is there. */
export function barredFolder(client: KnownClient, at: Surroundings): string | null {
  const system = systemOf(at.platform)
  for (const pattern of [...client.detect[system], ...client.config.paths[system]]) {
    const lists = pattern.includes('*')
    const plain = lists ? pattern.slice(0, pattern.indexOf('*')).replace(/\/[^/]*$/, '') : pattern
    const barred = expand(plain, at)
      .map(path => barredAt(path, lists))
      .find(path => path !== null)
    if (barred) return barred
  }
  return null
}

function barredAt(path: string, lists: boolean): string | null {
  try {
    if (lists) readdirSync(path)
    else statSync(path)
    return null
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : null
    return code === 'EACCES' || code === 'EPERM' ? (lists ? path : dirname(path)) : null
  }
}

/** Whether a missing config file may be made. */
export function mayCreate(client: KnownClient, at: Surroundings): boolean {
  const { createNeeds, overrides } = client.config
  if (createNeeds === null || overrides.some(({ env }) => at.env[env])) return true
  return expand(createNeeds, at).some(path => existsSync(path))
}

/**
 * The config file that this client reads, whether it exists or not. Claude Desktop's Windows package reads its own
 * copy: the plain path only counts where there is no package.
 */
export function configPath(client: KnownClient, at: Surroundings): string | null {
  if (client.files) return client.files.find(path => existsSync(path)) ?? client.files[0] ?? null
  const { overrides, pick } = client.config
  for (const { env, path } of overrides) {
    const base = at.env[env]
    if (base && isAbsolute(base)) return path ? join(base, path) : base
  }
  const candidates = candidatesOf(client, at)
  if (pick !== 'first') {
    const all = candidates.flat()
    const there = pick === 'folder' ? undefined : all.find(path => existsSync(path))
    return there ?? all.find(path => existsSync(dirname(path))) ?? all[0] ?? null
  }
  // Each pattern outranks the next one: a package without a file still hides the plain path.
  const best = candidates[0] ?? []
  return best.find(path => existsSync(path)) ?? best[0] ?? null
}

/** All the files there are that it may read its servers from. */
export function existingPaths(client: KnownClient, at: Surroundings): string[] {
  if (client.files || client.config.overrides.some(({ env }) => at.env[env])) return []
  return candidatesOf(client, at)
    .flat()
    .filter(path => existsSync(path))
}

function candidatesOf({ config }: KnownClient, at: Surroundings): string[][] {
  return config.paths[systemOf(at.platform)].map(pattern => expand(pattern, at)).filter(found => found.length > 0)
}

/** The client, with its config in this one file. */
export function atPath(client: KnownClient, path: string): KnownClient {
  return { ...client, files: [path] }
}

function expand(pattern: string, at: Surroundings): string[] {
  const path = pattern.replace(/\$\{(\w+)\}/g, (_, name: string) => folder(name, at))
  const parts = path.split('/')
  let found = [parts[0] === '' ? '/' : parts[0]!]
  for (const part of parts.slice(1)) {
    if (!part) continue
    found = part.includes('*') ? found.flatMap(base => matching(base, part)) : found.map(base => join(base, part))
  }
  return found.map(each => each.replaceAll('/', sep))
}

function matching(base: string, part: string): string[] {
  const [start = '', end = ''] = part.split('*')
  try {
    return readdirSync(base)
      .filter(name => name.startsWith(start) && name.endsWith(end))
      .sort()
      .map(name => join(base, name))
  } catch {
    return []
  }
}

function folder(name: string, { home, env }: Surroundings): string {
  const set = name === 'HOME' ? undefined : env[name]
  if (set && isAbsolute(set)) return set
  const usual: Record<string, string> = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    APPDATA: join(home, 'AppData', 'Roaming'),
    LOCALAPPDATA: join(home, 'AppData', 'Local'),
  }
  return usual[name] ?? home
}

function findCommand(command: string, { env, platform }: Surroundings): string | null {
  const endings = platform === 'win32' ? ['.exe', '.cmd', '.bat'] : ['']
  for (const base of (env.PATH ?? '').split(delimiter)) {
    if (!isAbsolute(base)) continue
    for (const ending of endings) {
      const path = join(base, command + ending)
      if (isExecutable(path)) return path
    }
  }
  return null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
