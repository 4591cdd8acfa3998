// Every way we know to get past the person, in one table: nothing is approved, agreed, loosened, granted or run, and each try is a row.
import { createHash, generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openHub } from '../../hub/hub.ts'
import { addAndAgree, fixture } from '../e2e/stories.ts'
import { hasKeychain, until } from '../harness.ts'
import { openWindow } from '../window-client.ts'
import { type Attacked, openAttacked, PIN } from './house.ts'

let it: Attacked

beforeAll(async () => {
  it = await openAttacked()
})
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

function editConfig(change: (config: { mcpServers: Record<string, Record<string, unknown>> }) => void): void {
  const path = join(it.data, 'config.json')
  const config = JSON.parse(readFileSync(path, 'utf8'))
  change(config)
  writeFileSync(path, JSON.stringify(config))
}
const stateOf = async (name: string) => (await it.window.call.servers.list()).find(one => one.name === name)?.state.kind

function inState(sql: string, ...values: string[]): void {
  const db = new Database(join(it.data, 'state.db'))
  db.prepare(sql).run(...values)
  db.close()
}

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
    row: 'refused/answer',
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
    row: 'refused/method',
    run: () =>
      socket(hello('bridge'), [
        initialize({}),
        '{"jsonrpc":"2.0","id":7,"method":"approvals/answer","params":{"answer":{"kind":"allow"}}}',
      ]),
  },
  {
    by: 'a client of one server with a method nobody knows',
    row: 'approval/asked approvals/answer',
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
    row: 'policy/unreadable',
    run: async () => writeFileSync(join(it.data, 'policy.json'), '{"rules":[],"rules":[{"effect":"allow"}]}'),
  },
  {
    by: 'policy.json that says an effect twice',
    row: 'policy/unreadable',
    run: async () => writeFileSync(join(it.data, 'policy.json'), '{"rules":[{"effect":"deny","effect":"allow"}]}'),
  },
  {
    by: 'a server written into config.json',
    row: 'config/edited',
    run: async () => {
      editConfig(({ mcpServers }) => {
        mcpServers.planted = { command: 'touch', args: [join(it.data, 'planted')], trust: true, startup: 'eager' }
      })
      const planted = async () => (await it.window.call.servers.list()).find(one => one.name === 'planted')
      await until('it was read', async () => (await planted()) !== undefined)
      expect(await planted()).toMatchObject({ state: { kind: 'waiting', for: 'agreement' }, trusted: false })
      expect(existsSync(join(it.data, 'planted'))).toBe(false)
    },
  },
  {
    by: 'a server that config.json trusts by hand',
    row: 'config/edited',
    run: async () =>
      editConfig(({ mcpServers }) => {
        mcpServers.witness!.trust = true
      }),
  },
  {
    by: 'a disabled server that config.json enables by hand',
    row: 'config/edited',
    run: async () => {
      const [off] = await addAndAgree(it.window, {
        off: { command: process.execPath, args: [fixture('greets.mjs')] },
      }).then(all => all.filter(one => one.name === 'off'))
      await it.window.call.servers.setEnabled({ id: off!.id, enabled: false })
      await until('it is off', async () => (await stateOf('off')) === 'stopped')
      const seq = await it.lastRow()
      editConfig(({ mcpServers }) => {
        mcpServers.off!.enabled = true
      })
      await until('the edit is in the log', async () => (await it.rowsSince(seq)).includes('config/edited'), 30_000)
      expect(await stateOf('off')).toBe('stopped')
    },
  },
  {
    by: 'another command under an agreed server’s name in config.json',
    row: 'config/edited',
    run: async () => {
      const seq = await it.lastRow()
      editConfig(({ mcpServers }) => {
        mcpServers.off = { command: 'touch', args: [join(it.data, 'swapped')] }
      })
      await until('the edit is in the log', async () => (await it.rowsSince(seq)).includes('config/edited'), 30_000)
      expect(existsSync(join(it.data, 'swapped'))).toBe(false)
    },
  },
  // state.db, written to beside the hub.
  {
    by: 'a proposal planted in state.db',
    row: 'store/forged',
    run: async () => {
      const apply = JSON.stringify({ kind: 'policy', change: { kind: 'add-rule', rule: { effect: 'allow' } } })
      inState('INSERT INTO proposals VALUES (?, 1, ?, ?, NULL, ?, ?)', 'planted', 'gatehouse', 'Be safer', 'x', apply)
      expect((await it.window.call.proposals.list()).map(one => one.id)).not.toContain('planted')
      await rejected(it.window.call.proposals.accept({ id: 'planted' }))
    },
  },
  {
    by: 'a proposal of the hub’s own, edited in state.db',
    row: 'store/forged',
    run: async () => {
      await it.cli.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow', tool: 'look' } })
      const [own] = (await it.window.call.proposals.list()).filter(one => one.after.includes('look'))
      const apply = JSON.stringify({ kind: 'policy', change: { kind: 'add-rule', rule: { effect: 'allow' } } })
      inState('UPDATE proposals SET apply = ? WHERE id = ?', apply, own!.id)
      await rejected(it.window.call.proposals.accept({ id: own!.id }))
    },
  },
  {
    // Whoever can write here can read a client's token in that client's own file: it is one more client, and is asked about.
    by: 'a client planted in state.db, with a token of its own',
    row: 'approval/asked act',
    run: async () => {
      const kept = JSON.stringify({ hashes: [createHash('sha256').update('gh_planted').digest('hex')], retired: [] })
      const others = JSON.stringify([{ id: 'other-planted', name: 'Gatehouse', transport: 'stdio', addedAt: 1 }])
      inState('INSERT INTO kv VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value', 'other-clients', others)
      inState('INSERT INTO kv VALUES (?, ?)', 'client-token:other-planted', kept)
      await socket(hello('bridge', { client: 'other-planted', token: 'gh_planted' }), [initialize({}), call])
    },
  },
]

test.each(attacks)('$by gets nowhere, and the log says so: $row', async ({ row, run }) => {
  const [before, seq] = [await it.decided(), await it.lastRow()]
  await run()
  await until(`${row} is in the log`, async () => (await it.rowsSince(seq)).includes(row), 30_000)
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

test.skipIf(!hasKeychain)(
  'wrong PINs are counted over restarts: then the right one opens nothing either, and each is a row',
  async () => {
    const data = mkdtempSync(join(tmpdir(), 'attacked-'))
    let hub = await openHub({ data, report: () => {} })
    const first = await openWindow(await hub.newLink(), { pin: PIN })
    first.close()
    const rows: string[] = []
    const verdicts = new Set<string>()
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 7; n++)
        verdicts.add((await openWindow(await hub.newLink(), { pin: `${round}000${n}` })).verdict.kind)
      await hub.close()
      hub = await openHub({ data, report: () => {} })
    }
    expect([...verdicts]).not.toContain('accepted')
    const guess = await openWindow(await hub.newLink(), { pin: PIN }).then(one => one.verdict.kind)
    expect(guess).not.toBe('accepted')
    const window = await openWindow(await hub.newLink(), { key: first.key })
    expect((await window.call.windows.list()).map(one => one.id)).toEqual([first.key.window])
    for (const row of await window.call.audit.list({ limit: 200 })) if (row.event) rows.push(row.event.what)
    expect(rows.filter(what => what === 'window/pin-wrong').length).toBe(20)
    expect(rows).toContain('window/pin-limit')
    window.close()
    await hub.close()
  },
  120_000,
)

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

test('a link used again revokes the window it paired, the first one too', async () => {
  const data = mkdtempSync(join(tmpdir(), 'attacked-'))
  const hub = await openHub({ data, report: () => {} })
  const link = await hub.newLink()
  const first = await openWindow(link, { pin: PIN })
  expect(first.verdict.kind).toBe('accepted')
  expect((await openWindow(link, { pin: PIN })).verdict.kind).toBe('link-used')
  await expect(first.call.windows.list()).rejects.toThrow()
  expect((await openWindow(await hub.newLink(), { key: first.key })).verdict.kind).toBe('unknown-key')
  expect((await openWindow(await hub.newLink())).verdict.kind).toBe('pin-needed')
  const next = await openWindow(await hub.newLink(), { pin: PIN })
  expect((await next.call.windows.list()).map(one => one.id)).toEqual([next.key.window])
  const rows = await next.call.audit.list({ limit: 100 })
  const said = rows.map(row => row.event?.what)
  expect(said).toContain('window/link-used')
  expect(said).toContain('window/revoked')
  next.close()
  await hub.close()
})

test.skipIf(!hasKeychain)('facts written into state.db count for nothing, and each is a row', async () => {
  const data = mkdtempSync(join(tmpdir(), 'attacked-'))
  const open = () => openHub({ data, report: () => {} })
  let hub = await open()
  const first = await openWindow(await hub.newLink(), { pin: PIN })
  const key = first.key
  const { servers } = await first.call.servers.import({
    text: JSON.stringify({ mcpServers: { planted: { command: 'touch', args: [join(data, 'planted')] } } }),
  })
  const { agreement } = await first.call.servers.get({ id: servers[0]!.id })
  await first.call.policy.change({ kind: 'add-rule', rule: { effect: 'deny', tool: 'drop_*' } })
  first.close()
  await hub.close()
  const db = new Database(join(data, 'state.db'))
  const plant = (kind: string, name: string, value: object) =>
    db
      .prepare('INSERT INTO sealed VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value')
      .run(kind, name, JSON.stringify(value), Buffer.alloc(32))
  const { digest, launch } = agreement!
  plant('agreement', servers[0]!.id, { digest, launch, at: 1 })
  plant('trust', servers[0]!.id, { digest })
  const loose = { preset: 'balanced', readOnly: false, rules: [{ id: '1', effect: 'allow' }], lastRule: 1 }
  plant('policy', 'state', loose)
  db.close()

  hub = await open()
  const window = await openWindow(await hub.newLink(), { key })
  // The file is not what the keychain remembers: nothing in it counts until a person has looked, and then no forged row.
  await window.call.hub.settleState({ choice: 'believe' }).catch(() => {})
  await window.call.policy.change({ kind: 'stop', on: false })
  expect(await window.call.servers.get({ id: servers[0]!.id })).toMatchObject({
    trusted: false,
    state: { kind: 'waiting', for: 'agreement' },
  })
  const rows = await window.call.audit.list({ limit: 100 })
  const forged = rows.flatMap(({ event }) => (event?.what === 'store/forged' ? [event.detail] : [])).join()
  for (const what of ['agreement', 'policy']) expect(forged).toContain(what)
  const { preset, rules } = await window.call.policy.get()
  expect([preset, rules.map(rule => `${rule.effect} ${rule.tool}`)]).toEqual(['careful', ['deny drop_*']])
  expect(existsSync(join(data, 'planted'))).toBe(false)
  window.close()
  await hub.close()
})

test.skipIf(!hasKeychain)(
  'a row of state.db that was only edited: nothing in the file counts before a person has looked',
  async () => {
    const data = mkdtempSync(join(tmpdir(), 'attacked-'))
    let hub = await openHub({ data, report: () => {} })
    const first = await openWindow(await hub.newLink(), { pin: PIN })
    const [server] = await addAndAgree(first, { normal: { command: process.execPath, args: [fixture('normal.mjs')] } })
    const state = async (window: typeof first) => (await window.call.servers.get({ id: server!.id })).state.kind
    await first.call.policy.change({ kind: 'stop', on: true })
    first.close()
    await hub.close()
    const db = new Database(join(data, 'state.db'))
    db.prepare("UPDATE sealed SET value = '{}' WHERE kind = 'policy'").run()
    db.close()
    rmSync(join(data, 'policy.json'))

    hub = await openHub({ data, report: () => {} })
    const window = await openWindow(await hub.newLink(), { key: first.key })
    expect(await state(window)).toBe('waiting')
    const rows = (await window.call.audit.list({ limit: 100 })).map(row => row.event?.what)
    expect(rows).toContain('store/rolled-back')
    await window.call.hub.settleState({ choice: 'believe' })
    expect((await window.call.policy.get()).stopped).toBe(true)
    expect(await state(window)).toBe('stopped')
    window.close()
    await hub.close()
  },
)

test.skipIf(!hasKeychain)('a state.db that says it is a machine’s without a person starts no hub', async () => {
  const data = mkdtempSync(join(tmpdir(), 'attacked-'))
  await (await openHub({ data, report: () => {} })).close()
  const setMode = (mode: string) => {
    const db = new Database(join(data, 'state.db'))
    db.prepare("UPDATE kv SET value = ? WHERE key = 'mode'").run(mode)
    db.close()
  }
  setMode('unattended')
  const policy = join(data, '..', 'attack-kv.json')
  writeFileSync(policy, '{"rules":[{"effect":"allow"}]}')
  await expect(openHub({ data, policy, report: () => {} })).rejects.toThrow('was made for a person')
  setMode('person')
  const hub = await openHub({ data, report: () => {} })
  const window = await openWindow(await hub.newLink(), { pin: PIN })
  const rows = await window.call.audit.list({ limit: 100 })
  expect(rows.map(row => row.event?.what)).toContain('hub/start-refused')
  window.close()
  await hub.close()
})
