// Which version of a Python package uvx ran: as the environments that uv made say.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { PackageRan } from '../../contract/pins.ts'

const DIST_INFO = '.dist-info'

/** uv keeps one environment for each set of packages, in its cache or as an installed tool: the newest with it ran. */
export function fetchedByUv(
  wanted: { name: string; version: string | null },
  home: string,
  env: NodeJS.ProcessEnv,
): PackageRan | null {
  const name = normal(wanted.name.replace(/\[.*$/, ''))
  const found = [...cached(home, env), ...installed(name, home, env)]
    .flatMap(packagesOf)
    .flatMap(packages => ran(packages, name))
    .filter(one => !isExact(wanted.version) || one.ran.version === wanted.version)
    .sort((a, b) => b.at - a.at)
  return found[0]?.ran ?? null
}

function cached(home: string, env: NodeJS.ProcessEnv): string[] {
  const usual = process.platform === 'win32' ? join(home, 'AppData/Local/uv/cache') : join(home, '.cache/uv')
  const elsewhere = env.XDG_CACHE_HOME ? join(env.XDG_CACHE_HOME, 'uv') : usual
  const cache = env.UV_CACHE_DIR ?? elsewhere
  return foldersIn(cache)
    .filter(folder => /[\\/]environments-v\d+$/.test(folder))
    .flatMap(foldersIn)
    .flatMap(foldersIn)
}

function installed(name: string, home: string, env: NodeJS.ProcessEnv): string[] {
  const data = process.platform === 'win32' ? join(home, 'AppData/Roaming') : join(home, '.local/share')
  const tools = env.UV_TOOL_DIR ?? join(env.XDG_DATA_HOME ?? data, 'uv', 'tools')
  return [join(tools, name)].filter(existsSync)
}

/** Its folders of packages: `lib/python3.13/site-packages`, or `Lib/site-packages` on Windows. */
function packagesOf(environment: string): string[] {
  const windows = join(environment, 'Lib', 'site-packages')
  return [windows, ...foldersIn(join(environment, 'lib')).map(python => join(python, 'site-packages'))].filter(
    folder => folder !== windows || process.platform === 'win32',
  )
}

function ran(packages: string, name: string): { ran: PackageRan; at: number }[] {
  const infos = foldersIn(packages).flatMap(path => {
    const match = /([^\\/]+)-([^-\\/]+)\.dist-info$/.exec(path)
    return match && normal(match[1]!) === name ? [{ path, version: match[2]! }] : []
  })
  return infos.map(({ path, version }) => ({
    ran: { name, version, integrity: recordOf(path) },
    at: statSync(realpathSync(path)).mtimeMs,
  }))
}

/** Of the files that came with the package: what the installer adds beside them tells where, not what. */
function recordOf(info: string): string | null {
  const record = join(info, 'RECORD')
  if (!existsSync(record)) return null
  const lines = readFileSync(record, 'utf8')
    .split(/\r?\n/)
    .filter(
      line => line !== '' && !line.startsWith('..') && !(line.includes(DIST_INFO) && !line.includes('/METADATA,')),
    )
  return `sha256-${createHash('sha256').update(lines.sort().join('\n')).digest('base64')}`
}

function isExact(version: string | null): boolean {
  return version !== null && /^\d+(\.\d+)*([a-z]+\d+)?$/.test(version)
}

/** As packages are compared: case and the kind of dash do not count. */
function normal(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .map(name => join(folder, name))
      .filter(path => statSync(path, { throwIfNoEntry: false })?.isDirectory())
  } catch {
    return []
  }
}
