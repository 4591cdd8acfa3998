// `npm run dev`: the hub, and the window from Vite's own server with hot reload. The window's socket goes through Vite.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { install, pinnedNode, root } from './set-up.mjs'
import { buildWindow } from './window.mjs'

const PORT = 5173
install()
buildWindow()
const serve = spawn(
  pinnedNode(),
  [join(root, 'cli', 'main.ts'), 'serve', '--web', '--no-open', ...process.argv.slice(2)],
  { cwd: root, stdio: ['inherit', 'pipe', 'inherit'] },
)
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => serve.kill(signal))
// npm does not pass signals on.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) serve.kill('SIGTERM')
}, 500).unref()

createInterface({ input: serve.stdout }).once('line', line => {
  const { web } = JSON.parse(line)
  const { origin, hash } = new URL(web)
  const vite = spawn(
    pinnedNode(),
    [
      join(root, 'node_modules', 'vite', 'bin', 'vite.js'),
      '--host',
      '127.0.0.1',
      '--port',
      String(PORT),
      '--strictPort',
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, GATEHOUSE_DEV_HUB: origin } },
  )
  process.stdout.write(`Open http://127.0.0.1:${PORT}/${hash} within two minutes.\n`)
  serve.on('exit', () => vite.kill())
  vite.on('exit', () => serve.kill())
})
serve.on('exit', code => process.exit(code ?? 1))
