import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { afterEach, expect, test } from 'vitest'
import type { AuditEvent } from '../../contract/audit.ts'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Clients } from './clients.ts'

const START = { command: '/opt/node/bin/node', args: ['/opt/gatehouse/cli/main.ts'] }
const FOREIGN = 'sk-live-4f9aB7c2Qx81LmZ0pRtY'
// Hand-written: two kinds of indentation, a one-line entry, no final newline, Windows line ends in the middle.
const ODD = `{\r\n   "globalShortcut" : "Ctrl+Space",\r\n   "mcpServers":{ "obsidian": {"command":"/opt/x","env":{"API_KEY":"${FOREIGN}"}},\r\n\r\n      "fetch" :   { "command":"uvx", "args":["mcp-server-fetch","--api-key","hunter2"] }\r\n   },   "n": 1.0 }`

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

function machine() {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-clients-'))
  closers.push(() => rmSync(home, { recursive: true, force: true }))
  const folder = join(home, 'data')
  mkdirSync(folder, { mode: 0o700 })
  const desktop = join(home, '.config/Claude/claude_desktop_config.json')
  const code = join(home, '.claude.json')
  mkdirSync(dirname(desktop), { recursive: true })
  const rows: AuditEvent[] = []
  const key = randomBytes(32)
  const announcer = new Announcer()
  const db = openState(folder)
  closers.push(() => db.close())
  const open = (over: Partial<ConstructorParameters<typeof Clients>[0]> = {}) => {
    const clients = new Clients({
      folder: { path: folder },
      db,
      key: () => key,
      audit: { append: async event => void rows.push(event) },
      announcer,
      entry: START,
      home,
      env: {},
      platform: 'linux',
      ...over,
    })
    closers.push(() => clients.close())
    return clients
  }
  return { home, folder, desktop, code, rows, announcer, open, db }
}

const statusOf = async (clients: Clients, id = 'claude-desktop') =>
  (await clients.list([])).find(each => each.id === id)!
const entryOf = (path: string, key = 'mcpServers') => JSON.parse(readFileSync(path, 'utf8'))[key].gatehouse

test('an oddly laid out file gets our entry alone, and undo gives the same bytes back', async () => {
  const { desktop, open, rows } = machine()
  writeFileSync(desktop, ODD, { mode: 0o640 })
  const clients = open()
  const preview = await clients.preview('claude-desktop', 'connect')
  const written = await clients.connect('claude-desktop', preview.before)
  const after = readFileSync(desktop, 'utf8')
  const { gatehouse, ...others } = JSON.parse(after).mcpServers
  expect(others).toEqual(JSON.parse(ODD).mcpServers)
  expect(gatehouse).toEqual({
    command: START.command,
    args: [...START.args, 'connect', '--client', 'claude-desktop', '--data', expect.any(String)],
    env: { GATEHOUSE_TOKEN: expect.stringMatching(/^gh_[\w-]{43}$/) },
  })
  const start = after.indexOf('"gatehouse"')
  expect(ODD.startsWith(after.slice(0, start).trimEnd().slice(0, -1))).toBe(true)
  expect(statSync(desktop).mode & 0o777).toBe(0o640)
  expect(clients.clientOf(gatehouse.env.GATEHOUSE_TOKEN)).toBe('claude-desktop')
  expect(written.backup && readFileSync(written.backup).includes(FOREIGN)).toBe(false)
  await clients.undo('claude-desktop')
  expect(readFileSync(desktop, 'utf8')).toBe(ODD)
  expect(clients.clientOf(gatehouse.env.GATEHOUSE_TOKEN)).toBeNull()
  expect(statSync(desktop).mode & 0o777).toBe(0o640)
  expect(rows.map(row => `${row.what} ${row.outcome ?? ''}`.trim())).toEqual([
    'client/writing-connect',
    'client/connect ok',
    'client/writing-undo',
    'client/undo ok',
  ])
  expect(await statusOf(clients)).toMatchObject({ status: 'found', canUndo: false })
})

test('the preview writes nothing and shows no value that is somebody else’s, nor our token', async () => {
  const { desktop, open } = machine()
  writeFileSync(desktop, ODD)
  const clients = open()
  const preview = await clients.preview('claude-desktop', 'connect')
  expect(readFileSync(desktop, 'utf8')).toBe(ODD)
  const shown = JSON.stringify(preview)
  for (const secret of [FOREIGN, 'hunter2', 'gh_0']) expect(shown).not.toContain(secret)
  expect(preview.diff).toContain('+      "gatehouse": {')
  expect(preview.afterText).toContain('"GATEHOUSE_TOKEN": "•••"')
  expect(preview.summary).toMatch(/^\d lines and a comma are added\. Everything else stays as it is, byte for byte\./)
  await clients.connect('claude-desktop')
  for (const action of ['connect', 'disconnect', 'undo'] as const)
    expect(JSON.stringify(await clients.preview('claude-desktop', action))).not.toMatch(/gh_[\w-]{43}|sk-live|hunter2/)
})

test.each([
  [
    'a missing comma',
    '{\n  "mcpServers": {\n    "a": {}\n    "b": {}\n  }\n}',
    'Line 4, column 5: a comma is missing.',
  ],
  [
    'a comment',
    '{\n  // mine\n  "mcpServers": {}\n}',
    'Line 2, column 3: this is a comment, and Claude Desktop reads none.',
  ],
  ['a trailing comma', '{\n  "mcpServers": {},\n}', 'Line 3, column 1: there is a comma too many before this.'],
  ['a name that is there twice', '{"mcpServers":{"a":{},"a":{}}}', 'Line 1, column 23: "a" is there twice.'],
  ['a second mcpServers', '{"mcpServers":{},\n"mcpServers":{}}', 'Line 2, column 1: "mcpServers" is there twice.'],
  ['no object', '[]', 'Line 1, column 1: an object in { } is missing.'],
  ['half a file', '{"mcpServers":{"a":', 'Line 1, column 20: a value is missing.'],
])('a file with %s is not touched, and the words say where', async (_, text, what) => {
  const { desktop, open } = machine()
  writeFileSync(desktop, text)
  const inode = statSync(desktop).ino
  const clients = open()
  expect(await statusOf(clients)).toMatchObject({ status: 'unreadable', problem: { what, line: expect.any(Number) } })
  await expect(clients.connect('claude-desktop')).rejects.toMatchObject({
    code: 'clients/unreadable',
    message: expect.stringContaining(what),
  })
  await expect(clients.preview('claude-desktop', 'connect')).rejects.toMatchObject({ code: 'clients/unreadable' })
  expect(readFileSync(desktop, 'utf8')).toBe(text)
  expect(statSync(desktop).ino).toBe(inode)
})

test.each([
  ['UTF-16', Buffer.from('\ufeff{}', 'utf16le'), 'clients/unreadable'],
  ['a list instead of a map', Buffer.from('{"mcpServers":[]}'), 'clients/barred'],
  ['a nesting without end', Buffer.from('['.repeat(200_000)), 'clients/unreadable'],
])('a file with %s is not touched', async (_, bytes, code) => {
  const { desktop, open } = machine()
  writeFileSync(desktop, bytes)
  await expect(open().connect('claude-desktop')).rejects.toMatchObject({ code })
  expect(readFileSync(desktop).equals(bytes)).toBe(true)
})

test('a byte order mark goes where the client would fail on it, is said, and comes back with undo', async () => {
  const { desktop, code, open } = machine()
  for (const path of [desktop, code]) writeFileSync(path, '\ufeff{"mcpServers":{}}')
  const clients = open()
  expect((await clients.preview('claude-desktop', 'connect')).warnings.join()).toContain('byte order mark')
  await clients.connect('claude-desktop')
  await clients.connect('claude-code')
  expect([desktop, code].map(path => readFileSync(path)[0])).toEqual([0x7b, 0xef])
  await clients.undo('claude-desktop')
  expect(readFileSync(desktop, 'utf8')).toBe('\ufeff{"mcpServers":{}}')
})

test('a file that was not there is made for its user alone, and undo takes it and its folders away', async () => {
  const { home, open } = machine()
  const mcp = join(home, '.cursor/mcp.json')
  const clients = open({ env: { PATH: join(home, 'bin') } })
  await expect(clients.connect('cursor')).rejects.toMatchObject({ code: 'clients/not-installed' })
  mkdirSync(join(home, 'bin'))
  writeFileSync(join(home, 'bin/cursor'), '#!/bin/sh\n', { mode: 0o755 })
  await clients.connect('cursor')
  expect(statSync(mcp).mode & 0o777).toBe(0o600)
  expect(entryOf(mcp).command).toBe(START.command)
  await clients.undo('cursor')
  expect(existsSync(join(home, '.cursor'))).toBe(false)
})

test('Claude Code’s own state file is not made before Claude Code made it', async () => {
  const { home, open } = machine()
  mkdirSync(join(home, '.local/bin'), { recursive: true })
  writeFileSync(join(home, '.local/bin/claude'), '', { mode: 0o755 })
  await expect(open().connect('claude-code')).rejects.toMatchObject({ code: 'clients/not-started' })
})

test('VS Code gets its own key and type, and keeps comments, trailing commas and tabs', async () => {
  const { home, open } = machine()
  const path = join(home, '.config/Code/User/mcp.json')
  mkdirSync(dirname(path), { recursive: true })
  const before = '// mine\n{\n\t"servers": {\n\t\t"a": { "command": "x" }, // first\n\t},\n}\n'
  writeFileSync(path, before)
  const clients = open()
  await clients.connect('vscode')
  expect(readFileSync(path, 'utf8')).toContain('// first\n\t\t"gatehouse": {\n\t\t\t"type": "stdio",')
  await clients.disconnect('vscode')
  expect(readFileSync(path, 'utf8')).toBe(before)
})

test('a link is written through, and stays a link', async () => {
  const { home, desktop, open } = machine()
  const real = join(home, 'dotfiles.json')
  writeFileSync(real, ODD)
  symlinkSync(real, desktop)
  const clients = open()
  expect((await clients.preview('claude-desktop', 'connect')).warnings).toEqual([
    `The file is a link: ${real} is what is written.`,
  ])
  await clients.connect('claude-desktop')
  expect(lstatSync(desktop).isSymbolicLink()).toBe(true)
  expect(JSON.parse(readFileSync(real, 'utf8')).mcpServers.gatehouse).toBeTruthy()
  await clients.undo('claude-desktop')
  expect(readFileSync(real, 'utf8')).toBe(ODD)
  rmSync(real)
  await expect(clients.connect('claude-desktop')).rejects.toMatchObject({ code: 'clients/dangling' })
})

test('a file that changed since the preview is not written', async () => {
  const { desktop, open } = machine()
  writeFileSync(desktop, ODD)
  const clients = open()
  const { before } = await clients.preview('claude-desktop', 'connect')
  writeFileSync(desktop, '{}')
  await expect(clients.connect('claude-desktop', before)).rejects.toMatchObject({ code: 'clients/changed-meanwhile' })
  expect(readFileSync(desktop, 'utf8')).toBe('{}')
})

test('a file that changes between reading and renaming is not overwritten, and nothing is left behind', async () => {
  const { desktop, folder, open } = machine()
  writeFileSync(desktop, ODD)
  const clients = open({ audit: { append: async () => writeFileSync(desktop, '{"mine":1}') } })
  await expect(clients.connect('claude-desktop')).rejects.toMatchObject({ code: 'clients/changed-meanwhile' })
  expect(readFileSync(desktop, 'utf8')).toBe('{"mine":1}')
  expect(readdirSync(dirname(desktop))).toEqual(['claude_desktop_config.json'])
  expect(readdirSync(join(folder, 'backups'))).toEqual([])
})

test('nothing is written when it cannot be recorded', async () => {
  const { desktop, open } = machine()
  writeFileSync(desktop, ODD)
  const clients = open({ audit: { append: async () => Promise.reject(new Error('disk full')) } })
  await expect(clients.connect('claude-desktop')).rejects.toThrow('disk full')
  expect(readFileSync(desktop, 'utf8')).toBe(ODD)
})

test('undo after somebody else wrote takes out our entry alone', async () => {
  const { desktop, open } = machine()
  writeFileSync(desktop, '{\n  "theme": "dark"\n}\n')
  const clients = open()
  await clients.connect('claude-desktop')
  const grown = readFileSync(desktop, 'utf8').replace('"dark"', '"light"')
  writeFileSync(desktop, grown)
  expect((await clients.preview('claude-desktop', 'undo')).warnings[0]).toContain('changed the file since')
  await clients.undo('claude-desktop')
  expect(readFileSync(desktop, 'utf8')).toBe('{\n  "theme": "light"\n}\n')
})

test('undo goes back over replaced tokens, and a disconnect can be undone with its token', async () => {
  const { desktop, open } = machine()
  writeFileSync(desktop, ODD)
  const clients = open()
  await clients.connect('claude-desktop')
  const first = entryOf(desktop).env.GATEHOUSE_TOKEN
  await clients.connect('claude-desktop')
  expect(entryOf(desktop).env.GATEHOUSE_TOKEN).toBe(first)
  await clients.replaceToken('claude-desktop')
  const second = entryOf(desktop).env.GATEHOUSE_TOKEN
  expect([first, second].map(token => clients.clientOf(token))).toEqual([null, 'claude-desktop'])
  await clients.disconnect('claude-desktop')
  expect(readFileSync(desktop, 'utf8')).toBe(ODD)
  expect(clients.clientOf(second)).toBeNull()
  await clients.undo('claude-desktop')
  expect(clients.clientOf(second)).toBe('claude-desktop')
  expect((await statusOf(clients)).status).toBe('waiting')
  await clients.undo('claude-desktop')
  expect(readFileSync(desktop, 'utf8')).toBe(ODD)
  await expect(clients.undo('claude-desktop')).rejects.toMatchObject({ code: 'clients/nothing-to-undo' })
})

test('without a key the copy lies beside the file with its mode, and goes with undo', async () => {
  const { desktop, open } = machine()
  writeFileSync(desktop, ODD)
  chmodSync(desktop, 0o600)
  const clients = open({ key: () => null })
  const { backup } = await clients.connect('claude-desktop')
  expect(backup).toMatch(/claude_desktop_config\.json\.gatehouse-backup-/)
  expect([readFileSync(backup!, 'utf8'), statSync(backup!).mode & 0o777]).toEqual([ODD, 0o600])
  await clients.undo('claude-desktop')
  expect(readdirSync(dirname(desktop))).toEqual(['claude_desktop_config.json'])
})

test('the status is honest: written, connected, drifted, dropped, and put back', async () => {
  const { desktop, open, announcer, rows } = machine()
  writeFileSync(desktop, ODD)
  const clients = open()
  await clients.connect('claude-desktop')
  expect((await statusOf(clients)).status).toBe('waiting')
  const link = {
    id: 'l',
    place: 'claude-desktop',
    client: 'claude-desktop',
    title: '',
    says: null,
    since: 1,
    protocolVersion: null,
    calls: 1,
    lastCallAt: Date.now(),
  }
  const connected = (await clients.list([link, { ...link, id: 'm', lastCallAt: null }])).find(
    each => each.id === 'claude-desktop',
  )
  expect(connected).toMatchObject({
    status: 'connected',
    links: 2,
    evidence: expect.stringMatching(/^2 links, last call \d\d:\d\d\.$/),
  })
  const changed = once(announcer, 'clients/changed')
  writeFileSync(desktop, readFileSync(desktop, 'utf8').replace('--client', '--klient'))
  await changed
  expect((await statusOf(clients)).status).toBe('drifted')
  // As apps do it: a new file renamed over the old one.
  const dropped = once(announcer, 'clients/changed')
  writeFileSync(`${desktop}.new`, '{"mcpServers":{}}')
  renameSync(`${desktop}.new`, desktop)
  await dropped
  await clients.guarding.settled()
  expect((await statusOf(clients)).status).toBe('dropped')
  expect(rows.map(row => row.what).filter(what => what.includes('entry-'))).toEqual([
    'client/entry-drifted',
    'client/entry-dropped',
  ])
  await clients.connect('claude-desktop')
  expect((await statusOf(clients)).status).toBe('waiting')
})

test('an entry of our name that we did not write is said, and undo brings it back', async () => {
  const { desktop, open } = machine()
  const before = '{"mcpServers":{"gatehouse":{"command":"mine"}}}'
  writeFileSync(desktop, before)
  const clients = open()
  expect((await statusOf(clients)).evidence).toContain('did not write')
  await clients.connect('claude-desktop')
  await clients.undo('claude-desktop')
  expect(readFileSync(desktop, 'utf8')).toBe(before)
})

test('Claude Code’s lock is waited for, and held while we write', async () => {
  const { home, code, open } = machine()
  mkdirSync(join(home, '.claude'))
  writeFileSync(code, '{"numStartups":1}')
  const unlock = await lockfile.lock(code, { lockfilePath: `${code}.lock`, realpath: false })
  const seen: boolean[] = []
  const clients = open({ audit: { append: async () => void seen.push(existsSync(`${code}.lock`)) } })
  const connected = clients.connect('claude-code')
  await sleep(400)
  expect(JSON.parse(readFileSync(code, 'utf8'))).toEqual({ numStartups: 1 })
  writeFileSync(code, '{"numStartups":2}')
  await unlock()
  await connected
  expect(JSON.parse(readFileSync(code, 'utf8'))).toMatchObject({
    numStartups: 2,
    mcpServers: { gatehouse: { type: 'stdio' } },
  })
  expect([seen[0], existsSync(`${code}.lock`)]).toEqual([true, false])
})

test('files lie where the environment says', async () => {
  const { home, open } = machine()
  const env = {
    CLAUDE_CONFIG_DIR: join(home, 'cc'),
    XDG_CONFIG_HOME: join(home, 'xdg'),
    VSCODE_PORTABLE: join(home, 'vs'),
  }
  mkdirSync(env.CLAUDE_CONFIG_DIR)
  const shown = ['claude-desktop', 'claude-code', 'cursor', 'vscode']
  const paths = (await open({ env }).list([])).flatMap(({ id, path }) => (shown.includes(id) ? [path] : []))
  expect(paths).toEqual([
    join(home, 'xdg/Claude/claude_desktop_config.json'),
    join(home, 'cc/.claude.json'),
    join(home, '.cursor/mcp.json'),
    join(home, 'vs/user-data/User/mcp.json'),
  ])
})

test('on Windows the package’s own copy is the one that counts', async () => {
  const { home, open } = machine()
  const local = join(home, 'AppData/Local')
  const path = async () => (await statusOf(open({ platform: 'win32' }))).path
  expect(await path()).toBe(join(home, 'AppData/Roaming/Claude/claude_desktop_config.json'))
  const inPackage = (name: string) =>
    join(local, 'Packages', name, 'LocalCache/Roaming/Claude/claude_desktop_config.json')
  mkdirSync(join(local, 'Packages/Claude_aaa'), { recursive: true })
  expect(await path()).toBe(inPackage('Claude_aaa'))
  mkdirSync(dirname(inPackage('Claude_bbb')), { recursive: true })
  writeFileSync(inPackage('Claude_bbb'), '{}')
  expect(await path()).toBe(inPackage('Claude_bbb'))
})

test('a running Claude Desktop is warned of', async () => {
  const { desktop, home, open } = machine()
  writeFileSync(desktop, ODD)
  const child = spawn('sleep', ['20'], { argv0: '/usr/bin/claude-desktop', env: { HOME: home } })
  closers.push(() => child.kill('SIGKILL'))
  await once(child, 'spawn')
  await expect
    .poll(async () => (await open().preview('claude-desktop', 'connect')).warnings)
    .toEqual(['Claude Desktop is running and would overwrite this. Quit it first, then write.'])
})

// Root may do everything, so it puts that down for a moment.
test.skipIf(process.platform === 'win32')(
  'files we may not read or write have words of their own (not on Windows)',
  async () => {
    const { home, desktop, code, open } = machine()
    const isRoot = process.getuid!() === 0
    const clients = open()
    writeFileSync(desktop, ODD, { mode: isRoot ? 0o600 : 0 })
    writeFileSync(code, '{}', { mode: 0o644 })
    chmodSync(home, isRoot ? 0o755 : 0o555)
    if (isRoot) process.seteuid!(65534)
    try {
      const why = `${desktop}: you have no right to.`
      expect(await statusOf(clients)).toMatchObject({
        status: 'no-permission',
        problem: { what: `Cannot read ${why}` },
      })
      await expect(clients.connect('claude-desktop')).rejects.toMatchObject({ code: 'clients/no-permission' })
      await expect(clients.connect('claude-code')).rejects.toMatchObject({ code: 'clients/no-permission' })
      expect(readFileSync(code, 'utf8')).toBe('{}')
    } finally {
      if (isRoot) process.seteuid!(0)
      chmodSync(home, 0o700)
    }
  },
)
