// Electron's own binary: where it is, and starting the desktop app with it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pinnedNode, root } from './set-up.mjs'

const NAMES = { win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' }

export function hasDisplay() {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

/** Its path, or null where it was not downloaded. */
export function electronBinary() {
  const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules', 'electron', 'dist')
  const path = join(dist, NAMES[process.platform] ?? 'electron')
  return existsSync(path) ? path : null
}

/** Resolves with its exit code. Signals are passed on. */
export function runDesktop(args) {
  const env = { ...process.env, GATEHOUSE_NODE: pinnedNode() }
  const child = spawn(electronBinary(), [join(root, 'electron', 'main.ts'), ...args], {
    cwd: root,
    stdio: 'inherit',
    env,
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise(resolve => child.on('exit', code => resolve(code ?? 1)))
}
