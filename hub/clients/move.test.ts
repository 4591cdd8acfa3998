// Moving over, on every file of every client that has servers in it: out with ours in, undone byte for byte, and given back.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Clients } from './clients.ts'
import { valueAt } from './entry.ts'
import { type Entry, type FoundServer, launchOf, serversIn, withReferences, withValues } from './move-entry.ts'
import { configPath } from './places.ts'
import { readConfig } from './read-config.ts'
import { KNOWN_CLIENTS, type KnownClient } from './table.ts'

const fixtures = join(import.meta.dirname, '../../test/fixtures/clients')
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

function configOf(bytes: Buffer, client: KnownClient) {
  const config = readConfig(bytes, client)
  return config.kind === 'config' ? config : null
}

const everyFile = KNOWN_CLIENTS.flatMap(client => {
  const folder = join(fixtures, client.id)
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names.flatMap(name => {
    const bytes = readFileSync(join(folder, name))
    const config = configOf(bytes, client)
    const found = config ? serversIn(config, client) : []
    return found.length > 0 ? [{ name: `${client.id}/${name}`, client, bytes, found }] : []
  })
})

function machine(client: KnownClient, bytes: Buffer) {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-move-'))
  closers.push(() => rmSync(home, { recursive: true, force: true }))
  const data = join(home, 'data')
  mkdirSync(data, { mode: 0o700 })
  const db = openState(data)
  closers.push(() => db.close())
  const bin = join(home, 'bin')
  mkdirSync(bin)
  for (const command of client.detect.commands) writeFileSync(join(bin, command), '', { mode: 0o755 })
  const at = { home, env: { PATH: bin }, platform: 'linux' as const }
  const key = randomBytes(32)
  const path = configPath(client, at)!
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  const clients = new Clients({
    folder: { path: data },
    db,
    key: () => key,
    audit: { append: async () => {} },
    announcer: new Announcer(),
    entry: { command: '/opt/node/bin/node', args: ['/opt/gatehouse/cli/main.ts'] },
    ...at,
  })
  closers.push(() => clients.close())
  const servers = () => valueAt(configOf(readFileSync(path), client)!, client.config.keyPath) as Record<string, Entry>
  return { path, clients, servers }
}

const by = { by: 'test', before: undefined }
const takeAll = (found: FoundServer[]) => ({ take: found.map(one => one.name), put: new Map<string, Entry>() })

test('every client whose own command wrote files is among them', () => {
  expect(new Set(everyFile.map(one => one.client.id)).size).toBeGreaterThanOrEqual(11)
  expect(everyFile.length).toBeGreaterThan(25)
})

describe.each(everyFile)('$name', ({ client, bytes, found }) => {
  const { id } = client

  test('all are taken: ours alone is left; undone: the same bytes', async () => {
    const { path, clients, servers } = machine(client, bytes)
    const preview = await clients.moving.preview(id, takeAll(found), true)
    expect(readFileSync(path).equals(bytes)).toBe(true)
    await clients.moving.move(id, takeAll(found), { connect: true, by: 'test', before: preview.before })
    expect(Object.keys(servers())).toEqual(['gatehouse'])
    await clients.undo(id)
    expect(readFileSync(path).equals(bytes)).toBe(true)
  })

  test('one is taken from a connected client: the others stay; undone: connected as before', async () => {
    const { path, clients, servers } = machine(client, bytes)
    await clients.connect(id)
    const connected = readFileSync(path)
    const before = servers()
    const [first] = found
    await clients.moving.move(id, takeAll([first!]), { connect: true, ...by })
    const { [first!.name]: _, ...others } = before
    expect(servers()).toEqual(others)
    await clients.undo(id)
    expect(readFileSync(path).equals(connected)).toBe(true)
  })

  test('given back: the entries say what they said, and everything else does too', async () => {
    const { path, clients, servers } = machine(client, bytes)
    const before = servers()
    await clients.moving.move(id, takeAll(found), { connect: true, ...by })
    // Disconnecting does not bring them back, with their keys, by the way.
    await clients.disconnect(id)
    expect(Object.keys(servers() ?? {})).toEqual([])
    const values = new Map(found.flatMap(one => one.values.map((value, n) => [`K${one.name}${n}`, value.value])))
    const put = found.map(one => {
      const keeping = one.values.map((value, n) => ({ ...value, secret: `K${one.name}${n}` }))
      const referring = withReferences(one.entry, keeping)
      for (const value of one.values)
        if (value.value.length > 7) expect(JSON.stringify(referring)).not.toContain(value.value)
      return [one.name, withValues(referring, keeping, values)] as const
    })
    await clients.moving.move(id, { take: [], put: new Map(put) }, { connect: false, ...by })
    expect(servers()).toEqual(before)
    await clients.undo(id)
    expect(Object.keys(servers() ?? {})).toEqual([])
    expect(readFileSync(path).length).toBeGreaterThan(0)
  })

  test('undone after somebody else changed the file: the servers are back, and the change stays', async () => {
    const { path, clients, servers } = machine(client, bytes)
    const before = servers()
    await clients.moving.move(id, takeAll(found), { connect: true, ...by })
    const text = readFileSync(path, 'utf8')
    const changed = client.config.format !== 'json' ? `# mine\n${text}` : text.replace('{', () => '{ "theirs": 1,')
    writeFileSync(path, changed)
    await clients.undo(id)
    expect(servers()).toEqual(before)
    expect(readFileSync(path, 'utf8')).toContain(client.config.format !== 'json' ? '# mine' : '"theirs": 1')
  })

  test('what is taken starts the same program or reaches the same address', () => {
    for (const one of found) {
      if (one.cannot) continue
      const { command, args, url } = launchOf(one.entry)
      const words = JSON.stringify(one.entry)
      expect(command ?? url).toBeTruthy()
      for (const word of [...(command ? [command, ...args] : []), ...(url ? [url] : [])])
        expect(words).toContain(JSON.stringify(word).slice(1, -1))
    }
  })
})

describe('what is found', () => {
  const cursor = KNOWN_CLIENTS.find(one => one.id === 'cursor')!
  const find = (entry: unknown, client = cursor) => {
    const text = JSON.stringify({ [client.config.keyPath[0]!]: { one: entry } })
    return serversIn(configOf(Buffer.from(text), client)!, client)[0]!
  }
  const key = 'sk-Zx81mQp0LrT5uVw9'

  test('keys by their name or their shape, without what stands around them; nothing of them is shown', () => {
    const found = find({
      command: 'npx',
      args: ['-y', 'x'],
      env: { GITHUB_TOKEN: 'abcd', PLAIN: key, HOME_DIR: '/home/me/keys', KEY_FILE: '/home/me/key.pem', DEBUG: 'true' },
    })
    expect(found.values.map(({ name, isKey }) => [name, isKey])).toEqual([
      ['GITHUB_TOKEN', true],
      ['PLAIN', true],
      ['HOME_DIR', false],
      ['KEY_FILE', false],
      ['DEBUG', false],
    ])
    const remote = find({
      url: `https://me:${key}@x.example/mcp/s/${key}/mcp?api_key=${key}&page=2`,
      headers: { Authorization: `Bearer ${key}` },
    })
    expect(remote.values.map(({ where, name, value }) => [where, name, value])).toEqual([
      ['headers', 'Authorization', key],
      ['url', 'password', key],
      ['url', 'path', key],
      ['url', 'api_key', key],
    ])
    expect(remote.line).not.toContain(key)
    const referring = withReferences(
      remote.entry,
      remote.values.map(value => ({ ...value, secret: 'S' })),
    )
    expect(referring).toEqual({
      url: 'https://me:${secret:S}@x.example/mcp/s/${secret:S}/mcp?api_key=${secret:S}&page=2',
      headers: { Authorization: 'Bearer ${secret:S}' },
    })
  })

  test.each([
    [{ command: 'x', args: ['--token', key] }, /key stands in its arguments/],
    [{ command: 'x', args: [`--api-key=${key}`] }, /key stands in its arguments/],
    [{ command: 'x', env: { A: '${secret:GITHUB}' } }, /only has a meaning in Gatehouse/],
    [{ command: 'x', args: ['${workspaceFolder}/a'] }, /only Cursor can fill in/],
    [{ type: 'sse', url: 'https://x.example/sse' }, /old SSE transport/],
    [{ note: 'nothing' }, /neither a command nor an address/],
    [{ one: { command: 'x' }, two: { command: 'y' } }, /servers of its own, one level down/],
  ])('what cannot be taken says why: %j', (entry, why) => {
    expect(find(entry).cannot).toMatch(why)
    expect(find(entry).line).not.toContain(key)
  })

  test.each([
    ['gemini-cli', '$TOKEN', 'It names $TOKEN. Write it as ${TOKEN} in the file, then take it.'],
    ['crush', '$(pass show x)', 'It fills in what a command says, which only Crush can do.'],
    ['gemini-cli', '${TOKEN}', null],
    ['claude-code', 'pa$word', null],
  ])('%s: whether it would fill in %s itself is known', (id, value, why) => {
    const client = KNOWN_CLIENTS.find(one => one.id === id)!
    expect(find({ command: 'x', env: { A: value } }, client).cannot).toBe(why)
  })

  test('every shape of an entry becomes one of ours', () => {
    const launch = (entry: unknown) => {
      const { command, args, env, url, headers } = find(entry).launch
      return { command, args, env, url, headers }
    }
    const none = { command: undefined, url: undefined, args: [], env: {}, headers: {} }
    expect(launch({ command: ['a', 'b'], environment: { N: 1 } })).toEqual({
      ...none,
      command: 'a',
      args: ['b'],
      env: { N: '1' },
    })
    expect(launch({ transport: { type: 'stdio', command: 'a', args: ['b'] } })).toEqual({
      ...none,
      command: 'a',
      args: ['b'],
    })
    expect(launch({ command: { path: 'a', args: ['b'], env: { C: 'd' } } })).toEqual({
      ...none,
      command: 'a',
      args: ['b'],
      env: { C: 'd' },
    })
    expect(launch({ serverUrl: 'https://x.example', bearer_token_env_var: 'T', env_http_headers: { A: 'B' } })).toEqual(
      {
        ...none,
        url: 'https://x.example',
        headers: { Authorization: 'Bearer ${env:T}', A: '${env:B}' },
      },
    )
    expect(
      launch({ command: 'a', env: { A: '${TOKEN}', B: '{env:TOKEN}', C: '${input:my key}', D: '${env:X}' } }).env,
    ).toEqual({
      A: '${env:TOKEN}',
      B: '${env:TOKEN}',
      C: '${secret:my_key}',
      D: '${env:X}',
    })
  })

  test('what only the client knows is named, and being switched off comes along', () => {
    const found = find({ command: 'a', disabled: true, autoApprove: ['x'], timeout: 5, type: 'stdio' })
    expect(found.off).toBe(true)
    expect(found.notes).toEqual([expect.stringContaining('your policy'), expect.stringContaining('“timeout”')])
  })

  test('a TOML server in one line is taken too; one among others in a line is left alone', async () => {
    const codex = KNOWN_CLIENTS.find(one => one.id === 'codex')!
    const inline = Buffer.from('[mcp_servers]\na = { command = "x" } # mine\nb = { command = "y" }\n\n[tui]\nz = 1\n')
    const first = machine(codex, inline)
    await first.clients.moving.move('codex', { take: ['a'], put: new Map() }, { connect: true, ...by })
    expect(Object.keys(first.servers())).toEqual(['b', 'gatehouse'])
    await first.clients.undo('codex')
    expect(readFileSync(first.path).equals(inline)).toBe(true)
    const whole = Buffer.from('mcp_servers = { a = { command = "x" }, b = { command = "y" } }\n')
    const second = machine(codex, whole)
    await expect(
      second.clients.moving.move('codex', { take: ['a'], put: new Map() }, { connect: true, ...by }),
    ).rejects.toThrow()
    expect(readFileSync(second.path).equals(whole)).toBe(true)
  })
})

test('a name that is there already is not written over, and a file that changed since is not written', async () => {
  const { client, bytes, found } = everyFile.find(one => one.client.id === 'claude-code')!
  const { path, clients } = machine(client, bytes)
  const put = new Map([[found[0]!.name, { command: 'other' }]])
  await expect(clients.moving.move(client.id, { take: [], put }, { connect: false, ...by })).rejects.toThrow(/already/)
  let asked = false
  const ready = async () => {
    asked = true
  }
  const old = { connect: true, by: 'test', before: 'f'.repeat(64), ready }
  await expect(clients.moving.move(client.id, takeAll(found), old)).rejects.toThrow(/changed since the preview/)
  expect(asked).toBe(false)
  await expect(
    clients.moving.move(client.id, takeAll(found), {
      ...old,
      before: undefined,
      ready: () => Promise.reject(new Error('locked')),
    }),
  ).rejects.toThrow('locked')
  expect(readFileSync(path).equals(bytes)).toBe(true)
})
