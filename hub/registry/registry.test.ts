import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Launch } from '../../contract/servers.ts'
import { Announcer } from '../announce.ts'
import { type DataFolder, openDataFolder } from '../store/data-folder.ts'
import { type Db, openState } from '../store/open.ts'
import { Sealed } from '../store/sealed.ts'
import { Redactor } from '../vault/redactor.ts'
import { Registry } from './registry.ts'

const seal = randomBytes(32)
let root: string
let folder: DataFolder
let config: string
let db: Db
let registry: Registry
let stored: Set<string>
const redactor = new Redactor()
let forged: string[]
let changed: string[]

async function open(mode: 'person' | 'unattended' = 'person', trust: string[] = []): Promise<void> {
  const sealed = new Sealed(db, () => seal)
  sealed.onForged = (kind, key) => forged.push(`${kind} ${key}`)
  const announcer = new Announcer()
  registry = await Registry.open({
    folder,
    db,
    sealed,
    vault: { has: name => stored.has(name), redactor },
    announcer,
    mode,
    trust,
  })
  announcer.on('servers/changed', id => changed.push(registry.list().find(d => d.id === id)?.name ?? 'gone'))
  announcer.on('config/changed', () => changed.push('config'))
}

async function reopen(attack = ''): Promise<void> {
  registry.close()
  if (attack) db.exec(attack)
  await open()
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-registry-'))
  folder = openDataFolder(join(root, 'data'))
  config = join(folder.path, 'config.json')
  db = openState(folder.path)
  stored = new Set()
  forged = []
  changed = []
  await open()
})
afterEach(() => {
  registry.close()
  db.close()
  rmSync(root, { recursive: true, force: true })
})

const launch = (command: string, more: Partial<Launch> = {}): Launch => ({
  command,
  args: [],
  env: {},
  headers: {},
  ...more,
})
const agree = (name: string, secrets: string[] = [], trust = false) => {
  const { id, digest } = registry.find(name)
  registry.agree(id, { digest, secrets, trust })
}
const standing = (name: string) => registry.standing(registry.find(name).id)
const write = (servers: unknown) => writeFileSync(config, JSON.stringify({ mcpServers: servers }))
/** After an edit by hand was picked up. */
const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 20 })

test('an added server waits for the agreement, then may start, also after a restart', async () => {
  const { id, slug } = await registry.add('My Files!', launch('node', { args: ['x.js'] }))
  expect([id, slug]).toEqual([expect.stringMatching(/^srv_[a-z0-9]{12}$/), 'my-files'])
  expect(standing('My Files!')).toMatchObject({ may: 'wait', for: 'agreement' })
  expect(registry.agreement(id)).toMatchObject({ launch: launch('node', { args: ['x.js'] }), before: null })
  agree('My Files!')
  await reopen()
  expect([standing('My Files!'), registry.agreement(id), registry.find('my-files').id]).toEqual([
    { may: 'start' },
    null,
    id,
  ])
})

test('what is agreed to is exactly what was shown', async () => {
  const { id, digest } = await registry.add('a', launch('node'))
  await registry.update(id, { launch: launch('node', { args: ['evil.js'] }) })
  expect(() => registry.agree(id, { digest, secrets: [], trust: false })).toThrow(
    expect.objectContaining({ code: 'server/changed-meanwhile' }),
  )
  expect(standing('a')).toMatchObject({ may: 'wait', for: 'agreement' })
})

test.each<[string, Partial<Launch>]>([
  ['command', { command: 'other' }],
  ['args', { args: ['b', 'a'] }],
  ['cwd', { cwd: '/x' }],
  ['env names', { env: { B: '1' } }],
  ['env values', { env: { A: '2' } }],
  ['secret names', { env: { A: '${secret:OTHER}' } }],
])('after an edit of %s by hand the server waits again and the launch agreed to before is shown', async (_, edit) => {
  const before = launch('node', { args: ['a', 'b'], env: { A: '1' } })
  const { id } = await registry.add('a', before)
  agree('a')
  const { headers: _none, ...now } = { ...before, ...edit }
  write({ a: now })
  await until(() => expect(standing('a')).toMatchObject({ may: 'wait', for: 'agreement' }))
  expect(registry.agreement(id)).toMatchObject({ before, launch: { ...before, ...edit } })
})

test('a url or its headers edited by hand wait again', async () => {
  const remote: Launch = { url: 'https://a.example/mcp', args: [], env: {}, headers: { 'X-A': '1' } }
  await registry.add('r', remote)
  agree('r')
  write({ r: { url: 'https://a.example/mcp', headers: { 'X-A': '2' } } })
  await until(() => expect(standing('r')).toMatchObject({ may: 'wait', for: 'agreement' }))
  write({ r: { url: 'https://a.example/mcp', headers: { 'X-A': '1' } } })
  await until(() => expect(standing('r')).toEqual({ may: 'start' }))
})

test('an agreement copied from another server, or edited, in state.db does not count', async () => {
  const good = await registry.add('good', launch('node'))
  const evil = await registry.add('evil', launch('evil'))
  agree('good')
  await reopen(
    `INSERT INTO sealed SELECT kind, '${evil.id}', replace(value, '${good.digest}', '${evil.digest}'), mac FROM sealed WHERE kind = 'agreement'`,
  )
  expect([standing('good').may, standing('evil').may, forged]).toEqual(['start', 'wait', [`agreement ${evil.id}`]])
  await reopen(`UPDATE sealed SET value = replace(value, 'node', 'nodf') WHERE key = '${good.id}'`)
  expect([standing('good').may, forged]).toEqual(
    ['wait', [`agreement ${evil.id}`, `agreement ${good.id}`]].map((x, i) =>
      i ? expect.arrayContaining([`agreement ${good.id}`]) : x,
    ),
  )
})

test('an id moved to another name by hand takes no agreement and no trust along', async () => {
  const good = await registry.add('good', launch('node'))
  await registry.update(good.id, { trust: true })
  agree('good', [], true)
  const evil = await registry.add('evil', launch('evil'))
  await registry.update(evil.id, { trust: true })
  await reopen(
    `UPDATE server_ids SET name = 'tmp' WHERE name = 'good'; UPDATE server_ids SET name = 'good' WHERE name = 'evil'; UPDATE server_ids SET name = 'evil' WHERE name = 'tmp'`,
  )
  expect(registry.find('evil').id).toBe(good.id)
  expect([standing('evil').may, registry.isTrusted(good.id)]).toEqual(['wait', false])
})

test('trust written by hand does not count and is said', async () => {
  const { id } = await registry.add('a', launch('node'))
  agree('a')
  write({ a: { command: 'node', trust: true } })
  await until(() => expect(registry.find('a').trust).toBe(true))
  expect(registry.isTrusted(id)).toBe(false)
  expect(standing('a')).toMatchObject({ may: 'start', note: expect.stringContaining('does not count') })
  registry.acceptTrust(id, true)
  expect([registry.isTrusted(id), standing('a')]).toEqual([true, { may: 'start' }])
  write({ a: { command: 'node', trust: false } })
  await until(() => expect(registry.isTrusted(id)).toBe(false))
})

test('a server that was switched off is not switched on by editing the file', async () => {
  const { id } = await registry.add('a', launch('node'))
  agree('a')
  await registry.update(id, { enabled: false })
  expect(standing('a')).toMatchObject({ may: 'no' })
  write({ a: { command: 'node', enabled: true, startup: 'eager' } })
  await until(() => expect(registry.find('a').startup).toBe('eager'))
  expect(standing('a')).toMatchObject({ may: 'no', what: expect.stringContaining('in the window') })
  await registry.update(id, { enabled: true })
  expect(standing('a')).toEqual({ may: 'start' })
})

test('a secret is granted once for each digest, and only one that the server names', async () => {
  const { id } = await registry.add('a', launch('node', { env: { T: '${secret:TOKEN}' } }))
  agree('a')
  expect(standing('a')).toMatchObject({
    may: 'wait',
    for: 'secret',
    what: expect.stringContaining('needs the secret TOKEN'),
  })
  stored.add('TOKEN')
  expect(standing('a')).toMatchObject({
    may: 'wait',
    for: 'secret',
    what: expect.stringContaining('asks for the secret TOKEN'),
  })
  expect(() => registry.grant(id, 'OTHER')).toThrow(expect.objectContaining({ code: 'server/secret-not-used' }))
  registry.grant(id, 'TOKEN')
  expect(standing('a')).toEqual({ may: 'start' })
  await registry.update(id, { launch: launch('evil', { env: { T: '${secret:TOKEN}' } }) })
  agree('a')
  expect(standing('a')).toMatchObject({ may: 'wait', for: 'secret' })
  expect(registry.agreement(id)!.secrets).toEqual([{ name: 'TOKEN', stored: true, granted: false }])
})

test.each<[string, Partial<Launch>]>([
  ['args', { args: ['--token', '${secret:TOKEN}'] }],
  ['command', { command: '${secret:TOKEN}' }],
  ['cwd', { cwd: '/${secret:TOKEN}' }],
])('a secret in %s is refused with a hint to env, and nothing is written', async (_, bad) => {
  const before = readFileSync(config, 'utf8')
  await expect(registry.add('a', launch('node', bad))).rejects.toThrow(/env or headers/)
  expect(readFileSync(config, 'utf8')).toBe(before)
})

test('a file that cannot be read is never overwritten; the last good state stays and the place is named', async () => {
  const { id } = await registry.add('a', launch('node'))
  const broken = '{\n  "mcpServers": {\n    "a": { "command": "node" \n    "b": 1\n  }\n}'
  writeFileSync(config, broken)
  await until(() => expect(registry.problem()).toMatchObject({ path: config, line: 4, column: 5 }))
  expect(registry.list().map(d => d.name)).toEqual(['a'])
  for (const attempt of [
    () => registry.add('c', launch('x')),
    () => registry.import('{"mcpServers":{"c":{"command":"x"}}}'),
    () => registry.remove(id),
    () => registry.update(id, { name: 'z' }),
  ])
    await expect(attempt()).rejects.toThrow(/line 4, column 5/)
  expect(readFileSync(config, 'utf8')).toBe(broken)
  write({ a: { command: 'node' } })
  await until(() => expect(registry.problem()).toBeNull())
  expect(registry.find('a').id).toBe(id)
})

test.each([
  ['a wrong type', '{"mcpServers":{"a":{"command":5}}}', 1, 31],
  ['a thousand nested lists', `{"mcpServers":${'['.repeat(1000)}`, 1, 114],
  ['an empty file', '', 1, 1],
  ['a name that stands twice', '{"mcpServers":{"a":{"command":"x"},\n"a":{"command":"y"}}}', 2, 1],
  ['__proto__ as a name', '{"mcpServers":{"__proto__":{"command":"x"}}}', 1, 16],
  ['__proto__ in env', '{"mcpServers":{"a":{"command":"x","env":{"__proto__":"1"}}}}', 1, 42],
  ['constructor as a name', '{"mcpServers":{"constructor":{"command":"x"}}}', 1, 16],
  ['a control character in a command', '{"mcpServers":{"a":{"command":"x\\u0007"}}}', 1, 31],
  ['text that is shown in another order', '{"mcpServers":{"a":{"command":"x","args":["\\u202etxt.exe"]}}}', 1, 43],
  ['a command of absurd size', `{"mcpServers":{"a":{"command":"${'x'.repeat(5000)}"}}}`, 1, 31],
  ['command and url', '{"mcpServers":{"a":{"command":"x","url":"https://a.b"}}}', 1, 41],
  ['neither command nor url', '{"mcpServers":{"a":{}}}', 1, 20],
  ['an unknown bundled server', '{"mcpServers":{"a":{"command":"gatehouse:evil"}}}', 1, 31],
  ['a url that is no web address', '{"mcpServers":{"a":{"url":"file:///etc/passwd"}}}', 1, 27],
  ['a secret in args', '{"mcpServers":{"a":{"command":"x","args":["${secret:A}"]}}}', 1, 42],
])('config.json with %s changes nothing and says where', async (_, text, line, column) => {
  await registry.add('good', launch('node'))
  writeFileSync(config, text)
  await until(() => expect(registry.problem()).toMatchObject({ line, column }))
  expect(registry.list().map(d => d.name)).toEqual(['good'])
})

test('comments, order and formatting survive every change', async () => {
  const text =
    '\ufeff{\r\n\t// mine\r\n\t"mcpServers": {\r\n\t\t/* first */ "a": { "command": "x", "own": [1,2] }, // tail\r\n\t\t"b": {"command":"y",},\r\n\t},\r\n\t"other": 1e2\r\n}\r\n'
  writeFileSync(config, text)
  await until(() => expect(registry.list()).toHaveLength(2))
  const { id } = await registry.add('c', launch('z', { args: ['1'] }))
  await registry.update(registry.find('a').id, { name: 'a2' })
  await registry.remove(id)
  expect(readFileSync(config, 'utf8')).toBe(text.replace('"a"', '"a2"'))
})

test('editors that write by renaming are noticed, and only what changed is announced', async () => {
  await registry.add('a', launch('node'))
  await registry.add('b', launch('node', { args: ['1'] }))
  changed.length = 0
  const next = join(folder.path, 'config.json.tmp')
  writeFileSync(
    next,
    JSON.stringify({
      mcpServers: { a: { command: 'node' }, b: { command: 'node', args: ['2'] }, c: { command: 'x' } },
    }),
  )
  renameSync(next, config)
  await until(() => expect(changed).toEqual(['b', 'c']))
  write({ a: { command: 'node' } })
  await until(() => expect(changed).toEqual(['b', 'c', 'gone', 'gone']))
})

test('an edit right after the start is noticed, and one through a link from elsewhere', async () => {
  write({ early: { command: 'node' } })
  await until(() => expect(registry.list().map(d => d.name)).toEqual(['early']))
  const elsewhere = join(root, 'dotfiles.json')
  renameSync(config, elsewhere)
  symlinkSync(elsewhere, config)
  writeFileSync(elsewhere, JSON.stringify({ mcpServers: { linked: { command: 'node' } } }))
  await until(() => expect(registry.list().map(d => d.name)).toEqual(['linked']))
})

test('the folder is not watched, since each write of its databases would wake the hub', () => {
  const { libuv } = process.report.getReport() as { libuv: { type: string; filename?: string }[] }
  expect(libuv.filter(one => one.type === 'fs_event').map(one => one.filename)).toEqual([])
})

test('a rename by hand keeps id, slug and agreement; so does one in the window', async () => {
  const { id } = await registry.add('old', launch('node', { args: ['x'] }))
  agree('old')
  write({ new: { command: 'node', args: ['x'] } })
  await until(() => expect(registry.list().map(d => [d.id, d.name, d.slug])).toEqual([[id, 'new', 'old']]))
  await registry.update(id, { name: 'newest', launch: launch('other') })
  expect(registry.list().map(d => [d.id, d.name, d.slug])).toEqual([[id, 'newest', 'old']])
  expect(standing('newest')).toMatchObject({ may: 'wait' })
})

test('a removed server is forgotten: the same name and command again wait again', async () => {
  const { id } = await registry.add('a', launch('node'))
  agree('a')
  await registry.remove(id)
  expect(db.prepare(`SELECT * FROM sealed WHERE kind NOT LIKE '#%'`).all()).toEqual([])
  expect(() => registry.find('a')).toThrow(expect.objectContaining({ code: 'server/unknown' }))
  expect((await registry.add('a', launch('node'))).id).not.toBe(id)
  expect(standing('a')).toMatchObject({ may: 'wait', for: 'agreement' })
  expect(forged).toEqual([])
})

test('names that meet get a number, and keys that only a person may set are dropped and named', async () => {
  await registry.add('github', launch('x'))
  const { definitions, dropped } = await registry.import(
    '{"mcpServers":{"github":{"command":"npx","args":["-y","gh"],"trust":true,"startup":"eager","tools":{},"enabled":false,"instance":"per-client"}}}',
  )
  expect(definitions).toMatchObject([
    { name: 'github-2', slug: 'github-2', trust: false, startup: 'lazy', enabled: true, instance: 'shared' },
  ])
  for (const word of ['trust', 'startup', 'tools', 'enabled', 'instance', 'github-2'])
    expect(dropped.join('\n')).toContain(word)
})

test('an import with one bad server writes none of them', async () => {
  const before = readFileSync(config, 'utf8')
  await expect(
    registry.import('{"mcpServers":{"a":{"command":"x"},"b":{"command":"x","args":["${secret:A}"]}}}'),
  ).rejects.toThrow(/b: args/)
  await expect(registry.import('{"mcpServers":{"__proto__":{"command":"x"}}}')).rejects.toThrow()
  expect([readFileSync(config, 'utf8'), registry.list()]).toEqual([before, []])
})

test('without a person everything defined is agreed and granted, and only the policy file trusts', async () => {
  registry.close()
  await open('unattended', ['a'])
  stored.add('T')
  const a = await registry.add('a', launch('node', { env: { T: '${secret:T}' } }))
  const b = await registry.add('b', launch('node'))
  await registry.update(b.id, { trust: true })
  expect([standing('a'), registry.agreement(a.id), registry.isTrusted(a.id), registry.isTrusted(b.id)]).toEqual([
    { may: 'start' },
    null,
    true,
    false,
  ])
})

test('config.json names a schema that describes it', async () => {
  const { $schema } = JSON.parse(readFileSync(config, 'utf8'))
  const schema = JSON.parse(readFileSync(join(folder.path, $schema), 'utf8'))
  expect(Object.keys(schema.properties.mcpServers.additionalProperties.properties)).toEqual(
    expect.arrayContaining(['command', 'args', 'env', 'url', 'headers', 'trust', 'startup']),
  )
})

test('a stored value is written into no definition, in no form; what a hand wrote there can still be switched off', async () => {
  await open()
  const value = 'k9-Tr0ub4dor&3"zebra'
  redactor.learn(value, 'MY_KEY')
  const refused = { code: 'registry/holds-secret' }
  const launch = (part: Partial<Launch>): Launch => ({ command: 'x', args: [], env: {}, headers: {}, ...part })
  for (const [name, given] of [
    [`my ${value}`, launch({})],
    ['a', launch({ args: [`--key=${Buffer.from(value).toString('base64')}`] })],
    ['a', launch({ env: { KEY: `Bearer ${value}` } })],
    ['a', { args: [], env: {}, headers: { 'X-Key': value }, url: 'https://example.com' } satisfies Launch],
  ] as const)
    await expect(registry.add(name, given)).rejects.toMatchObject(refused)
  await expect(registry.import(JSON.stringify({ a: { command: 'x', env: { KEY: value } } }))).rejects.toMatchObject(
    refused,
  )
  const { id } = await registry.add('a', launch({ env: { KEY: '${secret:MY_KEY}' } }))
  await expect(registry.update(id, { launch: launch({ env: { KEY: value } }) })).rejects.toMatchObject(refused)
  await expect(registry.update(id, { name: value })).rejects.toMatchObject(refused)
  expect(readFileSync(config, 'utf8')).not.toContain('Tr0ub4dor')
  writeFileSync(config, JSON.stringify({ mcpServers: { b: { command: 'x', env: { KEY: value } } } }))
  await vi.waitFor(() => expect(registry.list().map(one => one.name)).toEqual(['b']), 30_000)
  await registry.update(registry.find('b').id, { enabled: false })
  expect(registry.find('b').enabled).toBe(false)
})
