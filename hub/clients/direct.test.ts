// Direct mode: servers of ours in the clients' own words, written, shown, and taken back byte for byte.
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Launch } from '../../contract/servers.ts'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Clients } from './clients.ts'
import { directEntries } from './direct-entry.ts'
import { launchOf } from './move-entry.ts'
import { KNOWN_CLIENTS } from './table.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

const STDIO: Launch = {
  command: '/opt/node',
  args: ['${home}/s.js', '--flag=${secret:FLAG}'],
  env: { KEY: 'x${secret:KEY}', PLAIN: '1' },
  headers: {},
}
const HTTP: Launch = {
  args: [],
  env: {},
  url: 'https://x.example/mcp',
  headers: { Authorization: 'Bearer ${secret:KEY}' },
}
const values = new Map([
  ['KEY', 'not-a-$&-key'],
  ['FLAG', 'f1'],
])
const server = (name: string, launch: Launch, bundled = false) => ({ id: `srv_${name}`, name, launch, bundled })

test.each(KNOWN_CLIENTS.map(client => [client.id, client] as const))('%s starts what Gatehouse would', (_, client) => {
  const [stdio] = directEntries(client, [server('one', STDIO)], values).values()
  expect(launchOf(stdio!)).toEqual({
    command: '/opt/node',
    args: [`${homedir()}/s.js`, '--flag=f1'],
    env: { KEY: 'xnot-a-$&-key', PLAIN: '1' },
    headers: {},
  })
  expect(JSON.stringify(stdio).replaceAll(homedir(), '')).not.toContain('gatehouse')
  const http = () => [...directEntries(client, [server('two', HTTP)], values).values()][0]!
  if (client.entry.http === null) return expect(http).toThrow('elsewhere')
  expect(launchOf(http())).toEqual({ ...HTTP, headers: { Authorization: 'Bearer not-a-$&-key' } })
  expect(JSON.stringify(http())).not.toContain('gatehouse')
  // What the client fills in itself stays a reference; where it fills in none, nothing is written.
  const named = () =>
    directEntries(client, [server('three', { ...STDIO, env: { A: '${env:HOME}' } })], values).get('three')!
  if (client.entry.variable === null) expect(named).toThrow('fills in nowhere')
  else expect(launchOf(named()).env).toEqual({ A: '${env:HOME}' })
})

test.each([
  ['crush', 'pa$word', true],
  ['crush', 'pa$(id)', true],
  ['gemini-cli', 'pa$word', true],
  ['claude-code', 'pa${word}', true],
  ['claude-code', 'pa$word', false],
  ['cursor', '${env:HOME}', true],
  ['opencode', '{file:/etc/passwd}', true],
  ['opencode', '${x}', false],
  ['codex', '${x}', false],
])('%s would read something else than %s: %s', (id, key, isRefused) => {
  const client = KNOWN_CLIENTS.find(each => each.id === id)!
  const write = () => directEntries(client, [server('one', STDIO)], new Map([...values, ['KEY', key]]))
  if (isRefused) expect(write).toThrow('would be taken for a variable')
  else expect(JSON.stringify(write().get('one'))).toContain(JSON.stringify(`x${key}`))
})

test('what comes with Gatehouse runs nowhere else', () => {
  expect(() => directEntries(KNOWN_CLIENTS[0]!, [server('files', STDIO, true)], values)).toThrow('comes with Gatehouse')
})

test.each(['cursor', 'codex', 'goose', 'opencode'])(
  '%s: written, listed as such, taken back; changed ones stay',
  async id => {
    const home = mkdtempSync(join(tmpdir(), 'gatehouse-direct-'))
    closers.push(() => rmSync(home, { recursive: true, force: true }))
    mkdirSync(join(home, 'data'), { mode: 0o700 })
    const db = openState(join(home, 'data'))
    closers.push(() => db.close())
    const key = randomBytes(32)
    const open = () =>
      new Clients({
        folder: { path: join(home, 'data') },
        db,
        key: () => key,
        audit: { append: async () => {} },
        announcer: new Announcer(),
        entry: { command: '/n', args: ['/main.ts'] },
        home,
        env: {},
        platform: 'linux',
      })
    let clients = open()
    closers.push(() => clients.close())
    const client = KNOWN_CLIENTS.find(each => each.id === id)!
    const path = client.config.paths.linux[0]!.replace('${HOME}', home).replace(
      '${XDG_CONFIG_HOME}',
      join(home, '.config'),
    )
    const before = {
      json: '{\n  // mine\n  "KEY": { "x": 1 }\n}\n',
      toml: '# mine\n[tools]\nx = 1\n',
      yaml: '# mine\ntools:\n  x: 1\n',
    }[client.config.format]
    mkdirSync(dirname(path), { recursive: true })
    const mine = before.replace('// mine\n  ', id === 'cursor' ? '' : '// mine\n  ')
    writeFileSync(path, mine)
    const all = [server('one', STDIO), ...(client.entry.http ? [server('two', HTTP)] : [])]
    const preview = await clients.directly.preview(id, all, new Map([...values.keys()].map(name => [name, '•••'])))
    expect(preview.diff).not.toContain('not-a-')
    expect(preview.losses.join(' ')).toMatch(/sees none of their calls.*is in the log/)
    let asked = 0
    const ready = async () => void asked++
    await expect(clients.directly.write(id, all, values, { by: 'test', before: 'other', ready })).rejects.toThrow(
      'changed',
    )
    await clients.directly.write(id, all, values, { by: 'test', before: preview.before, ready })
    expect(asked).toBe(1)
    const direct = async () => (await clients.list([])).find(one => one.id === id)!.direct
    expect(await direct()).toEqual(all.map(one => one.name))
    expect((await clients.list([])).find(one => one.id === id)!.status).toBe('found')
    const found = clients.moving.servers(id).servers
    expect(found.map(one => one.name)).toEqual(all.map(one => one.name))
    // The gateway's own entry goes in beside them and out again, over a restart.
    clients.close()
    clients = open()
    await clients.connect(id)
    expect((await clients.directly.preview(id, [server('three', HTTP)], values)).losses.join(' ')).toContain('twice')
    await clients.disconnect(id)
    expect(await direct()).toEqual(all.map(one => one.name))
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replace('/opt/node', '/opt/mine'))
    expect(await direct()).toEqual(all.slice(1).map(one => one.name))
    writeFileSync(path, text)
    await clients.directly.takeBack(id, { by: 'test', before: (await clients.directly.previewTakeBack(id)).before })
    expect(await direct()).toEqual([])
    expect(clients.moving.servers(id).servers).toEqual([])
    await expect(clients.directly.takeBack(id, { by: 'test', before: null })).rejects.toThrow('written there directly')
    if (client.config.format !== 'json')
      expect(readFileSync(path, 'utf8').replace(/\n*(extensions: \{\}\n)?$/, '\n')).toBe(mine)
  },
)
