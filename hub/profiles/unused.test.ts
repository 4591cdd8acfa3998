// What the log can say of tools that a client did not call, on a real log.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { Audit } from '../audit/audit.ts'
import { unusedBy } from './unused.ts'

const DAY = 86_400_000
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-unused-'))
const cursor = { id: 'cursor', name: 'Cursor' }
let audit: Audit

beforeAll(async () => {
  audit = await Audit.open({
    folder,
    signing: () => null,
    anchor: { read: async () => null, write: async () => {} },
    announcer: new Announcer(),
    redact: text => text,
  })
  const call = (client: string, server: string, tool: string) =>
    audit.append({ kind: 'call', what: 'call/allowed', client, server, tool }, { durable: true })
  await call('cursor', 'srv_a', 'used')
  await call('zed', 'srv_a', 'of-another')
  await call('cursor', 'srv_b', 'idle')
  for (let n = 0; n < 1_100; n++)
    void audit.append(
      { kind: 'call', what: 'call/allowed', client: 'cursor', server: 'srv_a', tool: 'often' },
      { durable: false },
    )
})
afterAll(async () => {
  await audit.close()
  rmSync(folder, { recursive: true, force: true })
})

const servers = (since: number | null) => [
  { id: 'srv_a', since, tools: ['used', 'often', 'of-another', 'idle'] },
  { id: 'srv_b', since, tools: ['used', 'idle'] },
  { id: 'srv_c', since, tools: ['one', 'two'] },
]
const named = (unused: ReadonlyMap<string, ReadonlySet<string>>) => [...unused].map(([id, tools]) => [id, ...tools])

test('a call of long ago is found behind a thousand others; what another client or server used does not count', async () => {
  // One second ahead: the period of a day begins a day before, and the log has to reach back that far.
  const log = { list: audit.list.bind(audit), retentionState: async () => ({ oldestAt: 0 }) }
  const found = await unusedBy(cursor, servers(0), 30, log, Date.now() + 29 * DAY)
  expect(found).toMatchObject({ isKnown: true, words: 'By what Cursor called in the last 30 days.' })
  expect(named(found.unused)).toEqual([
    ['srv_a', 'of-another', 'idle'],
    ['srv_b', 'used'],
    ['srv_c', 'one', 'two'],
  ])
})

test('nothing is claimed of a time before the log, of a client that called nothing, or of a server that is newer', async () => {
  const young = await unusedBy(cursor, servers(0), 30, audit, Date.now() + 3 * DAY)
  expect(young).toMatchObject({
    isKnown: false,
    words: 'The log goes back 3 days; what was unused for 30 is not known yet.',
  })
  const idle = await unusedBy(cursor, servers(0), 30, audit, Date.now() + 31 * DAY)
  expect(idle).toMatchObject({ isKnown: false, words: 'Cursor called nothing in the last 30 days.' })
  const log = { list: audit.list.bind(audit), retentionState: async () => ({ oldestAt: 0 }) }
  for (const since of [null, Date.now()]) {
    const fresh = await unusedBy(cursor, servers(since), 30, log, Date.now() + 29 * DAY)
    expect([named(fresh.unused), fresh.words]).toEqual([[], expect.stringContaining('3 servers are newer than that.')])
  }
})
