// `npm start`: sets up, builds the window, and opens the desktop app; without Electron or a display, the browser.
// --web asks for the browser. Other options go to `gatehouse serve`.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { electronBinary, fetchElectron } from './electron-binary.mjs'
import { run } from './run.mjs'
import { install, pinnedNode, root } from './set-up.mjs'
import { buildWindow } from './window.mjs'

const args = process.argv.slice(2)
install()
buildWindow()

const rest = args.filter(arg => arg !== '--web')
const electron = args.includes('--web') ? null : electronBinary()
if (electron) {
  const options = { cwd: root, stdio: 'inherit', env: { ...process.env, GATEHOUSE_NODE: pinnedNode() } }
  const child = spawn(electron, [join(root, 'electron', 'main.ts'), ...rest], options)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.exit(await new Promise(resolve => child.on('exit', code => resolve(code ?? 1))))
}
// Never in front of the hub: it starts now, and the download is tried beside it.
const code = run(join(root, 'cli', 'main.ts'), ['serve', '--web', ...rest])
if (!args.includes('--web')) fetchElectron()
process.exit(await code)
