// Brings a bare clone up: installs when the lock file is newer than the install, and finds the pinned Node.
// Plain JavaScript: the Node that runs this may be old.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const lock = join(root, 'package-lock.json')
const installed = join(root, 'node_modules', '.package-lock.json')

/** Installs what the lock file names, unless that was done since it last changed. Says so on stderr; stdout stays clean. */
export function install() {
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  process.stderr.write('Gatehouse: installing what package-lock.json names (once) …\n')
  const npm = process.env.npm_execpath
  const [command, args] = npm?.endsWith('.js')
    ? [process.execPath, [npm, 'ci']]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci']]
  const { status } = spawnSync(command, [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: command.endsWith('.cmd'),
  })
  if (status !== 0) {
    process.stderr.write('gatehouse: npm ci failed. Check the network to the npm registry, then run this again.\n')
    process.exit(1)
  }
  const now = new Date()
  utimesSync(installed, now, now)
}

/** The Node that the project pins, from the `node` package. */
export function pinnedNode() {
  return join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}
