import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { HubError } from '../error.ts'
import { fixture, type House, type HouseOptions, openHouse } from './test-house.ts'

let folder: string
let house: House | undefined

afterEach(async () => {
  vi.useRealTimers()
  await house?.close()
  house = undefined
  if (folder) rmSync(folder, { recursive: true, force: true })
})

/** A house with one witness, and what reached it since it was listed. */
async function witnessed(options: Partial<HouseOptions> = {}) {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-witness-'))
  const log = join(folder, 'received')
  house = await openHouse({ servers: { witness: [fixture('gateway/witness.mjs'), log] }, ...options })
  const before = readFileSync(log, 'utf8').length
  const received = () =>
    readFileSync(log, 'utf8')
      .slice(before)
      .split('\n')
      .filter(line => line && !line.includes('"ping"'))
  return { house, received }
}

const ASK_ALL = { id: '', effect: 'ask' as const }

/** Every request a client can make of a server, MCP's and a vendor's. */
const REQUESTS: [name: string, method: string, params: object][] = [
  ['a tool', 'tools/call', { name: 'act', arguments: { n: 1 } }],
  ['a tool that only reads', 'tools/call', { name: 'look', arguments: {} }],
  ['a prompt', 'prompts/get', { name: 'greet' }],
  [
    'a completion',
    'completion/complete',
    { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'who', value: 'a' } },
  ],
  ['a resource', 'resources/read', { uri: 'note://one' }],
  ['a resource of a template', 'resources/read', { uri: 'note://x/text' }],
  ['a subscription', 'resources/subscribe', { uri: 'note://one' }],
  ['an end of a subscription', 'resources/unsubscribe', { uri: 'note://one' }],
  ['a log level', 'logging/setLevel', { level: 'debug' }],
  ['a vendor method', 'vendor/delete', { everything: true }],
  ['a task method', 'tasks/get', { taskId: '1' }],
  ['tasks/result', 'tasks/result', { taskId: '1' }],
]

/** One house for the table, and a link of its own for each line of it. */
describe('under an ask rule', () => {
  let table: Awaited<ReturnType<typeof witnessed>>
  let ownFolder: string
  let clients = 0
  beforeAll(async () => {
    table = await witnessed({ rules: [ASK_ALL] })
    ownFolder = folder
    // What is cleared after each test is not this one's.
    house = undefined
    folder = ''
  })
  afterAll(async () => {
    await table.house.close()
    rmSync(ownFolder, { recursive: true, force: true })
  })

  async function asked(method: string, params: object) {
    const { house, received } = table
    const before = received().length
    // A client of its own: one has 20 links at most.
    const single = house.client({ server: 'witness', client: `tester-${++clients}` })
    await single.initialize()
    const answer = single.request(method, params)
    const waiting = () => house.approvals.list().filter(one => one.state.kind === 'waiting')
    return { approvals: house.approvals, answer, waiting, received: () => received().slice(before) }
  }

  test.each(REQUESTS)(
    '%s that policy asks about reaches no server before a person allowed it',
    async (_, method, params) => {
      const { approvals, answer, waiting, received } = await asked(method, params)
      await new Promise(resolve => setTimeout(resolve, 150))
      expect(received()).toEqual([])
      if (method === 'logging/setLevel') return void (await answer)
      expect(waiting()).toHaveLength(1)
      approvals.answer(waiting()[0]!.id, { kind: 'deny', word: 'not today' }, 'window:1')
      const said = JSON.stringify(await answer)
      expect(said).toContain('Nothing was run')
      expect(said).toContain('not today')
      expect(received()).toEqual([])
    },
  )

  test.each(REQUESTS)(
    '%s that policy asks about reaches the server once when a person allows it',
    async (_, method, params) => {
      if (method === 'logging/setLevel') return
      const { approvals, answer, waiting, received } = await asked(method, params)
      await expect.poll(() => waiting().length).toBe(1)
      approvals.answer(waiting()[0]!.id, { kind: 'allow', scope: 'once' }, 'window:1')
      expect((await answer).error).toBeUndefined()
      const expected = method === 'resources/unsubscribe' ? 0 : 1
      expect(received().filter(line => JSON.parse(line).method === method).length).toBe(expected)
    },
  )
})

test('requests written as notifications, and unknown notifications under an ask rule, reach no server', async () => {
  const { house, received } = await witnessed({ rules: [ASK_ALL, { id: '', effect: 'allow', tool: 'look' }] })
  for (const server of [undefined, 'witness']) {
    const client = house.client(server ? { server } : {})
    await client.initialize()
    await client.call(server ? 'look' : 'witness_look')
    client.notify('tools/call', { name: server ? 'act' : 'witness_act', arguments: {} })
    client.notify('notifications/vendor/delete', {})
    client.notify('vendor/delete', {})
    client.notify('notifications/roots/list_changed', {})
  }
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(received().filter(line => !line.includes('"name":"look"'))).toEqual([])
})

test('a deny rule is told to the model in words, and recorded', async () => {
  const { house, received } = await witnessed({ rules: [{ id: '', effect: 'deny', tool: 'act' }] })
  const client = house.client()
  await client.initialize()
  const { result } = await client.call('witness_act', { n: 1 })
  expect(result).toMatchObject({
    isError: true,
    content: [{ type: 'text', text: expect.stringContaining('Nothing was run.') }],
  })
  expect(received()).toEqual([])
  const row = (await house.rows()).find(r => r.event?.what === 'call/denied')
  expect(row?.event).toMatchObject({
    kind: 'call',
    client: 'tester',
    tool: 'act',
    outcome: 'denied',
    by: '1',
    decision: { effect: 'deny', rule: '1' },
  })
})

test('a changing call is on disk before its frame goes to the server, and none goes when it cannot be recorded', async () => {
  const order: string[] = []
  const { house, received } = await witnessed({
    rules: [{ id: '', effect: 'allow' }],
    instead: ({ audit }) => ({
      audit: {
        async append(event, o) {
          if (typeof event === 'function' || event.what !== 'call/allowed') return audit.append(event, o)
          expect(o.durable).toBe(true)
          await audit.append(event, o)
          if (event.arguments?.text.includes('full'))
            throw new HubError('audit/not-writable', 'The audit log cannot be written: the disk is full.')
          order.push(`recorded, then ${received().length} received`)
        },
      },
    }),
  })
  const client = house.client()
  await client.initialize()
  expect((await client.call('witness_act', { n: 1 })).result).toBeDefined()
  expect(order).toEqual(['recorded, then 0 received'])
  const { result } = await client.call('witness_act', { n: 'full' })
  expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('the disk is full') }] })
  expect(received().length).toBe(1)
})

test('read-only switched on while a call waits ends it, and nothing is run', async () => {
  const { house, received } = await witnessed()
  const client = house.client()
  await client.initialize()
  const answer = client.call('witness_act', {})
  await expect.poll(() => house.approvals.list().length).toBe(1)
  house.policy.change({ kind: 'read-only', on: true }, 'window', 'window:1')
  expect(JSON.stringify(await answer)).toContain('read-only')
  expect(received()).toEqual([])
})

test('fifteen minutes for one path outside the folders are for that path alone', async () => {
  const { house, received } = await witnessed({ trust: ['witness'] })
  house.policy.change({ kind: 'folder', path: '/srv', on: true }, 'window', 'window:1')
  const client = house.client()
  await client.initialize()
  const look = (path: string) => client.call('witness_look', { path })
  const waiting = () => house.approvals.list().filter(one => one.state.kind === 'waiting')
  const first = look('/home/me/readme')
  await expect.poll(() => waiting().length).toBe(1)
  house.approvals.answer(waiting()[0]!.id, { kind: 'allow', scope: 'minutes' }, 'window:1')
  await first
  await look('/home/me/readme')
  await look('/srv/a')
  expect(received()).toHaveLength(3)
  const other = look('/home/me/.ssh/id_rsa')
  await expect.poll(() => waiting().length).toBe(1)
  expect(waiting()[0]!.reasons[0]).toBe('/home/me/.ssh/id_rsa is outside the folders you named.')
  house.approvals.answer(waiting()[0]!.id, { kind: 'deny' }, 'window:1')
  await other
  expect(received()).toHaveLength(3)
})

test('over a limit the model hears when to try again, nothing is run, and the log says so once', async () => {
  const { house, received } = await witnessed({ rules: [{ id: '', effect: 'allow' }] })
  house.policy.change({ kind: 'limit', limit: { tool: 'act', perMinute: 2 }, on: true }, 'cli', 'cli')
  const client = house.client()
  await client.initialize()
  for (let n = 0; n < 2; n++) await client.call('witness_act', {})
  const over = [await client.call('witness_act', {}), await client.call('witness_act', {})]
  for (const one of over)
    expect(one.result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/Try again in \d+ s\./) }],
    })
  expect(received().length).toBe(2)
  await client.call('witness_look', {})
  expect(received().length).toBe(3)
  const told = (await house.rows()).filter(row => row.event?.by === 'rate-limit')
  expect(told.map(row => [row.event?.what, row.event?.outcome])).toEqual([['call/denied', 'denied']])
})

test('read-only switched on while the record is written still stops the call', async () => {
  const { house, received } = await witnessed({
    rules: [{ id: '', effect: 'allow' }],
    instead: ({ audit }) => ({
      audit: {
        async append(event, o) {
          await audit.append(event, o)
          if (typeof event !== 'function' && event.what === 'call/allowed')
            house.policy.change({ kind: 'read-only', on: true }, 'window', 'w')
        },
      },
    }),
  })
  const client = house.client()
  await client.initialize()
  expect(JSON.stringify(await client.call('witness_act', {}))).toContain('Gatehouse is read-only now')
  expect(received()).toEqual([])
})

test('a call that its client cancels while a person is asked is never run, and the prompt goes', async () => {
  const { house, received } = await witnessed()
  const client = house.client()
  await client.initialize()
  client.link.receive('{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"witness_act"}}')
  await expect.poll(() => house.approvals.list().length).toBe(1)
  const { id } = house.approvals.list()[0]!
  client.notify('notifications/cancelled', { requestId: 77 })
  await expect.poll(() => house.approvals.list().filter(a => a.state.kind === 'waiting').length).toBe(0)
  expect(() => house.approvals.answer(id, { kind: 'allow', scope: 'once' }, 'w')).toThrow()
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(received()).toEqual([])
  expect(client.messages.some(m => m.id === 77)).toBe(false)
  expect((await house.rows()).some(r => r.event?.what === 'call/cancelled')).toBe(true)
})

test('a client that disconnects takes its waiting prompts with it', async () => {
  const { house, received } = await witnessed()
  const client = house.client()
  await client.initialize()
  void client.call('witness_act', {}).catch(() => {})
  await expect.poll(() => house.approvals.list().length).toBe(1)
  client.link.close('gone')
  await expect.poll(() => house.approvals.list().filter(a => a.state.kind === 'waiting').length).toBe(0)
  expect(received()).toEqual([])
})

test('a tool that changes while a person is asked is not run as the old one', async () => {
  house = await openHouse({ servers: { plain: [fixture('servers/normal.mjs')] } })
  const inside = house
  let lie = false
  const listing = inside.supervisor.listing.bind(inside.supervisor)
  inside.supervisor.listing = id => {
    const real = listing(id)
    if (!lie || !real) return real
    changed ??= { ...real, tools: real.tools.map(t => t.replace('Does something', 'Does something else')) }
    return changed
  }
  let changed: ReturnType<typeof listing> | undefined
  const client = inside.client()
  await client.initialize()
  const answer = client.call('plain_act', { do: 'pid' })
  await expect.poll(() => inside.approvals.list().length).toBe(1)
  lie = true
  inside.approvals.answer(inside.approvals.list()[0]!.id, { kind: 'allow', scope: 'once' }, 'w')
  expect(JSON.stringify(await answer)).toContain('changed on its server')
})

test('while a person is asked, a client that wants progress hears that the call waits', async () => {
  const { house } = await witnessed()
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const client = house.client()
  await client.initialize()
  void client.call('witness_act', {}, { _meta: { progressToken: 'tok' } }).catch(() => {})
  await expect.poll(() => house.approvals.list().length).toBe(1)
  const said = client.next(m => m.method === 'notifications/progress')
  vi.advanceTimersByTime(10_000)
  const beat = JSON.parse(await said)
  expect(beat.params).toMatchObject({ progressToken: 'tok', message: 'Waiting for approval in Gatehouse' })
  expect(beat.params.progress).toBeLessThan(0.001)
})

test('allowed calls and their results are recorded under one correlation', async () => {
  const { house } = await witnessed({ rules: [{ id: '', effect: 'allow' }] })
  const client = house.client()
  await client.initialize()
  await client.call('witness_act', { secretly: 1 })
  const rows = (await house.rows()).flatMap(r => (r.event?.correlation ? [r.event] : []))
  expect(rows.map(r => r.what)).toEqual(['call/allowed', 'call/ended'])
  expect(rows[0]!.correlation).toBe(rows[1]!.correlation)
  expect(rows[1]).toMatchObject({
    kind: 'result',
    outcome: 'ok',
    durationMs: expect.any(Number),
    bytes: expect.any(Number),
  })
})

test('a quick read of a trusted server is one row, which says that it was let through and how it ended', async () => {
  const { house } = await witnessed({ trust: ['witness'], instead: () => ({ holding: { quickMs: 60_000 } }) })
  const client = house.client()
  await client.initialize()
  await client.call('witness_look', { path: 'a' })
  const rows = (await house.rows()).flatMap(r => (r.event?.tool === 'look' ? [r.event] : []))
  expect(rows).toEqual([
    expect.objectContaining({
      kind: 'call',
      what: 'call/allowed',
      outcome: 'ok',
      durationMs: expect.any(Number),
      bytes: expect.any(Number),
      decision: expect.objectContaining({ effect: 'allow', risk: 'reads' }),
      arguments: expect.objectContaining({ text: '{"path":"a"}' }),
    }),
  ])
})

test('a read that takes long is in the log while it runs, and its end follows', async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-slow-'))
  const servers = { slow: [fixture('gateway/answers-late.mjs'), join(folder, 'go')] }
  house = await openHouse({ servers, trust: ['slow'] })
  const client = house.client()
  await client.initialize()
  const answer = client.call('slow_look')
  const told = async () =>
    (await house!.rows()).flatMap(r => (r.event?.tool === 'look' ? [[r.event.what, r.event.outcome]] : []))
  await expect.poll(told, { timeout: 30_000 }).toEqual([['call/allowed', undefined]])
  writeFileSync(join(folder, 'go'), '')
  await answer
  expect(await told()).toEqual([
    ['call/allowed', undefined],
    ['call/ended', 'ok'],
  ])
})

test('a hub that just started lists the tools of servers that are still cold, and a call starts the one it needs', async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-cold-'))
  const first = await openHouse({
    servers: { cold: [fixture('servers/normal.mjs')] },
    rules: [{ id: '', effect: 'allow' }],
    path: folder,
  })
  await first.close()
  house = await openHouse({ servers: {}, start: false, path: folder })
  expect(house.supervisor.state(house.id('cold')).kind).toBe('sleeping')
  const client = house.client()
  await client.initialize()
  const { result } = await client.request('tools/list')
  expect(JSON.stringify(result)).toContain('"cold_echo"')
  expect(house.supervisor.state(house.id('cold')).kind).toBe('sleeping')
  expect((await client.call('cold_act', { do: 'pid' })).result).toMatchObject({ pid: expect.any(Number) })
  expect(house.supervisor.state(house.id('cold')).kind).toBe('running')
})

test('a server nobody agreed to is in no list, and its tools cannot be called', async () => {
  house = await openHouse({ servers: { known: [fixture('servers/normal.mjs')] }, rules: [{ id: '', effect: 'allow' }] })
  const { id } = await house.registry.add('stranger', {
    command: process.execPath,
    args: [fixture('servers/normal.mjs')],
    env: {},
    headers: {},
  })
  const [client, single] = [house.client(), house.client({ server: 'stranger' })]
  await client.initialize()
  expect(JSON.stringify((await client.request('tools/list')).result)).not.toContain('stranger')
  expect((await client.call('stranger_echo')).error).toMatchObject({ code: -32602 })
  expect((await single.request('initialize', { protocolVersion: '2025-11-25' })).error?.message).toContain('Agree')
  expect((await single.call('echo')).error?.message).toContain('Agree')
  expect(house.supervisor.state(id).kind).toBe('waiting')
})

test('a log level that policy asks about is not passed on later either, with a call that is allowed', async () => {
  const { house, received } = await witnessed({
    rules: [
      { id: '', effect: 'allow' },
      { id: '', effect: 'ask', tool: 'logging/*' },
    ],
  })
  const client = house.client()
  await client.initialize()
  await client.request('logging/setLevel', { level: 'debug' })
  await client.call('witness_act')
  expect(received().map(line => JSON.parse(line).method)).toEqual(['tools/call'])
})
