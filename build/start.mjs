// `npm start`: sets up, builds the window, and opens the desktop app; without Electron or a display, the browser.
// --web asks for the browser. Other options go to `gatehouse serve`.
import { join } from 'node:path'
import { electronBinary, hasDisplay, runDesktop } from './electron-binary.mjs'
import { run } from './run.mjs'
import { install, root } from './set-up.mjs'
import { buildWindow } from './window.mjs'

const args = process.argv.slice(2)
install()
buildWindow()

const rest = args.filter(arg => arg !== '--web')
const browser = () => run(join(root, 'cli', 'main.ts'), ['serve', '--web', ...rest])

async function start() {
  if (args.includes('--web')) return browser()
  if (!hasDisplay()) {
    process.stderr.write('Gatehouse: there is no display for the desktop app. The same window opens in the browser.\n')
    return browser()
  }
  return electronBinary() ? runDesktop(rest) : run(join(root, 'build', 'desktop-or-browser.ts'), rest)
}

process.exit(await start())
