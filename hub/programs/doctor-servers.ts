// What `doctor` can say of the servers without starting any: is config.json in order, and is each command there?
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Finding } from '../../contract/command-line.ts'
import { Launch } from '../../contract/servers.ts'
import { readConfig } from '../registry/config-text.ts'
import { diagnose } from '../supervisor/diagnosis.ts'

/** `path`: PATH as servers get it. */
export function serverFindings(data: string, path: string): Finding[] {
  const file = join(data, 'config.json')
  if (!existsSync(file)) return []
  const read = readConfig(readFileSync(file, 'utf8'))
  if ('problem' in read) {
    const { line, column, what } = read.problem
    const fix = 'Mend the file. What was last read well goes on; nothing was overwritten.'
    return [{ id: 'config', level: 'warn', what: `${file}, line ${line}, column ${column}: ${what}`, fix }]
  }
  const enabled = [...read.entries].flatMap(([name, entry]) =>
    entry.enabled === false ? [] : [{ name, launch: Launch.parse(entry) }],
  )
  return [...launcherFindings(enabled, path), ...enabled.flatMap(one => serverFinding(one, path))]
}

/** What starts servers without being one. Said only where a server is started with it. */
const LAUNCHERS: Record<string, string> = {
  npx: 'Install Node.js with npm (https://nodejs.org).',
  uvx: 'Install uv (https://docs.astral.sh/uv).',
  docker: 'Install Docker (https://docs.docker.com/get-docker).',
}

interface Enabled {
  name: string
  launch: Launch
}

function launcherFindings(enabled: Enabled[], path: string): Finding[] {
  return Object.entries(LAUNCHERS).flatMap(([id, fix]): Finding[] => {
    const names = enabled.filter(one => one.launch.command === id).map(one => one.name)
    if (names.length === 0) return []
    const found = programOn(path, id)
    if (found) return [{ id, level: 'ok', what: `${found} (starts ${names.join(', ')}).`, fix: null }]
    const what = `${id} is not on the PATH of your login shell; ${names.join(', ')} cannot start without it.`
    return [{ id, level: 'warn', what, fix }]
  })
}

function serverFinding({ name, launch }: Enabled, path: string): Finding[] {
  const { command } = launch
  // What the login environment fills in, and what comes with Gatehouse, is found only at a start.
  if (command === undefined || command.includes('${') || command.startsWith('gatehouse:')) return []
  const cwdExists = launch.cwd === undefined || launch.cwd.includes('${') || existsSync(launch.cwd)
  const code = cwdExists ? whyNotRun(command, path) : 'ENOENT'
  if (!code) return []
  const ending = { exitCode: null, signal: null, error: Object.assign(new Error(code), { code }) }
  const { what, hint } = diagnose({ name, launch, ending, stderr: [], wasRunning: false, cwdExists })
  return [
    { id: `server ${name}`, level: 'warn', what: what.replace('did not start', 'cannot start'), fix: hint ?? null },
  ]
}

/** The first program of this name on the PATH. */
function programOn(path: string, name: string): string | undefined {
  const endings = process.platform === 'win32' ? ['', '.exe', '.cmd', '.bat'] : ['']
  return path
    .split(delimiter)
    .flatMap(folder => endings.map(ending => join(folder, name + ending)))
    .find(candidate => mayRun(candidate) === undefined)
}

function whyNotRun(command: string, path: string): string | undefined {
  if (isAbsolute(command)) return mayRun(command)
  return programOn(path, command) ? undefined : 'ENOENT'
}

/** The system's code for why not; undefined when it may. */
function mayRun(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'EACCES'
    accessSync(path, constants.X_OK)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EACCES'
  }
}
