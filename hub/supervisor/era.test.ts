import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fixture, openStage, type Stage } from './test-stage.ts'

let stage: Stage

beforeEach(async () => {
  stage = await openStage({ probeMs: 1_500 })
})
afterEach(() => stage.close())

const logged = (file: string) => readFileSync(file, 'utf8').trim().split('\n')

function add(how: string) {
  const log = join(stage.folder, 'heard')
  const launch = { command: process.execPath, args: [fixture('era'), how, log], env: {}, headers: {} }
  return { id: stage.add(how, { launch }), log }
}

test('a server of the modern era is listed with an envelope and followed by a stream of its changes', async () => {
  const { id, log } = add('modern')
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running', tools: 1 })
  const listing = stage.supervisor.listing(id)!
  expect(listing.era).toBe('modern')
  expect(JSON.parse(listing.initialize)['x-kept']).toBe(1)
  expect(JSON.parse(listing.around.tools!)).toEqual({ _meta: { page: 'first' }, ttlMs: 5, cacheScope: 'public' })
  expect(stage.supervisor.details(id)).toMatchObject({ protocolVersion: '2026-07-28', serverInfo: { name: 'era' } })
  expect((await stage.supervisor.awake(id)).era).toBe('modern')
  await expect.poll(() => stage.supervisor.state(id), { timeout: 20_000 }).toMatchObject({ tools: 2 })
  expect(logged(log)).not.toContain('initialize')
})

test.each(['dual', 'modern-late'])('%s: the newer era is chosen, also when its answer comes late', async how => {
  const { id } = add(how)
  await stage.supervisor.start(id)
  expect(stage.supervisor.listing(id)?.era).toBe('modern')
})

test('a slow server that takes both questions was greeted by the later one, and is asked anew at its next start', async () => {
  const { id, log } = add('late-to-both')
  await stage.supervisor.start(id)
  expect(stage.supervisor.listing(id)?.era).toBe('legacy')
  await stage.supervisor.restart(id)
  expect(logged(log).filter(method => method === 'server/discover')).toHaveLength(2)
})

test.each(['legacy', 'silent-when-probed', 'refuses-version', 'garbage'])(
  '%s: it is initialized in the same process, and not asked again at the next start',
  async how => {
    const { id, log } = add(how)
    expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running' })
    expect(stage.supervisor.listing(id)?.era).toBe('legacy')
    expect(stage.supervisor.details(id).restarts).toBe(0)
    expect(logged(log).slice(0, 2)).toEqual(['server/discover', 'initialize'])
    await stage.supervisor.restart(id)
    expect(logged(log).filter(method => method === 'server/discover')).toHaveLength(1)
  },
)

test('a server that dies when it is asked is spawned once more, which is no crash', async () => {
  const { id, log } = add('dies-when-probed')
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running' })
  expect(stage.supervisor.details(id).restarts).toBe(0)
  expect(stage.events.map(event => event.what)).not.toContain('server/exited')
  await stage.supervisor.restart(id)
  expect(logged(log).filter(method => method === 'server/discover')).toHaveLength(1)
})

test.each([
  ['legacy', 'modern'],
  ['dies-when-probed', 'modern'],
  ['modern', 'legacy'],
  ['modern', 'dies-when-probed'],
])('a %s server whose package was updated to %s comes up at its next start', async (before, after) => {
  const instead = join(stage.folder, 'instead')
  const args = [fixture('era'), before, join(stage.folder, 'heard'), instead]
  const id = stage.add('updated', { launch: { command: process.execPath, args, env: {}, headers: {} } })
  await stage.supervisor.start(id)
  writeFileSync(instead, after)
  expect(await stage.supervisor.restart(id)).toMatchObject({ kind: 'running', tools: 1 })
  const eraOf = (how: string) => (how === 'modern' ? 'modern' : 'legacy')
  expect(stage.supervisor.listing(id)?.era).toBe(eraOf(after))
  // The new verdict is the one that is kept.
  expect(await stage.supervisor.restart(id)).toMatchObject({ kind: 'running' })
  expect(stage.supervisor.details(id).restarts).toBe(0)
})

test('a stream that ends at once is not opened in a busy loop', async () => {
  const { id, log } = add('listen-ends')
  await stage.supervisor.start(id)
  await new Promise(resolve => setTimeout(resolve, 2_500))
  expect(logged(log).filter(method => method === 'subscriptions/listen').length).toBeLessThan(20)
  expect(stage.supervisor.state(id).kind).toBe('running')
})

test('an SDK 1.x server answers the question and goes on in the same process', async () => {
  const everything = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js')
  const launch = { command: process.execPath, args: [everything, 'stdio'], env: {}, headers: {} }
  const id = stage.add('everything', { launch })
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running' })
  expect(stage.supervisor.listing(id)?.era).toBe('legacy')
  expect(stage.supervisor.details(id).restarts).toBe(0)
})
