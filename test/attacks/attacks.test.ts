// Every way we know to get past the person, in one table: nothing is approved, agreed, loosened, granted or run, and each try is a row.
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openHub } from '../../hub/hub.ts'
import { until } from '../harness.ts'
import { openWindow } from '../window-client.ts'
import { type Attacked, openAttacked, PIN } from './house.ts'

let it: Attacked

beforeAll(async () => {
  it = await openAttacked()
}, 60_000)
afterAll(() => it?.close())

const YES = { kind: 'allow', scope: 'once' } as const

/** Lines to the hub's socket after a hello; what comes back is not looked at. */
async function socket(hello: object, lines: unknown[] = []): Promise<void> {
  const path = connect(it.hub.socket)
  path.on('error', () => {})
  path.resume()
  for (const line of [hello, ...lines]) path.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
  await new Promise(resolve => setTimeout(resolve, 300))
  path.destroy()
}
const hello = (role: string, more: object = {}) => ({ protocol: 1, version: 'x', role, ...more })
const rpc = (path: string, json: unknown) => ({ i: '1', p: { u: path, b: { json } } })
const answerIt = () => rpc('/approvals/answer', { id: it.waits, answer: YES })

async function ask(url: string, options: { method?: string; headers?: Record<string, string>; body?: string }) {
  return new Promise<number>((resolve, reject) => {
    const sent = request(url, { method: options.method ?? 'GET', headers: options.headers ?? {} }, response => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.on('error', reject)
    sent.end(options.body)
  })
}

async function knock(headers: Record<string, string>): Promise<void> {
  const { host } = new URL(it.link)
  const ws = new WebSocket(`ws://${host}/hub`, { headers })
  await new Promise<void>(resolve => ws.once('open', resolve).once('error', () => resolve()))
  ws.terminate()
}

const post = (body: string, headers: Record<string, string> = {}) =>
  ask(it.http.url, {
    method: 'POST',
    headers: {
      ...it.http.headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body,
  })
const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"witness_act","arguments":{}}}'
const initialize = (capabilities: object) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 'hi',
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 'Gatehouse', version: '1' } },
  })

const rejected = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it was answered'),
    () => {},
  )
const newLink = async () => (await it.cli.call.windows.newLink()).url

/** `row`: what the log says of it. */
const attacks: { by: string; row: string; run: () => Promise<unknown> }[] = [
  // The hub's socket, in every role.
  { by: 'the socket with a frame that is no hello', row: 'hello/unreadable', run: () => socket({ hello: 1 }) },
  {
    by: 'the socket as a role that does not exist',
    row: 'hello/unreadable',
    run: () => socket(hello('admin'), [answerIt()]),
  },
  {
    by: 'the socket as the command line without its token',
    row: 'hello/token',
    run: () => socket(hello('cli'), [answerIt()]),
  },
  {
    by: 'the socket as a bridge with a forged token',
    row: 'hello/token',
    run: () => socket(hello('bridge', { token: 'gh_x' }), [call]),
  },
  {
    by: 'a bridge that answers the call in the window’s language',
    row: 'refused/frame',
    run: () => socket(hello('bridge'), [answerIt()]),
  },
  {
    by: 'the socket as a window with a forged key',
    row: 'window/unknown-key',
    run: () => socket(hello('window'), [{ kind: 'key', window: 'w_forged', signature: 'AAAA' }, answerIt()]),
  },
  {
    by: 'the socket as a paired window without its key',
    row: 'window/unknown-key',
    run: () => socket(hello('window'), [{ kind: 'key', window: it.window.key.window, signature: 'AAAA' }, answerIt()]),
  },
  {
    by: 'a window’s id with another key of the right kind',
    row: 'window/unknown-key',
    run: async () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const { verdict } = await openWindow(it.link, { key: { ...it.window.key, privateKey } })
      expect(verdict.kind).toBe('unknown-key')
    },
  },
  // The command line.
  ...(
    [
      ['answering the call', () => it.cli.call.approvals.answer({ id: it.waits, answer: YES })],
      [
        'agreeing to a command',
        () => it.cli.call.servers.agree({ id: it.server, digest: 'x', secrets: [], trust: true }),
      ],
      ['changing a server’s command', () => it.cli.call.servers.update({ id: it.server, launch: { command: 'sh' } })],
      ['granting a secret', () => it.cli.call.secrets.grant({ server: it.server, name: 'TOKEN' })],
      ['accepting a proposal', () => it.cli.call.proposals.accept({ id: 'x' })],
      ['changing the PIN', () => it.cli.call.windows.setPin({ pin: '0000' })],
    ] as const
  ).map(([what, run]) => ({
    by: `the command line, ${what}`,
    row: 'refused/role',
    run: () => rejected(run() as Promise<unknown>),
  })),
  {
    by: 'the command line, loosening the policy',
    row: 'proposal/made',
    run: () => it.cli.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow' } }),
  },
  {
    by: 'the command line, trusting a server',
    row: 'proposal/made',
    run: () => it.cli.call.servers.setTrust({ id: it.server, trust: true }),
  },
  // The HTTP gateway.
  { by: 'the HTTP gateway without a token', row: 'http/401', run: () => post(call, { authorization: '' }) },
  {
    by: 'the HTTP gateway with the command line’s token',
    row: 'http/401',
    run: () =>
      post(call, { authorization: `Bearer ${JSON.parse(readFileSync(join(it.data, 'hub.json'), 'utf8')).token}` }),
  },
  { by: 'the HTTP gateway from a web page', row: 'http/403', run: () => post(call, { origin: 'https://evil.test' }) },
  {
    by: 'the HTTP gateway under another name of this machine',
    row: 'http/403',
    run: () => post(call, { host: 'evil.test:80' }),
  },
  { by: 'the HTTP gateway with a batch', row: 'http/400', run: () => post(`[${call}]`) },
  {
    by: 'the HTTP gateway with a member said twice',
    row: 'http/400',
    run: () => post(call.replace('"arguments"', '"name":"witness_look","arguments"')),
  },
  // An MCP client.
  {
    by: 'a client that claims elicitation and answers its own call',
    row: 'approval/asked',
    run: () =>
      socket(hello('bridge'), [
        initialize({ elicitation: { form: {} } }),
        call,
        '{"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"allow":true}}}',
        '{"jsonrpc":"2.0","id":0,"result":{"action":"accept","content":{}}}',
      ]),
  },
  { by: 'a client with a batch', row: 'refused/frame', run: () => socket(hello('bridge'), [`[${call}]`]) },
  {
    by: 'a client that says an argument twice',
    row: 'refused/frame',
    run: () => socket(hello('bridge'), [call.replace('{}', '{"a":1,"a":2}')]),
  },
  {
    by: 'a client that says a method twice',
    row: 'refused/frame',
    run: () => socket(hello('bridge'), [call.replace('"params"', '"method":"ping","params"')]),
  },
  {
    by: 'a client that says a name in other letters',
    row: 'refused/frame',
    run: () => socket(hello('bridge'), [call.replace('"arguments"', '"Name":"witness_look","arguments"')]),
  },
  {
    by: 'a client with a method nobody knows',
    row: 'approval/asked',
    run: () =>
      socket(hello('bridge', { server: 'witness' }), [
        initialize({}),
        '{"jsonrpc":"2.0","id":7,"method":"approvals/answer","params":{}}',
      ]),
  },
  // A web page on this machine.
  {
    by: 'a page of another port, with its own origin',
    row: 'web/foreign-page',
    run: () => knock({ origin: 'http://127.0.0.1:1' }),
  },
  {
    by: 'a page of another port with a cookie',
    row: 'web/foreign-page',
    run: () => knock({ origin: 'http://127.0.0.1:1', cookie: 'window=w_1; session=1' }),
  },
  { by: 'no page at all', row: 'web/foreign-page', run: () => knock({}) },
  {
    by: 'a rebound name',
    row: 'web/foreign-page',
    run: () => knock({ host: 'evil.test', origin: 'http://evil.test' }),
  },
  {
    by: 'a form that another page sends',
    row: 'web/foreign-page',
    run: () => ask(new URL(it.link).origin, { method: 'POST', headers: { origin: 'http://127.0.0.1:1' } }),
  },
  // Pairing.
  {
    by: 'a link used again',
    row: 'window/link-used',
    run: async () => {
      // It revokes the window that the link paired, so a second one is used for this.
      const url = await newLink()
      const first = await openWindow(url, { pin: PIN })
      expect(first.verdict.kind).toBe('accepted')
      first.close()
      expect((await openWindow(url, { pin: PIN })).verdict.kind).toBe('link-used')
    },
  },
  {
    by: 'a link nobody made',
    row: 'window/link-expired',
    run: () => openWindow(`${new URL(it.link).origin}/#pair=guess`, { pin: PIN }),
  },
  { by: 'a link without its PIN', row: 'window/pin-needed', run: async () => openWindow(await newLink()) },
  { by: 'a wrong PIN', row: 'window/pin-wrong', run: async () => openWindow(await newLink(), { pin: '0000' }) },
  // Files.
  {
    by: 'policy.json edited to allow everything',
    row: 'policy/proposed',
    run: async () => {
      writeFileSync(join(it.data, 'policy.json'), '{"preset":"balanced","rules":[{"effect":"allow"}]}')
      await until('it was read', async () => (await it.window.call.policy.get()).problem !== null)
    },
  },
  {
    by: 'policy.json that says its rules twice',
    row: 'policy/proposed',
    run: async () => writeFileSync(join(it.data, 'policy.json'), '{"rules":[],"rules":[{"effect":"allow"}]}'),
  },
]

test.each(attacks)('$by gets nowhere, and the log says so: $row', async ({ row, run }) => {
  const [before, seq] = [await it.decided(), await it.lastRow()]
  await run()
  await until(`${row} is in the log`, async () => (await it.rowsSince(seq)).includes(row), 30_000)
  expect(await it.decided()).toEqual(before)
})

test('config.json edited by hand trusts nobody and starts nothing', async () => {
  const before = await it.decided()
  const path = join(it.data, 'config.json')
  const config = JSON.parse(readFileSync(path, 'utf8'))
  config.mcpServers.witness.trust = true
  config.mcpServers.planted = { command: 'touch', args: [join(it.data, 'planted')], trust: true }
  writeFileSync(path, JSON.stringify(config))
  const planted = async () => (await it.window.call.servers.list()).find(one => one.name === 'planted')
  await until('it was read', async () => (await planted()) !== undefined)
  expect(await planted()).toMatchObject({ state: { kind: 'waiting', for: 'agreement' }, trusted: false })
  expect(existsSync(join(it.data, 'planted'))).toBe(false)
  expect(await it.decided()).toEqual(before)
})

test('a person’s folder opened with --policy starts no hub, and its log says that somebody tried', async () => {
  const data = mkdtempSync(join(tmpdir(), 'attacked-'))
  await (await openHub({ data, report: () => {} })).close()
  const policy = join(data, '..', 'attack-policy.json')
  writeFileSync(policy, '{"rules":[{"effect":"allow"}]}')
  await expect(openHub({ data, policy, report: () => {} })).rejects.toThrow('belongs to a person')
  const hub = await openHub({ data, report: () => {} })
  const window = await openWindow(await hub.newLink(), { pin: PIN })
  const rows = await window.call.audit.list({ limit: 100 })
  expect(rows.map(row => row.event?.what)).toContain('hub/start-refused')
  expect(await window.call.policy.get()).toMatchObject({ preset: 'careful', rules: [] })
  window.close()
  await hub.close()
})

test('two windows that answer at once: one answer counts, and one is on record', async () => {
  const second = await openWindow(await newLink(), { pin: PIN })
  const seq = await it.lastRow()
  const deny = { kind: 'deny' } as const
  const answers = await Promise.allSettled([
    it.window.call.approvals.answer({ id: it.waits, answer: deny }),
    second.call.approvals.answer({ id: it.waits, answer: YES }),
  ])
  second.close()
  expect(answers.map(one => one.status).sort()).toEqual(['fulfilled', 'rejected'])
  await until('it is in the log', async () => (await it.rowsSince(seq)).some(what => what.startsWith('approval/')))
  expect((await it.rowsSince(seq)).filter(what => /^approval.(allow|deny)$/.test(what))).toHaveLength(1)
})
