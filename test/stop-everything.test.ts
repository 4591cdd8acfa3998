import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ServerLine } from '../contract/command-line.ts'
import { addAndAgree, fixture } from './e2e/stories.ts'
import { freshHome, type Home, hasKeychain, type RunningHub, run, runJson, startHub, until } from './harness.ts'
import { startBridge } from './raw-peer.ts'
import { openWindow, type WindowClient } from './window-client.ts'

let home: Home
let hub: RunningHub
let window: WindowClient

beforeEach(async () => {
  home = freshHome()
  hub = await startHub(home)
  window = await openWindow(hub.web, { pin: '4711' })
  const normal = { command: process.execPath, args: [fixture('normal.mjs')], env: {} }
  await addAndAgree(window, { normal })
})
afterEach(async () => {
  window.close()
  await hub.stop()
})

const stateOf = async () => (await runJson<ServerLine[]>(home, ['servers', 'list']))[0]!.state

test('a call on its way is said, a waiting one withdrawn, the next refused in words; a shell cannot start it again', async () => {
  await until('it runs', async () => (await stateOf()) === 'running', 30_000)
  const { peer, process: bridge } = startBridge(home)
  await peer.initialize()
  await window.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow', tool: 'act' } })
  const underWay = peer.call('normal_act', { do: 'hang' })
  const waiting = peer.call('normal_echo', { text: 'waits for a person' })
  await until('one waits', async () => (await window.call.approvals.list()).length === 1)

  const stopped = await run(home, ['stop', '--servers'])
  expect(stopped.code).toBe(0)
  expect(stopped.stdout).toMatch(/Every server is stopped and every call refused.*1 call had begun already/s)
  const { result } = await waiting
  expect([result?.isError, JSON.stringify(result)]).toEqual([true, expect.stringContaining('Nothing was run')])
  expect(JSON.stringify(await underWay)).toMatch(/stopped|ended|closed/)
  await until('it is stopped', async () => (await stateOf()) !== 'running', 30_000)

  for (const tool of ['normal_echo', 'normal_act']) {
    const { result } = await peer.call(tool)
    expect([result?.isError, JSON.stringify(result)]).toEqual([
      true,
      expect.stringContaining('Only the person can start'),
    ])
  }
  const rows = (await window.call.audit.list({ limit: 50 })).map(({ event }) => `${event?.what} ${event?.tool ?? ''}`)
  expect(rows).toEqual(expect.arrayContaining(['call/denied echo', 'call/denied act']))
  expect((await run(home, ['servers', 'start', 'normal'])).stderr).toContain('everything is stopped')
  expect(await stateOf()).not.toBe('running')
  const asked = await run(home, ['stop', '--servers', '--off'])
  expect(asked.stdout).toContain('waits for you in the window')
  expect((await window.call.policy.get()).stopped).toBe(true)
  bridge.stdin!.end()
}, 120_000)

test.skipIf(!hasKeychain)(
  'it holds over a restart, until the window starts everything again',
  async () => {
    await run(home, ['stop', '--servers'])
    const { key } = window
    window.close()
    await hub.stop()
    hub = await startHub(home)
    expect((await run(home, ['servers', 'start', 'normal'])).stderr).toContain('everything is stopped')
    window = await openWindow(hub.web, { key })
    expect(await window.call.policy.change({ kind: 'stop', on: false })).toMatchObject({ applied: true })
    const { peer, process: bridge } = startBridge(home)
    await peer.initialize()
    await window.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow', tool: 'echo' } })
    expect(JSON.stringify(await peer.call('normal_echo', { text: 'again' }))).toContain('again')
    bridge.stdin!.end()
  },
  120_000,
)
