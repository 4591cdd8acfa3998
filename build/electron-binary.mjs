// Finds Electron's own binary, trying its download for at most 10 s. Null, with one line that says why, where there is none.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pinnedNode, root } from './set-up.mjs'

const folder = join(root, 'node_modules', 'electron')
const NAMES = { win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' }

function binary() {
  const name = NAMES[process.platform] ?? 'electron'
  const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist')
  const path = join(dist, name)
  return existsSync(path) ? path : null
}

export async function findElectron() {
  const inBrowser = 'The same window opens in the browser.'
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    process.stderr.write(`Gatehouse: there is no display for the desktop app. ${inBrowser}\n`)
    return null
  }
  if (binary()) return binary()
  const { scripts, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const installer = ['install.js', scripts?.postinstall?.split(' ').at(-1), bin?.['install-electron']].find(name => name && existsSync(join(folder, name)))
  if (installer) spawnSync(pinnedNode(), [join(folder, installer)], { cwd: folder, stdio: 'ignore', timeout: 10_000 })
  if (binary()) return binary()
  process.stderr.write(`Gatehouse: Electron's binary could not be downloaded. ${inBrowser}\n`)
  return null
}
