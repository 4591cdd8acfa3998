// Tries of clients to get past the gate with what policy allows them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { fixture, type House, type HouseOptions, openHouse } from './test-house.ts'

let folder: string
let house: House | undefined

afterEach(async () => {
  await house?.close()
  house = undefined
  if (folder) rmSync(folder, { recursive: true, force: true })
})

async function witnessed(options: Partial<HouseOptions> = {}) {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-attack-'))
  const log = join(folder, 'received')
  house = await openHouse({
    servers: { witness: [fixture('gateway/witness.mjs'), log] },
    trust: ['witness'],
    ...options,
  })
  const methods = () =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter(line => line.includes('tools/call'))
  return { house, calls: methods }
}

test.each([
  ['between the members of a message', (inner: string) => `,"x":\r${inner}\r`],
  ['with a newline beside it', (inner: string) => `,"x":\n\r${inner}\r\n`],
])('a call hidden behind a carriage return %s is no call of its own', async (_, hide) => {
  const { house, calls } = await witnessed()
  const client = house.client()
  await client.initialize()
  const hidden = '{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"act","arguments":{}}}'
  await client.send(
    `{"jsonrpc":"2.0","id":$ID,"method":"tools/call","params":{"name":"witness_look","arguments":{}}${hide(hidden)}}`,
  )
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(calls().length).toBe(1)
  expect(calls()[0]!.startsWith('{"jsonrpc":"2.0","id"')).toBe(true)
  expect(JSON.parse(calls()[0]!).params.name).toBe('look')
})

/** A call that the test leaves waiting. */
const unanswered = (call: Promise<unknown>) => void call.catch(() => {})
const waiting = () => house!.approvals.list().filter(one => one.state.kind === 'waiting')

test('what else a call carries is seen by the person and bound to the yes; a client’s own notes are neither', async () => {
  const { house } = await witnessed()
  const client = house.client({ client: 'cursor' })
  await client.initialize()
  const call = (more: object) => client.call('witness_act', { n: 1 }, more)
  unanswered(
    call({ _meta: { progressToken: 1, 'claudecode/toolUseId': 'a', 'vscode.requestId': 'x' }, task: { ttl: 60000 } }),
  )
  await expect.poll(waiting).toHaveLength(1)
  expect(JSON.parse(waiting()[0]!.arguments)).toEqual({ n: 1 })
  unanswered(call({ _meta: { progressToken: 2, cluster: 'prod' } }))
  await expect.poll(waiting).toHaveLength(2)
  expect(JSON.parse(waiting()[1]!.arguments)).toEqual({ arguments: { n: 1 }, _meta: { cluster: 'prod' } })
  unanswered(call({ task: { ttl: 1, onBehalfOf: 'root' } }))
  await expect.poll(waiting).toHaveLength(3)
  expect(JSON.parse(waiting()[2]!.arguments)).toEqual({ arguments: { n: 1 }, task: { ttl: 1, onBehalfOf: 'root' } })
  unanswered(call({ _meta: { 'vscode.requestId': { cluster: 'prod' } } }))
  await expect.poll(waiting).toHaveLength(4)
  expect(waiting()[3]!.arguments).toContain('prod')
  // A yes for the first covers its repeat with other notes, and none with another cluster.
  for (const one of waiting())
    house.approvals.answer(
      one.id,
      {
        kind: one.arguments.includes('_meta') || one.arguments.includes('task') ? 'deny' : 'allow',
        scope: 'minutes',
      } as never,
      'window:1',
    )
  expect(JSON.stringify(await call({ _meta: { 'claudecode/toolUseId': 'b' } }))).toContain('done')
  unanswered(call({ _meta: { cluster: 'staging' } }))
  await expect.poll(waiting).toHaveLength(1)
})

test('an allow for certain arguments does not cover a call that carries more than them', async () => {
  const allow = { id: '', effect: 'allow' as const, tool: 'act', arguments: [{ path: 'n', equals: 1 }], exactly: true }
  const { house } = await witnessed({ rules: [allow] })
  const client = house.client()
  await client.initialize()
  expect(JSON.stringify(await client.call('witness_act', { n: 1 }, { _meta: { progressToken: 9 } }))).toContain('done')
  unanswered(client.call('witness_act', { n: 1 }, { _meta: { tenant: 'other' } }))
  await expect.poll(waiting).toHaveLength(1)
})

test('a notification with an id is no request to a server', async () => {
  const { house } = await witnessed()
  const client = house.client({ server: 'witness' })
  await client.initialize()
  const { error } = await client.request('notifications/cancelled', { requestId: 1 })
  expect(error?.code).toBe(-32601)
})

test('a server that is disabled or removed takes its prompts with it', async () => {
  const { house } = await witnessed()
  const client = house.client()
  await client.initialize()
  const first = client.call('witness_act', { n: 1 })
  await expect.poll(waiting).toHaveLength(1)
  await house.registry.update(house.id('witness'), { enabled: false })
  expect(JSON.stringify(await first)).toContain('was disabled')
  expect(waiting()).toEqual([])
})

test('an answer is for the call that asked: its records are joined', async () => {
  const { house } = await witnessed()
  const client = house.client()
  await client.initialize()
  const answer = client.call('witness_act', { n: 1 })
  await expect.poll(waiting).toHaveLength(1)
  const [asked] = waiting()
  expect(() => house.approvals.answer(asked!.id, { kind: 'allow', scope: 'tool' }, 'window:1')).toThrow(
    'cannot be allowed',
  )
  house.approvals.answer(asked!.id, { kind: 'allow', scope: 'once' }, 'window:1')
  await answer
  const rows = await house.rows()
  const joined = rows.filter(row => row.event?.correlation === asked!.correlation).map(row => row.event!.what)
  expect(joined).toEqual(['approval/asked', 'call/allowed', 'call/ended'])
  expect(() => house.approvals.answer(asked!.id, { kind: 'deny' }, 'window:1')).toThrow('answered already')
})

test.each(['cli', 'inspector'] as const)('“this session” is not offered to %s, which has none', async as => {
  const { house } = await witnessed()
  const gone = new AbortController()
  const call = house.gateway.call({
    as,
    server: house.id('witness'),
    tool: 'act',
    arguments: '{}',
    signal: gone.signal,
  })
  call.catch(() => {})
  await expect.poll(waiting).toHaveLength(1)
  expect(waiting()[0]!.scopes).not.toContain('session')
  gone.abort()
})

test('a tool that changes on its server takes its prompts with it at once', async () => {
  const { house } = await witnessed()
  const listing = house.supervisor.listing.bind(house.supervisor)
  const client = house.client()
  await client.initialize()
  const answer = client.call('witness_act', { n: 1 })
  await expect.poll(waiting).toHaveLength(1)
  const real = listing(house.id('witness'))!
  const changed = { ...real, tools: real.tools.map(text => text.replace('"Acts"', '"Acts, harmlessly"')) }
  house.supervisor.listing = () => changed
  house.announcer.emit('servers/listing-changed', house.id('witness'))
  expect(JSON.stringify(await answer)).toContain('witness changed act')
  expect(waiting()).toEqual([])
})
