// Which version of its package a server was run from, as far as this machine's own files say; nothing is asked of a network.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, sep } from 'node:path'
import type { PackageRan } from '../../contract/pins.ts'
import type { Launch } from '../../contract/servers.ts'
import { packageOf } from '../registry/package-of.ts'
import { imageRan } from './image-ran.ts'
import { fetchedByUv } from './python-ran.ts'

const MOST_BYTES = 32 * 1024 * 1024
const RUNTIMES = /^(node|bun|deno|tsx)$/
const CONTAINERS = /^(docker|podman|nerdctl)$/

/** Null where it cannot be told: an address, a package that was never fetched. `environment`: what the server was started in. */
export async function packageRan(
  launch: Launch,
  home: string,
  environment: NodeJS.ProcessEnv,
): Promise<PackageRan | null> {
  const { command, args } = launch
  if (command === undefined) return null
  const env = { ...environment, ...launch.env }
  try {
    const program = command
      .split(/[\\/]/)
      .at(-1)!
      .replace(/\.(exe|cmd)$/i, '')
    const wanted = packageOf(program, args)
    if (wanted?.from === 'address') return null
    if (wanted && program === 'npx') return fetchedByNpx(wanted, home)
    if (wanted && (program === 'uvx' || program === 'uv')) return fetchedByUv(wanted, home, env)
    if (wanted)
      return CONTAINERS.test(program)
        ? await imageRan({ command, before: args.slice(0, args.indexOf('run')) }, wanted, env)
        : null
    const script = RUNTIMES.test(program) ? args.find(arg => isAbsolute(arg) && existsSync(arg)) : command
    return script && isAbsolute(script) ? ofProgram(script) : null
  } catch {
    // A package.json that cannot be read says nothing.
    return null
  }
}

/** npx keeps each set of packages in a folder of its own: the one used last ran. */
function fetchedByNpx({ name, version }: { name: string; version: string | null }, home: string): PackageRan | null {
  const cache = join(home, process.platform === 'win32' ? 'AppData/Local/npm-cache/_npx' : '.npm/_npx')
  const found = readdirSync(cache)
    .map(folder => join(cache, folder, 'node_modules'))
    .filter(modules => existsSync(join(modules, name, 'package.json')))
    .map(modules => ({ ran: inModules(modules, name), at: statSync(join(modules, '.package-lock.json')).mtimeMs }))
    .filter(({ ran }) => !version || !/^\d+\.\d+\.\d+/.test(version) || ran.version === version)
    .sort((a, b) => b.at - a.at)
  return found[0]?.ran ?? null
}

function ofProgram(path: string): PackageRan {
  const file = realpathSync(path)
  const parts = file.split(sep)
  const at = parts.lastIndexOf('node_modules')
  if (at >= 0) {
    const name = parts[at + 1]!.startsWith('@') ? `${parts[at + 1]}/${parts[at + 2]}` : parts[at + 1]!
    return inModules(parts.slice(0, at + 1).join(sep), name)
  }
  const own = packageAbove(dirname(file))
  const integrity = statSync(file).size <= MOST_BYTES ? `sha256-${sha256(file)}` : null
  return { name: own?.name ?? file, version: own?.version ?? null, integrity }
}

function inModules(modules: string, name: string): PackageRan {
  const { version = null } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'))
  const lock = join(modules, '.package-lock.json')
  const locked = existsSync(lock) ? JSON.parse(readFileSync(lock, 'utf8')).packages : {}
  const integrity: unknown = locked?.[`node_modules/${name}`]?.integrity
  return { name, version, integrity: typeof integrity === 'string' ? integrity : null }
}

function packageAbove(folder: string): { name?: string; version?: string } | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, 'package.json')
    if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'))
    if (dirname(at) === at) return undefined
  }
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('base64')
}
