// `gatehouse uninstall` with real files, a real hub and, where one is here, a real keychain.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Ran, runCli } from '../cli/testing/run-cli.ts'
import { type Served, serve } from '../cli/testing/serve.ts'
import { UninstallLine } from '../contract/command-line.ts'
import { Announcer } from '../hub/announce.ts'
import { Clients } from '../hub/clients/clients.ts'
import { openState } from '../hub/store/open.ts'
import { Keychain } from '../hub/vault/keychain.ts'

const hasKeychain = process.env.GATEHOUSE_TEST_KEYRING === '1'
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const CURSOR = '{\r\n\t"mcpServers" : { "mine": {"command":"x"} }\r\n}'
const CODEX = '# mine\nmodel = "o5"\n\n[mcp_servers.notes]\ncommand = "notes"\n'
const GEMINI = '{\n  // mine\n  "mcpServers": { "fetch": { "command": "uvx", "args": ["mcp-server-fetch"] } }\n}\n'

async function machine() {
  const root = mkdtempSync(join(tmpdir(), 'gh-uninstall-'))
  closers.push(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))
  const home = join(root, 'home')
  const data = join(root, 'data')
  const files = {
    cursor: join(home, '.cursor/mcp.json'),
    codex: join(home, '.codex/config.toml'),
    gemini: join(home, '.gemini/settings.json'),
    warp: join(home, '.warp/.mcp.json'),
  }
  for (const path of Object.values(files)) mkdirSync(dirname(path), { recursive: true })
  writeFileSync(files.cursor, CURSOR)
  writeFileSync(files.codex, CODEX)
  writeFileSync(files.gemini, GEMINI)
  const env = { HOME: home, XDG_CONFIG_HOME: join(home, '.config'), CODEX_HOME: '', DISPLAY: '', WAYLAND_DISPLAY: '' }
  let hub: Served | undefined
  closers.push(() => hub?.end())
  const run = (...line: string[]): Promise<Ran> => runCli(['--data', data, ...line], { env })
  const must = async (...line: string[]) => {
    const ran = await run(...line)
    expect([line.join(' '), ran.err, ran.code]).toEqual([line.join(' '), expect.any(String), 0])
    return ran.out
  }
  const text = (id: keyof typeof files) => readFileSync(files[id], 'utf8')
  return {
    data,
    files,
    run,
    must,
    text,
    env,
    async start() {
      hub = await serve(data, [], env)
    },
    isServed: () => hub?.child.exitCode === null,
  }
}

const accountsOf = async (id: string): Promise<string[]> => {
  const keychain = new Keychain(`gatehouse-${id}`, 10_000)
  try {
    return await keychain.accounts()
  } finally {
    await keychain.close()
  }
}

test('everything goes: entries out of files changed since, taken servers back, keychain and data gone', async () => {
  const at = await machine()
  await at.start()
  for (const id of ['cursor', 'codex', 'warp']) await at.must('clients', 'connect', id, '--yes')
  // Without a keychain nothing is taken over.
  await at.must('clients', hasKeychain ? 'take' : 'connect', 'gemini-cli', '--yes')
  expect(at.text('gemini').includes('mcp-server-fetch')).toBe(!hasKeychain)
  writeFileSync(at.files.codex, `${at.text('codex')}\n[tools]\nweb_search = true # added since\n`)
  const before = [at.text('cursor'), at.text('codex'), at.text('gemini')]
  const id = readFileSync(join(at.data, 'id'), 'utf8').trim()
  if (hasKeychain) expect(await accountsOf(id)).toContain('root')

  const look = UninstallLine.parse(JSON.parse(await at.must('uninstall', '--dry-run', '--erase-data', '--json')))
  expect(look.clients.map(one => one.path).sort()).toEqual(Object.values(at.files).sort())
  expect(look).toMatchObject({ done: false, data: 'erased', givenBack: hasKeychain ? [{ name: 'fetch' }] : [] })
  expect(look.clients.find(one => one.id === 'codex')?.diff).toContain('-[mcp_servers.gatehouse]')
  expect([at.text('cursor'), at.text('codex'), at.text('gemini')]).toEqual(before)
  expect(at.isServed()).toBe(true)
  expect(await at.run('uninstall')).toMatchObject({ code: 2, err: expect.stringContaining('--dry-run') })
  expect(at.isServed()).toBe(true)

  const ran = await at.run('uninstall', '--yes', '--erase-data', '--json')
  const line = UninstallLine.parse(JSON.parse(ran.out))
  expect(line.clients.map(one => one.id).sort()).toEqual(['codex', 'cursor', 'gemini-cli', 'warp'])
  expect(at.isServed()).toBe(false)
  expect(at.text('cursor')).toBe(CURSOR)
  expect(at.text('codex')).toBe(`${CODEX}\n[tools]\nweb_search = true # added since\n`)
  // A file that was made for our entry is taken away again.
  expect(existsSync(at.files.warp)).toBe(false)
  // Without a keychain nothing could encrypt the copies of before: they lay beside the file, and go with the rest.
  expect(readdirSync(dirname(at.files.cursor))).toEqual(['mcp.json'])
  expect(line.copies.every(path => !existsSync(path))).toBe(true)
  expect(line.copies.length > 0).toBe(!hasKeychain)
  expect(readdirSync(dirname(at.files.gemini)).filter(name => name.includes('-backup-'))).toEqual([])
  if (hasKeychain) {
    expect([ran.code, line.left]).toEqual([0, []])
    expect(JSON.parse(at.text('gemini').replace('// mine', '')).mcpServers).toEqual({
      fetch: { command: 'uvx', args: ['mcp-server-fetch'] },
    })
    expect(line.keychain).toContain('root')
    expect(await accountsOf(id)).toEqual([])
  } else {
    expect(ran.code).toBe(1)
    expect(at.text('gemini')).toBe(GEMINI)
    expect(line.left).toEqual([expect.stringContaining('keychain')])
  }
  expect(existsSync(at.data)).toBe(false)
  // Once more there is nothing to do.
  expect(await at.run('uninstall', '--yes')).toMatchObject({ code: 0, out: 'No client’s file holds our entry.\n' })
}, 120_000)

test('without a hub, what cannot be read is named and left; the data stays and says what was done', async () => {
  const at = await machine()
  await at.start()
  for (const id of ['cursor', 'codex']) await at.must('clients', 'connect', id, '--yes')
  await at.must('clients', 'add', 'Hermes', '--yes')
  await at.must('stop')
  const broken = `${at.text('codex')}\n[broken\n`
  writeFileSync(at.files.codex, broken)
  const ran = await at.run('uninstall', '--yes')
  expect(ran).toMatchObject({ code: 1, out: expect.stringContaining(`Our entry is still in ${at.files.codex}: Line`) })
  expect(ran.out).toContain('Hermes: take the entry you pasted out')
  expect(at.text('codex')).toBe(broken)
  expect(at.text('cursor')).toBe(CURSOR)
  // The entry that is left goes on working: its keys stay.
  if (hasKeychain) expect(await accountsOf(readFileSync(join(at.data, 'id'), 'utf8').trim())).toContain('root')
  writeFileSync(at.files.codex, broken.replace('[broken\n', ''))
  const again = await at.run('uninstall', '--yes')
  expect(again.out).toContain(`Taken out of ${at.files.codex}`)
  expect(at.text('codex').trimEnd()).toBe(CODEX.trimEnd())
  expect(await at.must('audit', 'export', '--format', 'csv')).toContain('hub/uninstalled')
}, 120_000)

test('another Gatehouse’s entry stays; ours goes also when its data folder is gone', async () => {
  const at = await machine()
  const entry = (data: string) => ({
    command: 'node',
    args: ['main.ts', 'connect', '--client', 'cursor', '--data', data],
  })
  writeFileSync(at.files.cursor, JSON.stringify({ mcpServers: { gatehouse: entry('/elsewhere') } }))
  expect(await at.run('uninstall', '--yes')).toMatchObject({ code: 0 })
  expect(at.text('cursor')).toContain('/elsewhere')
  writeFileSync(at.files.cursor, JSON.stringify({ mcpServers: { a: { command: 'b' }, gatehouse: entry(at.data) } }))
  const ran = await at.run('uninstall', '--yes')
  expect([ran.code, at.text('cursor')]).toEqual([1, '{"mcpServers":{"a":{"command":"b"}}}'])
  expect(ran.out).toContain('keychain')
  expect(existsSync(at.data)).toBe(false)
}, 60_000)

test('servers written past the gate stay in the file, and are named', async () => {
  const at = await machine()
  await at.start()
  await at.must('stop')
  const db = openState(at.data)
  const clients = new Clients({
    folder: { path: at.data },
    db,
    key: () => null,
    audit: { append: async () => {} },
    announcer: new Announcer(),
    entry: { command: 'node', args: ['main.ts'] },
    home: at.env.HOME,
    env: {},
    guards: false,
  })
  const launch = { command: 'uvx', args: ['mcp-server-time'], env: {}, headers: {} }
  const server = { id: 'srv_1', name: 'time', launch, bundled: false }
  const { before } = await clients.directly.preview('cursor', [server], new Map())
  await clients.directly.write('cursor', [server], new Map(), { by: 'test', before, ready: async () => {} })
  clients.close()
  db.close()
  const ran = await at.run('uninstall', '--yes')
  expect([ran.code, ran.out]).toEqual([1, expect.stringContaining("time stays in Cursor's file")])
  expect(at.text('cursor')).toContain('mcp-server-time')
}, 60_000)
