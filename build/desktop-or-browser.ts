// The first `npm start` on a machine without Electron's binary: the hub runs at once, the download is tried beside it for
// 10 s, and then the desktop app takes over, or the same window opens in the browser. Options go to `gatehouse serve`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { openInBrowser } from '../cli/open-in-browser.ts'

const root = join(import.meta.dirname, '..')
const args = process.argv.slice(2)
const say = (text: string) => process.stderr.write(`Gatehouse: ${text}\n`)

async function electronArrives(): Promise<boolean> {
  const folder = join(root, 'node_modules', 'electron')
  const fetch = spawn(process.execPath, [join(folder, 'install.js')], { cwd: folder, stdio: 'ignore', timeout: 10_000 })
  const [code] = await once(fetch, 'exit')
  return code === 0
}

const hub = spawn(process.execPath, [join(root, 'cli', 'main.ts'), 'serve', '--web', '--no-open', ...args], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const ended = once(hub, 'exit').then(([code]) => Number(code ?? 1))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => hub.kill('SIGTERM'))
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) hub.kill('SIGTERM')
}, 500).unref()

const lines = createInterface({ input: hub.stdout })
const [line] = await Promise.race([once(lines, 'line'), ended.then(code => process.exit(code))])
process.stdout.write(`${line}\n`)
lines.on('line', more => process.stdout.write(`${more}\n`))

if (args.includes('--no-open')) process.exit(await ended)
if (await electronArrives()) {
  say('the desktop app is here now; it takes over.')
  hub.kill('SIGTERM')
  await ended
  const { runDesktop } = await import('./electron-binary.mjs')
  process.exit(await runDesktop(args))
}
say('the desktop app (Electron) could not be downloaded. The same window opens in the browser.')
const { web } = JSON.parse(line)
if (!openInBrowser(web, mkdtempSync(join(tmpdir(), 'gatehouse-')))) say(`open this link within two minutes: ${web}`)
process.exit(await ended)
