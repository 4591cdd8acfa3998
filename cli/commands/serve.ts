// `gatehouse serve`: the hub in the foreground. It is a child by path; we pass its words on and end it in order.
import { spawn } from 'node:child_process'
import { ReadyLine } from '../../contract/command-line.ts'
import { type Command, UsageError } from '../command.ts'
import { Lines } from '../lines.ts'
import { openInBrowser, removeRedirect } from '../open-in-browser.ts'
import { programPath } from '../places.ts'
import { foregroundEnvironment } from '../start-hub.ts'

const LINK_MS = 120_000
const PARENT_CHECK_MS = 500
const END_DEADLINE_MS = 25_000

export const serve: Command = {
  synopsis: '[--web] [--port N] [--no-open] [--policy FILE]',
  help: `The first line on stdout is JSON: {"event":"ready","socket":…,"web":<pairing link>|null,"pid":…}.
  --web           make a pairing link and open it in the browser
  --port N        the browser window's port (any free one)
  --no-open       do not open the browser
  --policy FILE   for a machine without a person: fixed rules, on a data folder of their own`,
  options: {
    web: { type: 'boolean' },
    port: { type: 'string' },
    'no-open': { type: 'boolean' },
    policy: { type: 'string' },
  },
  endless: () => true,
  async run({ data, flag, text }) {
    const port = text('port')
    if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) < 65_536))
      throw new UsageError(`--port ${port} is no port.`, 'Give a number from 0 to 65535.')
    const policy = text('policy')
    const args = ['--data', data, ...(flag('web') ? ['--web'] : [])]
    if (port !== undefined) args.push('--port', port)
    if (policy !== undefined) args.push('--policy', policy)
    const opens = flag('web') && !flag('no-open')
    return serveHub(args, line => opens && openLink(line, data))
  },
}

async function serveHub(args: string[], onFirstLine: (line: string) => void): Promise<number> {
  const child = spawn(process.execPath, [programPath('hub/main'), ...args], {
    env: foregroundEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = new Lines()
  let first = true
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk)
    const [line] = first ? lines.push(chunk) : []
    if (!line) return
    first = false
    onFirstLine(line.toString())
  })
  let asked = false
  const end = () => {
    if (asked) return
    asked = true
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), END_DEADLINE_MS).unref()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  // npm does not pass signals on: whoever lost its parent ends.
  const parent = process.ppid
  const watch = setInterval(() => process.ppid !== parent && end(), PARENT_CHECK_MS)
  process.stdout.on('error', () => {})
  const code = await new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject))
  clearInterval(watch)
  return asked ? 0 : (code ?? 1)
}

function openLink(line: string, data: string): void {
  try {
    const { web } = ReadyLine.parse(JSON.parse(line))
    if (!web) return
    setTimeout(() => removeRedirect(data), LINK_MS).unref()
    if (!openInBrowser(web, data))
      process.stderr.write('gatehouse: there is no browser to open here. Open the link above yourself.\n')
  } catch {
    // Whatever it was, it was passed on already.
  }
}
