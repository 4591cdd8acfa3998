// Builds the window into dist/renderer when a source of it is newer than what was built.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pinnedNode, root } from './set-up.mjs'

const built = join(root, 'dist', 'renderer', 'index.html')

function newest(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map(name => newest(join(path, name))))
}

/** Output goes to stderr, so that the first stdout line stays the ready line. */
export function buildWindow() {
  const sources = ['renderer', 'contract', 'vite.config.ts', 'package-lock.json'].map(name => join(root, name))
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...sources.map(newest))) return
  process.stderr.write('Gatehouse: building the window …\n')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const { status } = spawnSync(pinnedNode(), [vite, 'build', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) {
    process.stderr.write('gatehouse: building the window failed; the lines above say why.\n')
    process.exit(1)
  }
}
