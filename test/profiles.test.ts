// Profiles in a whole hub: over HTTP, from the command line, on record, and after the hub was started anew.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli } from '../cli/testing/run-cli.ts'
import { type Hub, openHub } from '../hub/hub.ts'
import { openWindow, type WindowClient } from './window-client.ts'

const EVERYTHING = new URL(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js')).pathname
const folder = mkdtempSync(join(tmpdir(), 'gh-profiles-'))
const data = join(folder, 'data')
const policy = join(folder, 'rules.json')
let hub: Hub
let window: WindowClient
let other: { id: string; url: string; token: string }

beforeAll(async () => {
  writeFileSync(policy, JSON.stringify({ rules: [{ effect: 'allow' }] }))
  hub = await openHub({ data, policy })
  window = await openWindow(await hub.newLink(), { pin: '4711' })
  const launch = { command: process.execPath, args: [EVERYTHING, 'stdio'], env: {}, headers: {} }
  await window.call.servers.add({ name: 'every', launch })
  await window.call.servers.start({ id: 'every' })
  const { id, entry } = await window.call.clients.addOther({ name: 'Web one', transport: 'http' })
  const text = JSON.stringify(JSON.parse(entry))
  other = {
    id,
    url: /http:\/\/127\.0\.0\.1:\d+\/mcp/.exec(text)![0],
    token: /gh_[\w-]+/.exec(text)![0],
  }
})
afterAll(async () => {
  window?.close()
  await hub?.close()
})

const run = (...line: string[]) => runCli(['--data', data, ...line], {})

async function post(path: string, method: string, params: object) {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'web', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const headers: Record<string, string> = {
    authorization: `Bearer ${other.token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...('name' in params ? { 'mcp-name': String(params.name) } : {}),
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } })
  const text = await (await fetch(other.url + path, { method: 'POST', headers, body })).text()
  return text.startsWith('{')
    ? text
    : text
        .split('\n')
        .find(line => line.startsWith('data: {'))!
        .slice(6)
}

test('what is hidden from the command line is gone at once, among all and on the URL of its one server', async () => {
  const call = { name: 'every_echo', arguments: { message: 'hi' } }
  expect(await post('', 'tools/call', call)).toContain('Echo: hi')
  const { code, out } = await run('clients', 'profile', other.id, '--hide', 'every/echo')
  expect([code, out]).toEqual([0, expect.stringMatching(/Before: \d+ tools, about \d+ tokens\. After: \d+ tools/)])
  expect(await post('', 'tools/call', call)).toContain('every_echo is hidden from Web one by its profile in Gatehouse')
  expect(await post('', 'tools/list', {})).not.toContain('every_echo')
  const alone = '/s/every'
  expect(await post(alone, 'tools/call', { ...call, name: 'echo' })).toContain('echo is hidden from Web one')
  expect(await post(alone, 'tools/list', {})).not.toContain('"echo"')
  expect(await post(alone, 'tools/list', {})).toContain('"get-sum"')
})

test('showing more from the command line waits for a person, and is there once that person said yes', async () => {
  const hidden = async () => {
    const { servers } = await window.call.profiles.get({ client: other.id })
    return servers[0]!.tools.find(tool => tool.name === 'echo')!.why
  }
  expect(await hidden()).toBe('tool')
  const { code, out } = await run('clients', 'profile', other.id, '--show', 'every/echo')
  expect([code, out]).toEqual([0, expect.stringContaining('waits for you in the window')])
  expect(await hidden()).toBe('tool')
  const [proposal] = await window.call.proposals.list()
  expect(proposal).toMatchObject({ what: 'Change what Web one is shown', after: 'show every/echo' })
  await window.call.proposals.accept({ id: proposal!.id })
  expect(await hidden()).toBe(null)
})

test('a server page and a profile say the same of what a tool costs', async () => {
  const { servers } = await window.call.profiles.get({ client: other.id })
  const tools = await window.call.servers.tools({ server: 'every' })
  expect(tools.map(tool => tool.tokens)).toEqual(servers[0]!.tools.map(tool => tool.tokens))
})

test('a dry run says what would be and changes nothing', async () => {
  const { out } = await run('clients', 'profile', other.id, '--hide', 'every', '--dry-run', '--json')
  const said = JSON.parse(out)
  expect(said).toMatchObject({ applied: false, after: { tools: 0, tokens: 0 } })
  expect(said.before.tools).toBeGreaterThan(5)
  expect((await window.call.profiles.get({ client: other.id })).shown).toEqual(said.before)
})

test('each change is on record, in words, and can be taken back by its undo', async () => {
  const before = await window.call.profiles.get({ client: other.id })
  const hide = [{ server: 'every', tool: 'every_get-sum' }, { server: 'every' }]
  const done = await window.call.profiles.change({ client: other.id, hide, show: [] })
  expect(done).toMatchObject({ applied: true, after: { tools: 0 } })
  const rows = await window.call.audit.list({ kinds: ['policy'], limit: 1 })
  expect(rows[0]!.event).toMatchObject({
    what: 'policy/changed',
    detail: 'Change what Web one is shown: hide every/get-sum, every',
  })
  await window.call.profiles.change({ client: other.id, ...done.undo })
  expect(await window.call.profiles.get({ client: other.id })).toEqual(before)
})

test('a client, a server or a tool that is not there is said so, and nothing is kept', async () => {
  const wrong = [
    ['nobody', 'every', 'No client is called "nobody"'],
    ['../../x', 'every', 'No client is called'],
    ['__proto__', 'every', 'No client is called'],
    [other.id, 'nothing', 'nothing'],
    [other.id, 'every/nothing', 'every lists no tool "nothing"'],
  ] as const
  for (const [client, ref, words] of wrong) {
    const { code, err } = await run('clients', 'profile', client, '--hide', ref)
    expect([client, ref, code === 0, err]).toEqual([client, ref, false, expect.stringContaining(words)])
  }
  expect((await run('clients', 'profile', 'nobody')).err).toContain('No client is called "nobody"')
})

test('a profile is there again after the hub was started anew, and gone with its client', async () => {
  await window.call.profiles.change({ client: 'cursor', hide: [{ server: 'every' }], show: [] })
  window.close()
  await hub.close()
  hub = await openHub({ data, policy })
  window = await openWindow(await hub.newLink(), { pin: '4711' })
  expect((await window.call.profiles.get({ client: 'cursor' })).servers[0]).toMatchObject({ hidden: true })
  await window.call.clients.removeOther({ id: other.id })
  await expect(window.call.profiles.get({ client: other.id })).rejects.toThrow('No client')
})
