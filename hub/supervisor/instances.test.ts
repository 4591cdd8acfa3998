import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask } from './ask.ts'
import type { InstanceFor } from './instances.ts'
import { definitionOf, exists, openStage, type Stage, until } from './test-stage.ts'
import type { Upstream } from './upstream.ts'

const LIMIT_MS = 30_000
let stage: Stage

beforeEach(async () => {
  stage = await openStage()
})
afterEach(() => stage.close())

const who = (key: string, more: Partial<InstanceFor> = {}): InstanceFor => ({
  key,
  client: `client of ${key}`,
  capabilities: {},
  clientInfo: { name: key, version: '1' },
  ...more,
})

const call = async (upstream: Upstream, args: object = {}) =>
  JSON.parse(await ask(upstream, 'tools/call', { name: 'act', arguments: args })) as {
    pid: number
    capabilities: unknown
    clientInfo: unknown
  }

async function listed(env: Record<string, string> = {}, more: object = {}): Promise<string> {
  stage.supervisor.begin()
  const launch = { command: process.execPath, args: definitionOf('greets').launch.args, env, headers: {} }
  const id = stage.add('greets', { instance: 'per-client', launch, ...more })
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running' })
  return id
}

const pidOf = async (id: string, key: string) => (await call(await stage.supervisor.awake(id, undefined, who(key)))).pid
const gone = (pid: number) =>
  until(
    () => exists(pid),
    alive => !alive,
    LIMIT_MS,
  )
const runs = () => JSON.parse(readFileSync(join(stage.folder, 'ledger.json'), 'utf8')).runs as unknown[]

test('each client has a child of its own, told what that client can do and who it is', async () => {
  const id = await listed()
  const [a, b] = [who('a', { capabilities: { roots: {}, 'x-own': { n: 1 } } }), who('b')]
  const first = await call(await stage.supervisor.awake(id, undefined, a))
  const second = await call(await stage.supervisor.awake(id, undefined, b))
  expect([first, second]).toEqual([
    { pid: expect.any(Number), capabilities: a.capabilities, clientInfo: a.clientInfo },
    { pid: expect.any(Number), capabilities: {}, clientInfo: b.clientInfo },
  ])
  const own = stage.supervisor.details(id).pid
  expect(new Set([own, first.pid, second.pid]).size).toBe(3)
  expect(await pidOf(id, 'a')).toBe(first.pid)
  expect(stage.supervisor.details(id)).toMatchObject({ instances: 2, pids: [own, first.pid, second.pid] })
  await until(
    () => stage.supervisor.details(id).usage?.processes,
    processes => processes === 3,
    LIMIT_MS,
  )
  expect(stage.events.filter(event => event.what === 'server/started').map(event => event.client)).toEqual([
    undefined,
    'client of a',
    'client of b',
  ])
})

test('a shared server is one child, whoever calls', async () => {
  stage.supervisor.begin()
  const id = stage.add('greets')
  expect([await pidOf(id, 'a'), await pidOf(id, 'b')]).toEqual([
    stage.supervisor.details(id).pid,
    stage.supervisor.details(id).pid,
  ])
})

test('a hundred calls at once to a cold server start one child for each client', async () => {
  const id = await listed()
  const calls = Array.from({ length: 100 }, (_, n) => pidOf(id, `link ${n % 3}`))
  expect(new Set(await Promise.all(calls)).size).toBe(3)
  expect(runs()).toHaveLength(4)
})

test('when a link leaves, its child ends and the others live on', async () => {
  const id = await listed()
  const [a, b] = [await pidOf(id, 'a'), await pidOf(id, 'b')]
  const lost = stage.supervisor.awake(id, undefined, who('a')).then(upstream => call(upstream, { do: 'hang' }))
  const told = expect(lost).rejects.toMatchObject({ code: 'server/gone' })
  await stage.supervisor.awake(id, undefined, who('a'))
  stage.supervisor.leave('a')
  await told
  await gone(a)
  expect(await pidOf(id, 'b')).toBe(b)
  expect(stage.supervisor.details(id).instances).toBe(1)
})

test.each([0, 5, 40, 150])('a link that leaves %i ms into a start leaves no child', async ms => {
  const id = await listed()
  const coming = stage.supervisor.awake(id, undefined, who('a')).then(
    () => 'it was up already',
    error => error.code,
  )
  await new Promise(resolve => setTimeout(resolve, ms))
  stage.supervisor.leave('a')
  expect(['it was up already', 'server/stopped', 'server/gone']).toContain(await coming)
  await until(
    () => runs().length,
    count => count === 1,
    LIMIT_MS,
  )
})

test('a child killed in mid-call: who waits is told, the others notice nothing, and the next call finds another', async () => {
  const id = await listed()
  const [a, b] = [await pidOf(id, 'a'), await pidOf(id, 'b')]
  const upstream = await stage.supervisor.awake(id, undefined, who('a'))
  const lost = expect(call(upstream, { do: 'hang' })).rejects.toMatchObject({ code: 'server/gone' })
  process.kill(a, 'SIGKILL')
  await lost
  await upstream.closed
  expect(await pidOf(id, 'a')).not.toBe(a)
  expect(await pidOf(id, 'b')).toBe(b)
  expect(stage.supervisor.details(id).restarts).toBe(1)
  expect(stage.supervisor.state(id)).toMatchObject({ kind: 'running' })
})

test('a child that dies of its client over and over is left alone, and only it', async () => {
  const id = await listed({ GREET: 'dies' })
  const error = () => stage.supervisor.awake(id, undefined, who('a')).then(String, problem => problem.message as string)
  await until(error, message => message.includes('exit code 9'), LIMIT_MS)
  await until(
    () => stage.events.filter(event => event.what === 'server/exited').length,
    exits => exits >= 5,
    LIMIT_MS,
  )
  await expect(stage.supervisor.awake(id, undefined, who('a'))).rejects.toMatchObject({ code: 'server/not-running' })
  expect(stage.events.filter(event => event.what === 'server/exited')).toHaveLength(5)
  expect(stage.supervisor.state(id)).toMatchObject({ kind: 'running' })
  expect(runs()).toHaveLength(1)
})

test('a child that never answers initialize fails after its patience, and a link that leaves meanwhile leaves nothing', async () => {
  await stage.close()
  stage = await openStage({ patienceMs: 5_000, delayMs: 60_000 })
  const id = await listed({ GREET: 'never' })
  const coming = expect(stage.supervisor.awake(id, undefined, who('a'))).rejects.toMatchObject({
    code: 'server/not-running',
    message: expect.stringContaining('no sign of life'),
  })
  const other = expect(stage.supervisor.awake(id, undefined, who('b'))).rejects.toMatchObject({
    code: 'server/stopped',
  })
  await until(runs, all => all.length === 3, LIMIT_MS)
  stage.supervisor.leave('b')
  await Promise.all([coming, other])
  await until(runs, all => all.length === 1, LIMIT_MS)
})

test('a client may have a server started five times within a minute, and no more', async () => {
  const id = await listed()
  const same = (key: string) => stage.supervisor.awake(id, undefined, who(key, { client: 'one' }))
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map(same))
  await expect(same('f')).rejects.toMatchObject({
    code: 'server/too-many-starts',
    message: expect.stringContaining('5 times'),
    hint: expect.stringMatching(/Try again in \d+ s/),
  })
  await same('a')
  await stage.supervisor.awake(id, undefined, who('g'))
  expect(runs()).toHaveLength(7)
  // Links that come and go are the same client still.
  for (const key of ['a', 'b', 'c', 'd', 'e']) stage.supervisor.leave(key)
  await expect(same('h')).rejects.toMatchObject({ code: 'server/too-many-starts' })
})

test('a client with seven servers of its own finds all of them at its first connection', async () => {
  stage.supervisor.begin()
  const { launch } = definitionOf('greets')
  const ids = Array.from({ length: 7 }, (_, n) =>
    stage.add('greets', { id: `id-${n}`, name: `greets-${n}`, launch, instance: 'per-client' }),
  )
  const pids = await Promise.all(ids.map(id => pidOf(id, 'a')))
  expect(new Set(pids).size).toBe(7)
})

test.each<[string, (id: string) => unknown, RegExp]>([
  ['stopped', id => stage.supervisor.stop(id), /server.stopped/],
  [
    'no longer agreed to',
    id => {
      stage.standings.set(id, { may: 'wait', for: 'agreement', what: 'Nobody has agreed.' })
      stage.announcer.emit('config/changed')
    },
    /server.(waiting|stopped)/,
  ],
  [
    'removed',
    id => {
      stage.definitions.delete(id)
      stage.announcer.emit('config/changed')
    },
    /server.unknown/,
  ],
])('a server that is %s takes its children along, and starts no more', async (_, act, code) => {
  const id = await listed()
  const pids = [await pidOf(id, 'a'), await pidOf(id, 'b')]
  await act(id)
  await Promise.all(pids.map(gone))
  await expect(stage.supervisor.awake(id, undefined, who('a'))).rejects.toMatchObject({
    code: expect.stringMatching(code),
  })
  await until(runs, all => all.length === 0, LIMIT_MS)
})

test.each<[string, (id: string) => unknown]>([
  ['restarted', id => stage.supervisor.restart(id)],
  ['given another launch', () => listed({ OTHER: '1' })],
  ['made shared', () => stage.add('greets', { instance: 'shared' })],
])('a server that is %s serves the next call with another child', async (_, act) => {
  const id = await listed()
  const pid = await pidOf(id, 'a')
  await act(id)
  await gone(pid)
  expect(await pidOf(id, 'a')).not.toBe(pid)
})

test('an idle child goes to sleep, and the next call wakes it', async () => {
  const id = await listed({}, { idleStopMinutes: 0.3 / 60 })
  const pid = await pidOf(id, 'a')
  await gone(pid)
  await until(
    () => stage.supervisor.details(id).instances,
    instances => instances === 0,
    LIMIT_MS,
  )
  expect(await pidOf(id, 'a')).not.toBe(pid)
})

test('closing ends all children at once, also those that are just starting', async () => {
  const id = await listed()
  const pid = await pidOf(id, 'a')
  const coming = stage.supervisor.awake(id, undefined, who('b')).catch(() => {})
  await stage.supervisor.close()
  await coming
  expect(exists(pid)).toBe(false)
  expect(runs()).toEqual([])
  await expect(stage.supervisor.awake(id, undefined, who('c'))).rejects.toMatchObject({ code: 'server/stopped' })
})

test('the server itself may sleep while its children work', async () => {
  const id = await listed()
  const pid = await pidOf(id, 'a')
  await stage.supervisor.close()
  const again = await openStage({}, stage.folder)
  again.definitions.set(id, stage.definitions.get(id)!)
  again.supervisor.begin()
  expect(again.supervisor.state(id).kind).toBe('sleeping')
  const other = await call(await again.supervisor.awake(id, undefined, who('a')))
  expect(other.pid).not.toBe(pid)
  expect([again.supervisor.state(id).kind, again.supervisor.details(id).instances]).toEqual(['sleeping', 1])
  await again.supervisor.close()
})
