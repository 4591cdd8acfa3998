// Walks the whole table over every kind of connection: what is not for it is refused, changes nothing, and is recorded.
import { mkdtempSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connectHub, type HubConnection } from '../cli/hub-connection.ts'
import { contract } from '../contract/index.ts'
import type { Role } from '../contract/procedure.ts'
import { type Hub, openHub } from '../hub/hub.ts'
import { openWindow, type WindowClient } from './window-client.ts'

let data: string
let hub: Hub
let cli: HubConnection
let window: WindowClient
let link: string

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'who-'))
  hub = await openHub({ data })
  link = await hub.newLink()
  window = await openWindow(link, { pin: '4711' })
  cli = (await connectHub(data))!
})
afterAll(async () => {
  window.close()
  cli.close()
  await hub.close()
})

const procedures = Object.entries(contract).flatMap(([noun, verbs]) =>
  Object.entries(verbs).map(([verb, procedure]) => ({ noun, verb, from: procedure['~orpc'].meta.from as Role[] })),
)

async function refusals(): Promise<number> {
  const rows = await window.call.audit.list({ kinds: ['refused'], limit: 1000 })
  return rows.length
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'answered',
    error => String(error.code ?? error),
  )
}

test('the table has procedures for the window alone, and the ones that decide are among them', () => {
  const windowOnly = procedures.filter(one => !one.from.includes('cli')).map(one => `${one.noun}.${one.verb}`)
  expect(windowOnly).toEqual(
    expect.arrayContaining([
      'approvals.answer',
      'questions.answer',
      'servers.agree',
      'servers.update',
      'secrets.grant',
      'proposals.accept',
      'windows.revoke',
      'windows.setPin',
    ]),
  )
})

test('the command line is refused what is for the window, before its input is even looked at, and each time is recorded', async () => {
  const windowOnly = procedures.filter(one => !one.from.includes('cli'))
  const before = await refusals()
  for (const { noun, verb } of windowOnly) {
    const procedure = (cli.call as unknown as Record<string, Record<string, (input?: unknown) => Promise<unknown>>>)[
      noun
    ]![verb]!
    expect([noun, verb, await codeOf(procedure({ id: 'x' }))]).toEqual([noun, verb, 'FORBIDDEN'])
  }
  expect((await refusals()) - before).toBe(windowOnly.length)
})

test('no procedure is open to bridges', () => {
  expect(procedures.filter(one => one.from.includes('bridge'))).toEqual([])
})

/** What the hub says, `count` lines of it and what comes right behind. */
async function firstLines(hello: object, then: string[] = [], count = 1): Promise<string[]> {
  const { socket: path } = JSON.parse(readFileSync(join(data, 'hub.json'), 'utf8'))
  const socket = connect(path)
  let text = ''
  socket.on('data', chunk => {
    text += chunk
  })
  socket.on('error', () => {})
  for (const frame of [hello, ...then]) socket.write(`${typeof frame === 'string' ? frame : JSON.stringify(frame)}\n`)
  const lines = () => text.split('\n').slice(0, -1)
  await expect.poll(() => lines().length).toBeGreaterThanOrEqual(count)
  await new Promise(resolve => setTimeout(resolve, 200))
  socket.destroy()
  return lines()
}

test('a bridge that speaks the window’s language is answered as an MCP peer that talks nonsense', async () => {
  const frame = JSON.stringify({
    i: '1',
    p: { u: '/approvals/answer', b: { json: { id: 'x', answer: { kind: 'allow', scope: 'once' } } } },
  })
  const lines = await firstLines({ protocol: 1, version: 'x', role: 'bridge' }, [frame], 2)
  expect(lines.length).toBe(2)
  expect(JSON.parse(lines[1]!)).toMatchObject({ jsonrpc: '2.0', error: { code: -32600 } })
})

test.each([
  ['a wrong token', { protocol: 1, version: 'x', role: 'cli', token: 'guess' }],
  ['no token', { protocol: 1, version: 'x', role: 'cli' }],
  ['a role that does not exist', { protocol: 1, version: 'x', role: 'admin' }],
  [
    'a bridge token nobody gave out',
    { protocol: 1, version: 'x', role: 'bridge', token: 'gh_forged', client: 'claude-desktop' },
  ],
  ['another protocol', { protocol: 99, version: '9.9', role: 'cli' }],
])('the socket refuses %s in words', async (_, hello) => {
  const before = await refusals()
  const [line] = await firstLines(hello)
  expect(JSON.parse(line!).problem.message.length).toBeGreaterThan(10)
  await expect.poll(refusals).toBe(before + 1)
})

test('a window without a paired key gets a challenge and nothing else, over the socket as over the web', async () => {
  const forged = JSON.stringify({ kind: 'key', window: window.key.window, signature: 'AAAA' })
  const frames = [forged, '{"i":"1","p":{"u":"/hub/status"}}']
  const lines = await firstLines({ protocol: 1, version: 'x', role: 'window' }, frames, 4)
  expect(lines.map(line => Object.keys(JSON.parse(line)).sort().join())).toEqual([
    'instance,protocol,version',
    'address,firstPairing,instance,nonce,pinNeeded',
    'kind,problem',
    'address,firstPairing,instance,nonce,pinNeeded',
  ])
})

test('the web listener takes windows only', async () => {
  const { origin, host } = new URL(link)
  const ws = new WebSocket(`ws://${host}/hub`, { origin })
  const answer = new Promise<string>(resolve => ws.on('message', text => resolve(String(text))))
  const { token } = JSON.parse(readFileSync(join(data, 'hub.json'), 'utf8'))
  ws.on('open', () => ws.send(JSON.stringify({ protocol: 1, version: 'x', role: 'cli', token })))
  expect(JSON.parse(await answer).problem.message).toBe('Only windows connect here.')
})

test('a second pairing from a new link needs the PIN, and a link used again is refused', async () => {
  const { url } = await cli.call.windows.newLink()
  expect((await openWindow(url)).verdict.kind).toBe('pin-needed')
  expect((await openWindow(url, { pin: '0000' })).verdict.kind).toBe('pin-wrong')
  expect((await openWindow(link, { pin: '4711' })).verdict.kind).toBe('link-used')
})

test('what loosens is kept for a person; what tightens is done at once', async () => {
  const again = await openWindow((await cli.call.windows.newLink()).url, { pin: '4711' })
  expect(await cli.call.policy.change({ kind: 'preset', preset: 'balanced' })).toMatchObject({ applied: false })
  expect(await cli.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow' } })).toMatchObject({
    applied: false,
  })
  expect((await cli.call.policy.get()).preset).toBe('careful')
  expect(await cli.call.policy.change({ kind: 'read-only', on: true })).toMatchObject({ applied: true })
  expect(await cli.call.policy.change({ kind: 'read-only', on: false })).toMatchObject({ applied: false })
  expect((await cli.call.policy.get()).readOnly).toBe(true)
  const proposals = await again.call.proposals.list()
  expect(proposals.length).toBe(3)
  for (const { id } of proposals.filter(one => !one.after.includes('ead-only')))
    await again.call.proposals.refuse({ id })
  const [left] = await again.call.proposals.list()
  await again.call.proposals.accept({ id: left!.id })
  expect(await cli.call.policy.get()).toMatchObject({ preset: 'careful', readOnly: false, rules: [] })
  again.close()
})

test('an agreement to a command that is no longer the one shown is refused, and not on record', async () => {
  const again = await openWindow((await cli.call.windows.newLink()).url, { pin: '4711' })
  const { servers } = await again.call.servers.add({
    name: 'late',
    launch: { command: 'node', args: [], env: {}, headers: {} },
  })
  const agree = again.call.servers.agree({
    id: servers[0]!.id,
    digest: 'of what was shown before',
    secrets: [],
    trust: false,
  })
  expect(await agree.catch(error => error.data.code)).toBe('server/changed-meanwhile')
  expect((await again.call.servers.get({ id: 'late' })).state).toMatchObject({ kind: 'waiting', for: 'agreement' })
  const rows = await again.call.audit.list({ kinds: ['server'], limit: 1000 })
  expect(rows.map(row => row.event?.what)).not.toContain('server/agreed')
  again.close()
})
