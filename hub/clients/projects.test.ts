// A client connected in one project: its file there, its own token and state, and nothing that leads out of the project.
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { AuditEvent } from '../../contract/audit.ts'
import { inProject } from '../../contract/clients.ts'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Clients } from './clients.ts'
import { KNOWN_CLIENTS } from './table.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

function machine() {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-projects-'))
  closers.push(() => rmSync(home, { recursive: true, force: true }))
  const [data, shop, bin] = ['data', 'work/shop', 'bin'].map(name => join(home, name)) as [string, string, string]
  for (const folder of [data, shop, bin]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const { detect } of KNOWN_CLIENTS)
    for (const command of detect.commands) writeFileSync(join(bin, command), '', { mode: 0o755 })
  mkdirSync(join(home, '.cursor'))
  const db = openState(data)
  closers.push(() => db.close())
  const rows: AuditEvent[] = []
  const key = randomBytes(32)
  const open = () => {
    const clients = new Clients({
      folder: { path: data },
      db,
      key: () => key,
      audit: { append: async event => void rows.push(event) },
      announcer: new Announcer(),
      entry: { command: '/n', args: ['/main.ts'] },
      home,
      env: { PATH: bin },
      platform: 'linux',
    })
    closers.push(() => clients.close())
    return clients
  }
  return { home, shop, rows, open }
}

const rowOf = async (clients: Clients, id: string) => (await clients.list([])).find(each => each.id === id)
const jsonIn = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

/** What the clients read in a project, by their own documentation and runs of November 2026. */
const FILES: Record<string, string> = {
  'claude-code': '.mcp.json',
  cursor: '.cursor/mcp.json',
  vscode: '.vscode/mcp.json',
  'vscode-insiders': '.vscode/mcp.json',
  vscodium: '.vscode/mcp.json',
  'copilot-cli': '.github/mcp.json',
  'devin-desktop': '.devin/mcp_config.json',
  zed: '.zed/settings.json',
  codex: '.codex/config.toml',
  'gemini-cli': '.gemini/settings.json',
  antigravity: '.agents/mcp_config.json',
  opencode: 'opencode.jsonc',
  'kilo-code': '.kilo/kilo.jsonc',
  kiro: '.kiro/settings/mcp.json',
  junie: '.junie/mcp/mcp.json',
  warp: '.warp/.mcp.json',
  amp: '.amp/settings.json',
  crush: '.crush.json',
  'qwen-code': '.qwen/settings.json',
  droid: '.factory/mcp.json',
  'grok-build': '.grok/config.toml',
}

test('those with files in projects are known as such, and no others', () => {
  const known = KNOWN_CLIENTS.flatMap(({ id, project }) => (project ? [[id, project.paths[0]]] : []))
  expect(Object.fromEntries(known)).toEqual(FILES)
})

describe.each(Object.entries(FILES))('%s', (id, file) => {
  test('is connected in a project alone, and undone without a trace', async () => {
    const { home, shop, open } = machine()
    const client = KNOWN_CLIENTS.find(each => each.id === id)!
    for (const pattern of client.detect.linux.slice(0, 1))
      mkdirSync(pattern.replace('${HOME}', home).replace('${XDG_CONFIG_HOME}', join(home, '.config')), {
        recursive: true,
      })
    const clients = open()
    const place = inProject(id, shop)
    const preview = await clients.preview(place, 'connect')
    expect(preview.path).toBe(join(shop, file))
    await clients.connect(place, preview.before)
    const text = readFileSync(join(shop, file), 'utf8')
    // The bridge says who starts it, not where; the token says both.
    expect(text).toMatch(new RegExp(`"--client",\\s*"${id}"`))
    const token = /gh_[\w-]{43}/.exec(text)![0]
    expect([clients.clientOf(token), clients.placeOf(token)]).toEqual([id, place])
    expect(await rowOf(clients, place)).toMatchObject({
      status: expect.stringMatching(/^(written|waiting)$/),
      project: shop,
    })
    expect(await rowOf(clients, id)).toMatchObject({ writtenAt: null, canUndo: false, hasProjects: true })
    await clients.undo(place)
    expect(existsSync(join(shop, file))).toBe(false)
    expect(existsSync(dirname(join(shop, file)))).toBe(dirname(join(shop, file)) === shop)
    expect(clients.placeOf(token)).toBeNull()
    expect(await rowOf(clients, place)).toBeUndefined()
  })
})

const fixtures = join(import.meta.dirname, '../../test/fixtures/clients')
const written = readdirSync(fixtures, { recursive: true, encoding: 'utf8' }).filter(name =>
  /project|workspace/.test(name),
)

test.each(written)(
  '%s, as a client wrote it in a project: our entry in and out, and undone byte for byte',
  async name => {
    const id = name.split(/[\\/]/)[0]!
    const { shop, open } = machine()
    const file = join(shop, FILES[id]!)
    mkdirSync(dirname(file), { recursive: true })
    const bytes = readFileSync(join(fixtures, name))
    writeFileSync(file, bytes)
    const clients = open()
    const place = inProject(id, shop)
    await clients.connect(place, (await clients.preview(place, 'connect')).before)
    const { keyPath } = KNOWN_CLIENTS.find(each => each.id === id)!.config
    const map = (text: string) => keyPath.reduce((value, key) => value?.[key], JSON.parse(text))
    const { gatehouse, ...others } = map(readFileSync(file, 'utf8'))
    expect(gatehouse).toBeDefined()
    expect(others).toEqual(map(bytes.toString()) ?? {})
    await clients.undo(place)
    expect(readFileSync(file).equals(bytes)).toBe(true)
    await clients.connect(place)
    await clients.replaceToken(place)
    await clients.disconnect(place)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(bytes.toString()))
  },
)

test('one client in two projects and for all: each entry, token, link and history is its own', async () => {
  const { home, shop, rows, open } = machine()
  const till = join(home, 'work/till *${HOME}')
  mkdirSync(till)
  writeFileSync(join(home, '.cursor/mcp.json'), '{ "mcpServers": { "mine": { "command": "x" } } }')
  const clients = open()
  const places = ['cursor', inProject('cursor', shop), inProject('cursor', till)]
  for (const place of places) await clients.connect(place, null, 'a person')
  const files = [join(home, '.cursor/mcp.json'), join(shop, '.cursor/mcp.json'), join(till, '.cursor/mcp.json')]
  const tokens = files.map(file => jsonIn(file).mcpServers.gatehouse.env.GATEHOUSE_TOKEN)
  expect(tokens.map(token => clients.placeOf(token))).toEqual(places)
  expect(new Set(rows.map(row => row.client))).toEqual(new Set(['cursor']))
  const link = {
    id: 'l',
    client: 'cursor',
    place: places[1]!,
    title: '',
    says: null,
    since: Date.now(),
    protocolVersion: null,
    calls: 0,
    lastCallAt: null,
  }
  const status = (await clients.list([link])).flatMap(each => (places.includes(each.id) ? [each.status] : []))
  expect(status).toEqual(['written', 'connected', 'written'])
  await clients.replaceToken(places[1]!)
  expect(tokens.map(token => clients.placeOf(token))).toEqual([places[0], null, places[2]])
  await clients.disconnect(places[1]!)
  expect((await rowOf(clients, places[1]!))?.status).toBe('found')
  expect(existsSync(files[1]!)).toBe(false)
  expect([jsonIn(files[0]!).mcpServers.gatehouse, jsonIn(files[2]!).mcpServers.gatehouse]).not.toContain(undefined)
  expect(clients.guarding.history(places[1]!).map(event => event.what)).toEqual(['disconnect', 'token', 'connect'])
  expect(clients.guarding.history(places[2]!).map(event => event.what)).toEqual(['connect'])
  expect(clients.title(places[1]!)).toBe('Cursor in shop')
})

test('the guardian keeps a project’s entry, lets a folder that went away be, and goes on when it is back', async () => {
  const { home, shop, open } = machine()
  const place = inProject('cursor', shop)
  const file = join(shop, '.cursor/mcp.json')
  mkdirSync(dirname(file))
  writeFileSync(file, '{ "mcpServers": {}, "n": 1 }')
  const clients = open()
  await clients.connect(place)
  clients.guarding.keep(place, true, 'a person')
  writeFileSync(file, '{ "mcpServers": {}, "n": 2 }')
  await expect.poll(() => readFileSync(file, 'utf8'), { timeout: 30_000 }).toContain('gatehouse')
  renameSync(shop, join(home, 'away'))
  expect(await rowOf(clients, place)).toBeUndefined()
  clients.close()
  const later = open()
  await later.guarding.settled()
  expect(existsSync(shop)).toBe(false)
  expect(await rowOf(later, place)).toBeUndefined()
  renameSync(join(home, 'away'), shop)
  expect((await rowOf(later, place))?.status).toBe('written')
  expect(later.leaving.entries().map(one => one.path)).toEqual([file])
})

test.each([
  ['the file', (shop: string, out: string) => symlinkSync(out, join(shop, '.cursor/mcp.json'))],
  [
    'its folder',
    (shop: string, out: string) => {
      rmSync(join(shop, '.cursor'), { recursive: true })
      symlinkSync(dirname(out), join(shop, '.cursor'))
    },
  ],
])('a project whose %s is a link to somewhere else gets nothing written there, nor is it read', async (_, plant) => {
  const { home, shop, open } = machine()
  const out = join(home, '.cursor/mcp.json')
  writeFileSync(out, '{ "mcpServers": { "private": { "command": "x" } } }')
  const before = readFileSync(out)
  const place = inProject('cursor', shop)
  const clients = open()
  mkdirSync(join(shop, '.cursor'))
  plant(shop, out)
  for (const act of [
    () => clients.preview(place, 'connect'),
    () => clients.connect(place),
    async () => clients.moving.servers(place),
  ])
    await expect(act()).rejects.toMatchObject({ code: expect.stringMatching(/^clients\/(leads-out|no-project)$/) })
  expect(readFileSync(out).equals(before)).toBe(true)
})

test('planted after connecting, a link is neither followed by undo nor by taking out', async () => {
  const { home, shop, open } = machine()
  const out = join(home, '.cursor/mcp.json')
  const place = inProject('cursor', shop)
  const clients = open()
  await clients.connect('cursor')
  const before = readFileSync(out)
  await clients.connect(place)
  rmSync(join(shop, '.cursor/mcp.json'))
  symlinkSync(out, join(shop, '.cursor/mcp.json'))
  expect(await rowOf(clients, place)).toMatchObject({
    status: 'unreadable',
    problem: { what: expect.stringContaining('leads out') },
  })
  for (const act of [() => clients.undo(place), () => clients.disconnect(place)])
    await expect(act()).rejects.toMatchObject({ code: 'clients/leads-out' })
  expect(readFileSync(out).equals(before)).toBe(true)
})

test.each([
  ['claude-desktop', '/tmp', 'clients/no-project'],
  ['cursor', 'work/shop', 'clients/no-folder'],
  ['cursor', '/nowhere/at/all', 'clients/no-folder'],
  ['cursor', '', 'clients/no-folder'],
  ['nobody', '/tmp', 'clients/unknown'],
])('%s in %s is refused with a reason', async (id, folder, code) => {
  const { open } = machine()
  const clients = open()
  await expect((async () => clients.connect(inProject(id, folder)))()).rejects.toMatchObject({ code })
})

test('a home folder is no project where its file holds for all; a link to a project is that project', async () => {
  const { home, shop, open } = machine()
  const clients = open()
  await expect(clients.connect(inProject('cursor', home))).rejects.toMatchObject({ code: 'clients/no-project' })
  expect(existsSync(join(home, '.cursor/mcp.json'))).toBe(false)
  symlinkSync(shop, join(home, 'link'))
  const { id } = await clients.connect(inProject('cursor', join(home, 'link')))
  expect(id).toBe(inProject('cursor', shop))
})

test('where two read one file of a project, one entry serves both', async () => {
  const { shop, open } = machine()
  const clients = open()
  await clients.connect(inProject('vscode', shop))
  const before = readFileSync(join(shop, '.vscode/mcp.json'))
  await expect(clients.connect(inProject('vscodium', shop))).rejects.toMatchObject({ code: 'clients/shared-file' })
  expect(readFileSync(join(shop, '.vscode/mcp.json')).equals(before)).toBe(true)
})

test('that Git would carry the entry to others is said before it is written', async () => {
  const { home, shop, open } = machine()
  const clients = open()
  const warnings = async () => (await clients.preview(inProject('cursor', shop), 'connect')).warnings.join()
  expect(await warnings()).not.toContain('Git')
  mkdirSync(join(home, 'work/.git'))
  expect(await warnings()).toContain('Git may carry this file to others.')
})
