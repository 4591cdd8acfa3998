// `npm start`: sets up, builds the window, and opens the desktop app; without Electron or a display, the browser.
// --web asks for the browser. --dev serves the window with hot reload. Other options go to `gatehouse serve`.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { findElectron } from './electron-binary.mjs'
import { run } from './run.mjs'
import { install, pinnedNode, root } from './set-up.mjs'
import { buildWindow } from './window.mjs'

const args = process.argv.slice(2)
install()
buildWindow()

if (args.includes('--dev')) {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const watch = spawn(pinnedNode(), [vite, 'build', '--watch', '--logLevel', 'warn'], { cwd: root, stdio: ['ignore', 2, 2] })
  process.on('exit', () => watch.kill())
  args.splice(args.indexOf('--dev'), 1)
  if (!args.includes('--web')) args.push('--web')
}

const electron = args.includes('--web') ? null : await findElectron()
if (electron) {
  const child = spawn(electron, [join(root, 'electron', 'main.ts'), ...args], { cwd: root, stdio: 'inherit', env: { ...process.env, GATEHOUSE_NODE: pinnedNode() } })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.exit(await new Promise(resolve => child.on('exit', code => resolve(code ?? 1))))
}
const rest = args.filter(arg => arg !== '--web')
process.exit(await run(join(root, 'cli', 'main.ts'), ['serve', '--web', ...rest]))
