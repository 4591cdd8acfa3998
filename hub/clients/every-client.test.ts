// Each client of the table: connected on a file it wrote itself, on one with comments, and on none; and undone byte for byte.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { getNodeValue, parseTree } from 'jsonc-parser'
import { parse } from 'smol-toml'
import { afterEach, describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Clients } from './clients.ts'
import { configPath } from './places.ts'
import { KNOWN_CLIENTS, type KnownClient } from './table.ts'

const fixtures = join(import.meta.dirname, '../../test/fixtures/clients')
const START = { command: '/opt/node/bin/node', args: ['/opt/gatehouse/cli/main.ts'] }
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

/** What this client's own command wrote, and hand-written files of it; those of projects are in projects.test.ts. */
function filesOf(id: string): string[] {
  const folder = join(fixtures, id)
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names
    .filter(name => /\.(jsonc?|toml|ya?ml)$/.test(name) && !/project|workspace/.test(name))
    .map(name => join(folder, name))
}

function machine(client: KnownClient, platform: NodeJS.Platform = 'linux') {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-every-'))
  closers.push(() => rmSync(home, { recursive: true, force: true }))
  mkdirSync(join(home, 'data'), { mode: 0o700 })
  const db = openState(join(home, 'data'))
  closers.push(() => db.close())
  const key = randomBytes(32)
  const bin = join(home, 'bin')
  mkdirSync(bin)
  for (const command of client.detect.commands) writeFileSync(join(bin, command), '', { mode: 0o755 })
  const at = { home, env: { PATH: bin }, platform }
  const clients = new Clients({
    folder: { path: join(home, 'data') },
    db,
    key: () => key,
    audit: { append: async () => {} },
    announcer: new Announcer(),
    entry: START,
    ...at,
  })
  closers.push(() => clients.close())
  const path = configPath(client, at)!
  return { home, path, clients }
}

/** As its client reads it: with comments where it takes them. */
function valueIn(path: string, client: KnownClient): Record<string, unknown> {
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '')
  if (client.config.format === 'toml') return parse(text)
  if (client.config.format === 'yaml') return parseYaml(text)
  if (client.config.comments === 'no') return JSON.parse(text)
  return getNodeValue(parseTree(text, [], { allowTrailingComma: true })!)
}

/** A trailing comma in a file whose client takes none: it would read it as empty, or not start. */
function isBeyond(client: KnownClient, bytes: Buffer): boolean {
  return client.config.comments === 'comments' && /,[ \t]*(\/\/[^\n]*)?\s*[}\]]/.test(bytes.toString())
}

const at = (value: unknown, keys: readonly string[]): unknown =>
  keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value)

describe.each(KNOWN_CLIENTS.map(client => [client.id, client] as const))('%s', (id, client) => {
  test('a file that is not there yet is made, holds our entry as it wants it, and is taken away again', async () => {
    const { home, path, clients } = machine(client)
    const needs = client.config.createNeeds?.replace('${HOME}', home)
    if (needs) mkdirSync(needs, { recursive: true })
    mkdirSync(dirname(path), { recursive: true })
    const { before } = await clients.preview(id, 'connect')
    await clients.connect(id, before)
    const entry = at(valueIn(path, client), [...client.config.keyPath, 'gatehouse']) as Record<string, unknown>
    const { type, command, env, more } = client.entry
    const args = [...START.args, 'connect', '--client', id, '--data', join(home, 'data')]
    expect(entry).toEqual({
      ...(type ? { type } : {}),
      ...(command === 'list'
        ? { command: [START.command, ...args] }
        : { [command === 'cmd' ? 'cmd' : 'command']: START.command, args }),
      [env]: { GATEHOUSE_TOKEN: expect.stringMatching(/^gh_[\w-]{43}$/) },
      ...more,
    })
    const token = (entry[env] as { GATEHOUSE_TOKEN: string }).GATEHOUSE_TOKEN
    expect(clients.clientOf(token)).toBe(id)
    expect((await clients.list([])).find(one => one.id === id)?.status).toMatch(/^(written|waiting)$/)
    await clients.undo(id)
    expect(existsSync(path)).toBe(false)
    expect(clients.clientOf(token)).toBeNull()
  })

  test.each(filesOf(id).map(file => [file.slice(fixtures.length + 1), file]))(
    '%s: our entry alone is added, replaced, removed and undone',
    async (_, file) => {
      const { path, clients } = machine(client)
      const bytes = readFileSync(file)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, bytes)
      const before = valueIn(path, client)
      if (isBeyond(client, bytes)) {
        // What the client itself cannot read is not touched, and the place is named.
        await expect(clients.preview(id, 'connect')).rejects.toThrow(/cannot be read. Line \d+, column \d+/)
        return expect(readFileSync(path).equals(bytes)).toBe(true)
      }
      await clients.connect(id, (await clients.preview(id, 'connect')).before)
      await clients.undo(id)
      expect(readFileSync(path).equals(bytes)).toBe(true)

      await clients.connect(id, (await clients.preview(id, 'connect')).before)
      const { keyPath } = client.config
      const servers = { ...(at(valueIn(path, client), keyPath) as object) } as Record<string, unknown>
      expect(servers.gatehouse).toBeDefined()
      delete servers.gatehouse
      expect(servers).toEqual(at(before, keyPath) ?? {})
      // Once more: the entry gives way to a new one, nothing else moves.
      await clients.replaceToken(id, 'test')
      const again = { ...(at(valueIn(path, client), keyPath) as object) } as Record<string, unknown>
      expect(again).toEqual({ ...servers, gatehouse: expect.anything() })
      await clients.disconnect(id, 'test')
      expect(valueIn(path, client)).toEqual(before)
    },
  )

  test.each(['darwin', 'win32'] as const)('%s: has a place, and is found by what it says', platform => {
    const { home } = machine(client)
    const path = configPath(client, { home, env: {}, platform })
    expect(path?.startsWith(home)).toBe(true)
    expect(path).not.toContain('${')
    expect(client.detect[platform].length).toBeGreaterThan(0)
  })
})

test('every client of the table is another one, and no two write one file', () => {
  const ids = KNOWN_CLIENTS.map(client => client.id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    const paths = KNOWN_CLIENTS.map(client => configPath(client, { home: '/home/none', env: {}, platform }))
    expect(new Set(paths).size, platform).toBe(paths.length)
  }
})
