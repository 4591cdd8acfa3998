// A server with a process for each client, through real bridges: who is killed takes its own process along and nobody else's.
import { afterEach, expect, test } from 'vitest'
import { fixture } from './e2e/stories.ts'
import { isAlive, run, until } from './harness.ts'
import { startBridge } from './raw-peer.ts'
import { startUnattended, type Unattended } from './unattended.ts'

let place: Unattended | undefined
afterEach(() => place?.close())

const LIMIT_MS = 30_000

test('a killed client takes its process along, the other keeps its own, and everybody can see how many there are', async () => {
  place = await startUnattended({ greets: [fixture('greets.mjs')] })
  const { home, window, processes } = place
  const { id } = (await window.call.servers.list())[0]!
  await window.call.servers.update({ id, instance: 'per-client' })
  await until('it is listed', async () => (await window.call.servers.get({ id })).tools === 2, LIMIT_MS)
  const bridges = [startBridge(home), startBridge(home)]
  try {
    const pids: number[] = []
    for (const { peer } of bridges) {
      await peer.initialize()
      const { result } = await peer.call('greets_act')
      pids.push((result as { pid: number }).pid)
    }
    expect(new Set(pids).size).toBe(2)
    expect(await window.call.servers.get({ id })).toMatchObject({ instance: 'per-client', instances: 2 })
    const { stdout } = await run(home, ['servers', 'list'])
    expect(stdout).toContain('2 instances')
    bridges[0]!.process.kill('SIGKILL')
    await until('its process ends', () => !isAlive(pids[0]!), LIMIT_MS)
    expect(((await bridges[1]!.peer.call('greets_act')).result as { pid: number }).pid).toBe(pids[1])
    expect((await window.call.servers.get({ id })).instances).toBe(1)
    await window.call.servers.stop({ id })
    expect(processes()).toEqual([])
  } finally {
    for (const bridge of bridges) bridge.process.kill('SIGKILL')
  }
}, 120_000)
