// Story 7: when the hub is killed, no server outlives it; and a config that cannot be read is never overwritten.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { descendants, freshHome, isAlive, type RunningHub, run, startHub, until } from '../harness.ts'
import { openWindow } from '../window-client.ts'
import { addAndAgree, fixture } from './stories.ts'

let hub: RunningHub | undefined
afterEach(() => hub?.stop())

test('SIGKILL of the hub: none of its servers is left, not the stubborn one, not the grandchild', async () => {
  const home = freshHome()
  hub = await startHub(home)
  const window = await openWindow(hub.web, { pin: '4711' })
  await addAndAgree(window, {
    normal: { command: 'node', args: [fixture('normal.mjs')] },
    stubborn: { command: 'node', args: [fixture('stubborn.mjs')] },
    grandparent: { command: 'node', args: [fixture('grandparent.mjs')] },
  })
  const family = descendants(hub.pid)
  // Three servers, one grandchild, and the sentry.
  expect(family.length).toBeGreaterThanOrEqual(5)
  const names = family.join()
  process.kill(hub.pid, 'SIGKILL')
  await until(`nobody of ${names} is left`, () => family.every(pid => !isAlive(pid)))
  window.close()
})

test('a config.json that cannot be read is named with line and column, and stays as it is', async () => {
  const home = freshHome()
  hub = await startHub(home)
  const window = await openWindow(hub.web, { pin: '4711' })
  const [server] = await addAndAgree(window, { normal: { command: 'node', args: [fixture('normal.mjs')] } })
  const path = join(home.data, 'config.json')
  const broken = `${readFileSync(path, 'utf8').trimEnd().slice(0, -1)}\n  oops`
  writeFileSync(path, broken)
  await until('the problem is seen', async () => (await window.call.hub.status()).config.problem !== null)
  expect((await window.call.hub.status()).config.problem).toMatchObject({
    path,
    line: expect.any(Number),
    column: expect.any(Number),
  })
  expect((await window.call.servers.get({ id: server!.id })).state.kind).toBe('running')
  const { code, stderr } = await run(home, ['servers', 'add', 'another', '--yes', '--', 'node', 'x.mjs'])
  expect([code, stderr.includes('config.json')]).toEqual([1, true])
  expect(readFileSync(path, 'utf8')).toBe(broken)
  window.close()
})

test('a client’s config that cannot be read is named with line and column, and stays as it is', async () => {
  const home = freshHome()
  const path = join(home.folder, '.cursor', 'mcp.json')
  mkdirSync(join(path, '..'))
  const broken = '{\n  "mcpServers": {\n    "mine": { "command": "x" }\n    "other": {}\n  }\n}\n'
  writeFileSync(path, broken)
  hub = await startHub(home)
  const { code, stderr } = await run(home, ['clients', 'connect', 'cursor', '--yes'])
  expect([code, stderr]).toEqual([1, expect.stringMatching(/[Ll]ine 4, column 5/)])
  expect(readFileSync(path, 'utf8')).toBe(broken)
})
