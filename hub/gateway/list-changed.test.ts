// Clients are told that a list changed when it did, and at no other time: each needless word makes an agent read all tools again.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fixture, type House, openHouse } from './test-house.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-lists-'))
const file = join(folder, 'tools.json')
const tool = (name: string, more = '') => `{"name":"${name}","inputSchema":{"type":"object"}${more}}`
const offers = (...tools: string[]) => writeFileSync(file, `[${tools.join(',')}]`)
const [A, B, C] = ['a', 'b', 'c'].map(name => tool(name)) as [string, string, string]
/** Longer than changes are gathered before clients are told. */
const AFTER_MS = 1_500

let house: House
beforeAll(async () => {
  offers(A, B, C)
  house = await openHouse({
    servers: {
      changes: [fixture('gateway/changes.mjs'), file, join(folder, 'calls')],
      other: [fixture('gateway/witness.mjs')],
    },
    rules: [{ id: '', effect: 'allow' }],
  })
})
afterAll(() => house?.close())

const told = (frames: string[]) => frames.filter(one => one.includes('list_changed'))
const listed = () => house.supervisor.listing(house.id('changes'))

test('a restart, another order: nothing changed, nobody is told, and the list stays as it was', async () => {
  const clients = [house.client(), house.client({ server: 'changes' })]
  for (const client of clients) await client.initialize()
  const lists = await Promise.all(
    clients.map(client => client.send('{"jsonrpc":"2.0","id":$ID,"method":"tools/list"}', '"l"')),
  )
  const id = house.id('changes')
  for (const order of [
    [A, B, C],
    [C, B, A],
    [B, A, C],
  ]) {
    offers(...order)
    const before = listed()?.at
    await house.supervisor.restart(id)
    expect(listed()?.at).not.toBe(before)
    expect(house.supervisor.state(id)).toMatchObject({ kind: 'running', tools: 3 })
  }
  const before = listed()!.at
  offers(C, A, B)
  const state = house.supervisor.state(id)
  if (state.kind === 'running') process.kill(state.pid!, 'SIGUSR2')
  await expect.poll(() => listed()!.at, { timeout: 30_000 }).not.toBe(before)
  // A server beside it comes and goes in the time between.
  await house.supervisor.restart(house.id('other'))
  await pause(AFTER_MS)
  expect(clients.flatMap(client => told(client.frames))).toEqual([])
  const again = await Promise.all(
    clients.map(client => client.send('{"jsonrpc":"2.0","id":$ID,"method":"tools/list"}', '"l"')),
  )
  expect(again).toEqual(lists)
})

test('a server that comes back with fewer tools is running with those, and each client is told once', async () => {
  offers(A, B, C)
  const id = house.id('changes')
  await house.supervisor.restart(id)
  const clients = [house.client(), house.client({ server: 'changes' }), house.client({ server: 'other' })]
  for (const client of clients) await client.initialize()
  await pause(AFTER_MS)
  for (const client of clients) client.frames.length = 0
  offers(C, B)
  await house.supervisor.restart(id)
  expect(house.supervisor.state(id)).toMatchObject({ kind: 'running', tools: 2 })
  await expect.poll(() => told(clients[0]!.frames).length, { timeout: 30_000 }).toBe(1)
  await pause(AFTER_MS)
  // Whoever sees another server alone has nothing to hear.
  expect(clients.map(client => told(client.frames).length)).toEqual([1, 1, 0])
  const names = (await clients[1]!.request('tools/list')).result as { tools: { name: string }[] }
  expect(names.tools.map(one => one.name)).toEqual(['c', 'b'])
})
