// Electron's own binary: where it is, and fetching it for at most 10 s. Where it cannot be had, one line says so.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pinnedNode, root } from './set-up.mjs'

const folder = join(root, 'node_modules', 'electron')
const NAMES = { win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' }

function hasDisplay() {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

/** Its path, or null: not downloaded, or no display to open it on. */
export function electronBinary() {
  const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist')
  const path = join(dist, NAMES[process.platform] ?? 'electron')
  return hasDisplay() && existsSync(path) ? path : null
}

/** Tries the download beside the running hub, and says in one line what came of it. */
export function fetchElectron() {
  const say = text => process.stderr.write(`Gatehouse: ${text}\n`)
  if (!hasDisplay()) return say('there is no display for the desktop app. The same window opens in the browser.')
  const child = spawn(pinnedNode(), [join(folder, 'install.js')], { cwd: folder, stdio: 'ignore', timeout: 10_000 })
  child.on('exit', code => {
    if (code === 0 && electronBinary())
      say('the desktop app is downloaded. The next start opens it; this time the browser does.')
    else say('the desktop app (Electron) could not be downloaded. The same window opens in the browser.')
  })
}
