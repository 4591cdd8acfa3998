// Files as they are found on a bad day: nothing of them is lost, and what is said about them can be understood.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  linkSync,
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
import { afterEach, expect, test, vi } from 'vitest'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Clients } from './clients.ts'
import { known } from './known.ts'
import { managedFile } from './special.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
  vi.unstubAllEnvs()
})

const DESKTOP = '.config/Claude/claude_desktop_config.json'
const key = randomBytes(32)

/** A home with one client's file in it. */
function machine(file: string, content: string | Buffer | null = null) {
  const base = mkdtempSync(join(tmpdir(), 'gatehouse-odd-'))
  closers.push(() => rmSync(base, { recursive: true, force: true }))
  const home = join(base, 'home')
  const path = join(home, file)
  mkdirSync(dirname(path), { recursive: true })
  if (content !== null) writeFileSync(path, content)
  const data = join(home, '.local/share/gatehouse')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const db = openState(data)
  closers.push(() => db.close())
  const open = (at = home) => {
    vi.stubEnv('HOME', at)
    const clients = new Clients({
      folder: { path: join(at, '.local/share/gatehouse') },
      db,
      key: () => key,
      audit: { append: async () => {} },
      announcer: new Announcer(),
      entry: { command: '/n', args: ['/main.ts'] },
      home: at,
      env: {},
      platform: 'linux',
    })
    closers.push(() => clients.close())
    return clients
  }
  return { home, path, open }
}

const shown = async (clients: Clients, id: string) => (await clients.list([])).find(each => each.id === id)!

test.each([
  ['a link that leads to itself', null, 'leads in a circle'],
  [
    'a file of zeros, as a power cut leaves it',
    Buffer.alloc(2000),
    'Line 1, column 1: a character that cannot be seen stands here (U+0000)',
  ],
  [
    'a byte order mark in the middle',
    '{"mcpServers":{},\n \ufeff"a":1}',
    'Line 2, column 2: a character that cannot be seen stands here (U+FEFF)',
  ],
  ['two byte order marks', '\ufeff\ufeff{}', 'U+FEFF'],
  ['half a surrogate pair', Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]), 'not UTF-8'],
  [
    'servers twice, the second spelled with an escape',
    '{"mcpServers":{"a":{}},\n"mcpServer\\u0073":{"b":{}}}',
    'Line 2, column 1: "mcpServers" is there twice',
  ],
])('%s: left alone, and said in words', async (_, content, words) => {
  const { path, open } = machine(DESKTOP, content)
  if (content === null) symlinkSync(path, path)
  const clients = open()
  const before = content === null ? null : readFileSync(path)
  expect(await shown(clients, 'claude-desktop')).toMatchObject({
    status: 'unreadable',
    problem: { what: expect.stringContaining(words) },
  })
  await expect(clients.connect('claude-desktop')).rejects.toThrow(words)
  if (before) expect(readFileSync(path)).toEqual(before)
  expect(readdirSync(dirname(path))).toHaveLength(1)
})

test.each([
  [
    'names that are special to programs',
    '{"__proto__":{"a":1},"mcpServers":{"__proto__":{"command":"x"},"constructor":{"command":"y"},"toString":{}}}',
    2,
  ],
  ['half a surrogate pair, escaped', '{"mcpServers":{"\\ud800":{"command":"x","env":{"A":"\\udfff"}}}}', 1],
])('%s: our entry goes in and out, and the rest stays byte for byte', async (_, before, servers) => {
  const { path, open } = machine(DESKTOP, before)
  const clients = open()
  await clients.connect('claude-desktop')
  expect(readFileSync(path, 'utf8').startsWith(before.slice(0, -2))).toBe(true)
  expect((await shown(clients, 'claude-desktop')).own.servers).toBeGreaterThanOrEqual(servers)
  await clients.undo('claude-desktop')
  expect(readFileSync(path, 'utf8')).toBe(before)
  await expect(clients.undo('claude-desktop')).rejects.toThrow('left to undo')
})

test('among 4,000 servers our entry is shown alone, and goes out again byte for byte', async () => {
  const servers = Array.from({ length: 4_000 }, (_, i) => [
    `s${i}`,
    { command: 'npx', args: ['-y', `pkg-${i}`, 'x'.repeat(200)], env: { API_KEY: `k${i}` } },
  ])
  const before = JSON.stringify({ mcpServers: Object.fromEntries(servers) }, null, 2)
  const { path, open } = machine(DESKTOP, before)
  const clients = open()
  expect((await shown(clients, 'claude-desktop')).own).toEqual({ servers: 4_000, keys: ['API_KEY'] })
  const preview = await clients.preview('claude-desktop', 'connect')
  expect(preview.diff).toMatch(/^\+.*"gatehouse"/m)
  expect(preview.diff.length).toBeLessThan(2_000)
  await clients.connect('claude-desktop')
  await clients.undo('claude-desktop')
  expect(readFileSync(path, 'utf8') === before).toBe(true)
})

test('mode and owner stay; a second name of the file is warned of', async () => {
  const { path, open } = machine(DESKTOP, '{}')
  const isRoot = process.getuid!() === 0
  if (isRoot) chownSync(path, 65534, 65534)
  chmodSync(path, 0o640)
  const was = statSync(path)
  linkSync(path, `${path}-2`)
  const clients = open()
  expect((await clients.preview('claude-desktop', 'connect')).warnings.join()).toContain('second name')
  await clients.connect('claude-desktop')
  const { uid, gid, mode } = statSync(path)
  expect({ uid, gid, mode }).toEqual({ uid: was.uid, gid: was.gid, mode: was.mode })
  expect(readFileSync(`${path}-2`, 'utf8')).toBe('{}')
})

test('undone after the home folder was moved: our entry goes from where it is now', async () => {
  const { home, open } = machine(DESKTOP, '{ "theme": 1 }')
  const first = open()
  await first.connect('claude-desktop')
  first.close()
  const moved = `${home}-moved`
  renameSync(home, moved)
  const clients = open(moved)
  expect((await shown(clients, 'claude-desktop')).status).toBe('waiting')
  const preview = await clients.preview('claude-desktop', 'undo')
  expect([preview.path, preview.changes]).toEqual([join(moved, DESKTOP), true])
  await clients.undo('claude-desktop')
  expect(JSON.parse(readFileSync(join(moved, DESKTOP), 'utf8'))).toEqual({ theme: 1 })
})

test('opencode reads two files together: our entry may stay in the one it is in', async () => {
  const { path, open } = machine('.config/opencode/opencode.json', '{}')
  const clients = open()
  await clients.connect('opencode')
  writeFileSync(`${path}c`, '{ "mcp": {} }')
  expect(await shown(clients, 'opencode')).toMatchObject({ status: 'waiting', path })
  expect((await clients.preview('opencode', 'disconnect')).warnings.join()).toContain(`${path}c`)
  await clients.disconnect('opencode')
  expect([readFileSync(path, 'utf8'), readFileSync(`${path}c`, 'utf8')]).toEqual(['{}', '{ "mcp": {} }'])
})

test('what Claude Code keeps for single projects, what rules it, and other profiles of VS Code are said', async () => {
  const local = { projects: { '/p': { mcpServers: { a: { command: 'x' }, b: { command: 'y' } } }, '/q': {} } }
  const { home, open } = machine('.claude.json', JSON.stringify(local))
  mkdirSync(join(home, '.config/Code/User/profiles/a1'), { recursive: true })
  const clients = open()
  expect((await shown(clients, 'claude-code')).evidence).toBe(
    '0 servers of its own. 2 servers for single projects, which stay with it.',
  )
  expect((await clients.preview('vscode', 'connect')).warnings.join()).toContain('1 more profile')
  expect(managedFile(known('claude-code'), 'linux', () => true)).toBe('/etc/claude-code/managed-mcp.json')
  expect(managedFile(known('codex'), 'linux', () => true)).toBeNull()
})

test('connected once more there is nothing to write, and the preview says so', async () => {
  const { open } = machine(DESKTOP, '{}')
  const clients = open()
  await clients.connect('claude-desktop')
  expect(await clients.preview('claude-desktop', 'connect')).toMatchObject({ changes: false, diff: '' })
})

test('an entry that was switched off in the client is said to be so', async () => {
  const { path, open } = machine('.cline/data/settings/cline_mcp_settings.json', '{"mcpServers":{}}')
  const clients = open()
  await clients.connect('cline')
  const config = JSON.parse(readFileSync(path, 'utf8'))
  config.mcpServers.gatehouse.disabled = true
  writeFileSync(path, JSON.stringify(config))
  expect(await shown(clients, 'cline')).toMatchObject({
    status: 'drifted',
    evidence: expect.stringContaining('switched off'),
  })
})

test('a client that writes under its lock at the same moment loses none of its writes, nor we ours', async () => {
  const { home, path, open } = machine('.claude.json', '{"n":0}')
  mkdirSync(join(home, '.claude'))
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/counts-under-lock.ts'), path, '200'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  let isDone = false
  const ended = once(child, 'exit').then(() => {
    isDone = true
  })
  closers.push(() => child.kill('SIGKILL'))
  const clients = open()
  let ours = 0
  for (; !isDone; ours++) {
    const { sha256 } = await (ours % 2 === 0 ? clients.connect('claude-code') : clients.disconnect('claude-code'))
    expect(sha256).not.toBeNull()
  }
  await ended
  const { n, mcpServers } = JSON.parse(readFileSync(path, 'utf8'))
  expect([n, mcpServers?.gatehouse !== undefined]).toEqual([200, ours % 2 === 1])
})
