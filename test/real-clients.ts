// `npm run test:clients`: real AI clients from npm, in a throw-away home and offline, on what we wrote into their files.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { runCli } from '../cli/testing/run-cli.ts'
import { serve } from '../cli/testing/serve.ts'

const run = promisify(execFile)

interface RealClient {
  id: string
  package: string
  command: string
  /** Its own way to say which servers it has. */
  list: string[]
  /** What it prints of us; `connects`: it starts us to find out. */
  shows: RegExp
  connects: boolean
  /** Files it would have made at its first start. */
  files?: Record<string, string>
}

const CLIENTS: readonly RealClient[] = [
  {
    id: 'claude-code',
    package: '@anthropic-ai/claude-code',
    command: 'claude',
    list: ['mcp', 'list'],
    shows: /gatehouse: .*Connected/,
    connects: true,
    files: { '.claude/.keep': '' },
  },
  {
    id: 'codex',
    package: '@openai/codex',
    command: 'codex',
    list: ['mcp', 'list'],
    shows: /gatehouse\s.*enabled/,
    connects: false,
    files: { '.codex/config.toml': '# mine\nmodel = "gpt-5"\n' },
  },
  {
    id: 'gemini-cli',
    package: '@google/gemini-cli',
    command: 'gemini',
    list: ['mcp', 'list'],
    shows: /gatehouse: .*Connected/,
    connects: true,
    files: {
      '.gemini/settings.json': '{\n  // mine\n  "ui": { "theme": "Default" }\n}\n',
      '.gemini/trustedFolders.json': '{ "HOME": "TRUST_FOLDER" }',
    },
  },
  {
    id: 'opencode',
    package: 'opencode-ai',
    command: 'opencode',
    list: ['mcp', 'list'],
    shows: /gatehouse\s.*connected/,
    connects: true,
    files: { '.config/opencode/opencode.jsonc': '{\n  // mine\n  "$schema": "https://opencode.ai/config.json",\n}\n' },
  },
]

const words = process.argv.slice(2)
const wanted = CLIENTS.filter(({ id }) => words.length === 0 || words.includes(id))
const prefix = mkdtempSync(join(tmpdir(), 'gh-clients-'))
let failed = 0
try {
  process.stdout.write(`Installing ${wanted.map(one => one.package).join(', ')} …\n`)
  writeFileSync(join(prefix, 'package.json'), '{ "private": true }')
  const names = wanted.map(one => `${one.package}@latest`)
  // Their own install scripts only put the right binary into place.
  await run('npm', ['install', '--no-audit', '--no-fund', ...names], { cwd: prefix, timeout: 600_000 })
  for (const client of wanted) {
    const problem = await tryOne(client).catch((error: Error) => error.message)
    if (problem) failed++
    const fine = client.connects ? 'shows us, connected' : 'shows us (it connects to none for its list)'
    process.stdout.write(`${problem ? '✗' : '✓'} ${client.id}: ${problem ?? fine}\n`)
  }
} finally {
  rmSync(prefix, { recursive: true, force: true, maxRetries: 5 })
}
process.exit(failed > 0 ? 1 : 0)

/** Null when it is as it must be: connected it shows us, disconnected no longer. */
async function tryOne(client: RealClient): Promise<string | null> {
  const home = mkdtempSync(join(tmpdir(), 'gh-home-'))
  const data = join(home, '.local', 'share', 'gatehouse')
  const bin = join(prefix, 'node_modules', '.bin')
  const env: NodeJS.ProcessEnv = {
    PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: home,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    // Nothing of this may need a network.
    HTTP_PROXY: 'http://127.0.0.1:9',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1,localhost',
  }
  for (const [path, text] of Object.entries(client.files ?? {})) {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), text.replaceAll('HOME', home))
  }
  const ours: NodeJS.ProcessEnv = { ...env, XDG_CONFIG_HOME: '', XDG_DATA_HOME: '', DISPLAY: '', WAYLAND_DISPLAY: '' }
  const hub = await serve(data, [], ours)
  const clients = (...line: string[]) => runCli(['--data', data, 'clients', ...line], { env: ours })
  const list = async () => {
    const options = { cwd: home, env, timeout: 120_000 }
    const { stdout, stderr } = await run(join(bin, client.command), client.list, options)
    // Colours, and the lines it wraps.
    return `${stdout}\n${stderr}`.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
  }
  try {
    const connected = await clients('connect', client.id, '--yes')
    if (connected.code !== 0) return `was not connected: ${connected.err}`
    const shown = await list()
    if (!client.shows.test(shown)) return `does not show us as it should:\n${shown}`
    if (client.connects) {
      const { out } = await clients('list', '--json')
      const { status } = (JSON.parse(out) as { id: string; status: string }[]).find(one => one.id === client.id) ?? {}
      if (status !== 'connected' && status !== 'written') return `linked to us, and we say ${status}`
    }
    const gone = await clients('disconnect', client.id, '--yes')
    if (gone.code !== 0) return `was not disconnected: ${gone.err}`
    const after = await list()
    return after.includes('gatehouse') ? `still shows us after disconnect:\n${after}` : null
  } finally {
    await hub.end()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
}
