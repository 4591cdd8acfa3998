// A long day: 60,000 calls through one bridge. The hub's memory stays flat, each call gets its own answer, the log is whole.
import { afterEach, expect, test } from 'vitest'
import { fixture } from './e2e/stories.ts'
import { until } from './harness.ts'
import { startBridge } from './raw-peer.ts'
import { memoryOf, startUnattended, type Unattended, verify } from './unattended.ts'

const CALLS = 60_000
/** By then the young generation has its size and the ring of frames is full: what comes on top is a leak. */
const WARM = 15_000
const AT_ONCE = 8

let place: Unattended | undefined
afterEach(() => place?.close())

test('60,000 calls through bridge and hub: memory after 15,000 and after all is the same within 30 %', async () => {
  place = await startUnattended({ normal: [fixture('normal.mjs')] })
  const { hub, home, window } = place
  await until('it runs', async () => (await window.call.servers.get({ id: 'normal' })).state.kind === 'running')
  const { peer, process: bridge } = startBridge(home)
  await peer.initialize()
  const padding = 'x'.repeat(500)
  const wrong: string[] = []
  const memory: Record<number, [hub: number, bridge: number]> = {}
  const started = Date.now()
  let next = 0
  let done = 0
  const worker = async () => {
    while (next < CALLS) {
      const n = next++
      const { result } = await peer.call('normal_echo', { n, padding })
      const said = result?.content?.[0]?.text ?? '{}'
      if (JSON.parse(said).params?.arguments?.n !== n) wrong.push(`${n}: ${said.slice(0, 200)}`)
      if (++done % WARM === 0) memory[done] = [memoryOf(hub.pid), memoryOf(bridge.pid!)]
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  console.log(
    `soak: ${CALLS} calls in ${Math.round((Date.now() - started) / 1000)} s; MB of hub and bridge: ${JSON.stringify(memory)}`,
  )
  expect(wrong).toEqual([])
  expect([peer.junk, peer.unasked, peer.open]).toEqual([[], [], []])
  const [early, late] = [memory[WARM]!, memory[CALLS]!]
  expect(late[0]).toBeLessThan(early[0] * 1.3)
  expect(late[1]).toBeLessThan(early[1] * 1.3)

  expect((await window.call.hub.status()).pid).toBe(hub.pid)
  const { rows, intact, problems } = await verify(home)
  expect([intact, problems]).toEqual([true, []])
  // Each call is two rows: allowed, and ended.
  expect(rows).toBeGreaterThanOrEqual(2 * CALLS)
  bridge.stdin!.end()
})
