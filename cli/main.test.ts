// Every command without a hub: what it says, on which stream, and its exit code.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { Preview } from '../contract/clients.ts'
import { ClientLine, Finding, ServerLine } from '../contract/command-line.ts'
import { COMMANDS } from './commands.ts'
import { readArgv } from './read-argv.ts'
import { main } from './run.ts'
import { type Ran, runCli } from './testing/run-cli.ts'

const root = mkdtempSync(join(tmpdir(), 'gh-cli-'))
const home = join(root, 'home')
const data = join(root, 'data')
const nowhere = join(root, 'nowhere')
const env = { HOME: home, XDG_CONFIG_HOME: join(home, '.config') }
const run = (line: string[], input?: string) => runCli(line, { env, ...(input === undefined ? {} : { input }) })

/** The same in this process, for what needs no stdin: a table of processes would take minutes. */
async function runHere(line: string[]): Promise<Ran> {
  const said = { out: '', err: '' }
  for (const stream of ['out', 'err'] as const)
    vi.spyOn(process[`std${stream}`], 'write').mockImplementation(text => {
      said[stream] += text
      return true
    })
  const code = await main(line)
  vi.restoreAllMocks()
  return { code, ...said }
}
afterEach(() => vi.restoreAllMocks())

beforeAll(() => {
  mkdirSync(join(home, '.cursor'), { recursive: true })
  mkdirSync(data, { mode: 0o700 })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('wrong usage is 2, one line on stderr and nothing on stdout', () => {
  const cases: [string[], RegExp][] = [
    [['frob'], /^gatehouse: gatehouse frob is no command\. See gatehouse --help\.\n$/],
    [['servers'], /After servers comes one of: list, add, import/],
    [['servers', 'frob'], /gatehouse servers frob is no command/],
    [['help', 'frob'], /is no command/],
    [['status', '--frob'], /Unknown option '--frob'/],
    [['status', 'now'], /was given 1 arguments\. Usage: gatehouse status/],
    [['status', '--', 'x'], /was given 1 arguments/],
    [['call', 'files'], /Usage: gatehouse call SERVER TOOL/],
    [['call', 'files', 'list', '--args', '[1]'], /--args is not a JSON object/],
    [['call', 'files', 'list', '--args', '{'], /--args is not a JSON object/],
    [['policy', 'explain', 'files', 'list', '--args', '7'], /--args is not a JSON object/],
    [['servers', 'add', 'x'], /What command starts it\?/],
    [['servers', 'add', 'x', '--url', 'http://x', '--', 'node'], /takes no command/],
    [['servers', 'add', 'x', '--env', 'novalue', '--', 'node'], /--env novalue is not K=V/],
    [['servers', 'add', 'x', '--header', 'a=b', '--', 'node'], /--header is for a remote server/],
    [['servers', 'logs', 'x', '--last', '-1'], /--last/],
    [['clients', 'connect', 'cursor'], /no terminal to ask on.*--yes/],
    [['clients', 'preview', 'cursor', '--action', 'eat'], /connect, disconnect, undo or token/],
    [['secrets', 'set', 'my secret value!'], /^gatehouse: That is not a name for a secret\.(?!.*my secret value)/],
    [['audit', 'list', '--kind', 'frob'], /--kind is wrong/],
    [['audit', 'list', '--limit', '0'], /--limit is wrong/],
    [['audit', 'list', '--since', 'yesterdayish'], /is no time/],
    [['audit', 'export'], /--format is needed/],
    [['serve', '--port', '99999'], /--port 99999 is no port/],
    [['status', '--timeout', '0'], /--timeout takes seconds/],
  ]
  test.each(cases)('%j', async (line, message) => {
    const { code, out, err } = await runHere(['--data', nowhere, ...line])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(message)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })
})

const READ_STDIN = new Set(['servers import -', 'secrets set X'])

describe('without a hub a command that needs one fails with 1, says what to do, and makes no data folder', () => {
  const cases = [
    ['status'],
    ['stop'],
    ['servers', 'add', 'x', '--', 'node', 'x.js'],
    ['servers', 'import', '-'],
    ['servers', 'remove', 'x'],
    ['servers', 'start', 'x'],
    ['servers', 'stop', 'x'],
    ['servers', 'restart', 'x'],
    ['servers', 'logs', 'x'],
    ['tools'],
    ['approvals', 'list'],
    ['policy', 'list'],
    ['policy', 'explain', 'a', 'b'],
    ['policy', 'explain', '--row', '3'],
    ['policy', 'add', 'deny'],
    ['policy', 'read-only', 'on'],
    ['clients', 'connect', 'cursor', '--yes'],
    ['clients', 'disconnect', 'cursor', '--yes'],
    ['clients', 'undo', 'cursor', '--yes'],
    ['clients', 'replace-token', 'cursor', '--yes'],
    ['secrets', 'list'],
    ['secrets', 'set', 'X'],
    ['secrets', 'remove', 'X'],
    ['vault', 'status'],
    ['audit', 'list'],
  ]
  test.each(cases)('%s %s', async (...line) => {
    const words = line.filter(word => word !== undefined)
    const argv = ['--data', nowhere, ...words]
    const { code, out, err } = await (READ_STDIN.has(words.join(' ')) ? run(argv, 'input\n') : runHere(argv))
    expect({ code, out, err: err.replace(nowhere, 'DIR') }).toEqual({
      code: 1,
      out: '',
      err: 'gatehouse: No hub is running on DIR. Start one with `gatehouse serve`.\n',
    })
    expect(existsSync(nowhere)).toBe(false)
  })
})

test('status --json says so, too', async () => {
  const { code, out } = await run(['status', '--json', '--data', nowhere])
  expect({ code, out: JSON.parse(out) }).toEqual({ code: 1, out: { running: false, dataFolder: nowhere } })
})

test('help: of all, of a group, of one; the version; every command has its line', async () => {
  const all = await run(['--help'])
  expect(all.code).toBe(0)
  for (const { name, summary } of COMMANDS) expect(all.out).toMatch(new RegExp(`  ${name} +${summary.slice(0, 10)}`))
  expect((await run([])).out).toBe(all.out)
  const group = await run(['servers', '--help'])
  expect(group.out).toContain('servers logs')
  expect(group.out).not.toContain('audit')
  expect((await run(['help', 'servers', 'add'])).out).toContain('--header K=V')
  expect((await run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('options stand anywhere, and what follows -- is the server’s own', async () => {
  const read = await readArgv([
    '--data',
    '/d',
    'servers',
    'add',
    '--env',
    'A=b',
    'x',
    '--',
    'cmd',
    '--json',
    '--',
    '-h',
  ])
  expect(read).toMatchObject({
    kind: 'run',
    name: 'servers add',
    args: ['x'],
    rest: ['cmd', '--json', '--', '-h'],
    values: { env: ['A=b'] },
    common: { data: '/d', json: false },
  })
})

test('servers list reads the files', async () => {
  const folder = join(data, 'a')
  mkdirSync(folder)
  writeFileSync(join(folder, 'config.json'), '{ /* mine */ "mcpServers": { "files": { "command": "node" } } }')
  const { code, out } = await run(['servers', 'list', '--json', '--data', folder])
  expect(code).toBe(0)
  expect(z.array(ServerLine).parse(JSON.parse(out))).toMatchObject([{ name: 'files', state: 'stopped', tools: 0 }])
  expect(readdirSync(folder)).toEqual(['config.json'])
  writeFileSync(join(folder, 'config.json'), '{ "mcpServers": { \n "files": } }')
  expect(await run(['servers', 'list', '--data', folder])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/line 2, column/),
  })
})

test('clients list and preview work without a hub and write nothing', async () => {
  const list = await run(['clients', 'list', '--json', '--data', nowhere])
  expect(list.code).toBe(0)
  const clients = z.array(ClientLine).parse(JSON.parse(list.out))
  expect(clients.find(client => client.id === 'cursor')).toEqual({
    id: 'cursor',
    name: 'Cursor',
    status: 'found',
    direct: [],
    asks: null,
    keep: false,
    evidence: `Found: ${join(home, '.cursor')}`,
    path: join(home, '.cursor', 'mcp.json'),
  })
  const preview = await run(['clients', 'preview', 'cursor', '--json', '--data', nowhere])
  expect(Preview.parse(JSON.parse(preview.out)).diff).toContain('+')
  expect(existsSync(join(home, '.cursor', 'mcp.json'))).toBe(false)
  expect(existsSync(nowhere)).toBe(false)
  expect(await run(['clients', 'preview', 'frob', '--data', nowhere])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/frob.*cursor/),
  })
})

test('doctor finds out without a hub', async () => {
  const { code, out } = await run(['doctor', '--json', '--data', nowhere])
  expect(code).toBe(0)
  const findings = z.array(Finding).parse(JSON.parse(out))
  expect(findings.map(one => one.id)).toEqual(
    expect.arrayContaining(['node', 'path', 'keychain', 'display', 'clients', 'data-folder']),
  )
  expect(findings.find(one => one.id === 'node')?.level).toBe('ok')
  expect(existsSync(nowhere)).toBe(false)
})

test('doctor says which servers cannot start, why, and what to do', async () => {
  const folder = join(data, 'doctored')
  mkdirSync(folder)
  const mcpServers = {
    gone: { command: join(folder, 'no-such-program') },
    missing: { command: 'uvx-of-nobody' },
    adrift: { command: process.execPath, cwd: join(folder, 'nowhere') },
    off: { command: 'nothing', enabled: false },
    fine: { command: process.execPath },
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ mcpServers }))
  const { out } = await run(['doctor', '--json', '--data', folder])
  const about = (text: string) =>
    z
      .array(Finding)
      .parse(JSON.parse(text))
      .filter(one => /^(server|config)/.test(one.id))
  expect(about(out)).toEqual([
    {
      id: 'server gone',
      level: 'warn',
      what: `gone cannot start: ${join(folder, 'no-such-program')} was not found.`,
      fix: expect.stringContaining('There is no file'),
    },
    {
      id: 'server missing',
      level: 'warn',
      what: 'missing cannot start: uvx-of-nobody was not found.',
      fix: expect.stringContaining('PATH of your login shell'),
    },
    {
      id: 'server adrift',
      level: 'warn',
      what: `adrift cannot start: its folder ${join(folder, 'nowhere')} does not exist.`,
      fix: expect.stringContaining('Create the folder'),
    },
  ])
  writeFileSync(join(folder, 'config.json'), '{\n  "mcpServers": {,}\n}')
  const broken = await run(['doctor', '--json', '--data', folder])
  expect(about(broken.out)).toEqual([
    expect.objectContaining({ id: 'config', what: expect.stringContaining('line 2') }),
  ])
})

test('doctor fails when Gatehouse cannot run', async () => {
  writeFileSync(join(root, 'file'), '')
  const { code, err } = await run(['doctor', '--data', join(root, 'file', 'x')])
  expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^gatehouse: Gatehouse cannot run here: .*\n$/) })
})

test('audit verify, head and export need no hub', async () => {
  expect(await run(['audit', 'verify', '--data', nowhere])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/There is no data folder/),
  })
  const folder = join(data, 'b')
  mkdirSync(folder)
  const none = await run(['audit', 'verify', '--json', '--data', folder])
  expect({ code: none.code, found: JSON.parse(none.out) }).toMatchObject({
    code: 0,
    found: { rows: 0, intact: true, anchored: false },
  })
  expect(await run(['audit', 'export', '--format', 'csv', '--data', folder])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/no audit.db/),
  })
  writeFileSync(join(folder, 'audit.db'), 'nonsense'.repeat(1000))
  const broken = await run(['audit', 'verify', '--json', '--data', folder])
  expect({ code: broken.code, found: JSON.parse(broken.out) }).toMatchObject({
    code: 1,
    found: { intact: false, problems: [{ kind: 'unreadable' }] },
  })
  expect(broken.err).toMatch(/^gatehouse: The audit log is broken: unreadable\..*\n$/)
  cpSync(folder, `${folder}-copy`, { recursive: true })
})
