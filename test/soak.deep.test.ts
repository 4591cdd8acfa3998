// A long day: 60,000 calls through one bridge. The hub's memory stays flat, each call gets its own answer, the log is whole.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { connectHub } from '../cli/hub-connection.ts'
import { type Hub, openHub } from '../hub/hub.ts'
import { fixture } from './e2e/stories.ts'
import { freshHome, until } from './harness.ts'
import { startBridge } from './raw-peer.ts'
import { memoryOf, verify } from './unattended.ts'

const CALLS = 60_000
const LOOK = 15_000
const AT_ONCE = 8

let hub: Hub | undefined
afterEach(() => hub?.close())

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/**
 * Megabytes. What lives is counted after a collection. Each thread's V8 keeps a reserve as it likes and gives it back when it
 * likes (over 240,000 calls 90 MB became 200, and then 70), so the heaps are counted apart from the rest of what is resident.
 */
interface Memory {
  alive: number
  heaps: number
  rest: number
  bridge: number
}

const MOST_HEAPS = 600
const MB = 1_048_576
const threads: Worker[] = []
process.on('worker', thread => threads.push(thread))

async function measure(bridge: number): Promise<Memory> {
  collect()
  const own = process.memoryUsage()
  const resident = memoryOf(process.pid)
  const others = await Promise.all(threads.map(one => one.getHeapStatistics().catch(() => null)))
  const heaps = (own.heapTotal + others.reduce((sum, one) => sum + (one?.total_physical_size ?? 0), 0)) / MB
  return { alive: own.heapUsed / MB, heaps, rest: resident - heaps, bridge: memoryOf(bridge) }
}

test('60,000 calls through bridge and hub: nothing is kept of a call, memory is flat within 30 %', async () => {
  const home = freshHome()
  const policy = join(home.folder, 'rules.json')
  writeFileSync(policy, '{"rules":[{"effect":"allow"}]}')
  // In this process, so that what lives can be counted.
  hub = await openHub({ data: home.data, policy })
  const cli = (await connectHub(home.data))!
  await cli.call.servers.add({
    name: 'normal',
    launch: { command: process.execPath, args: [fixture('normal.mjs')], env: {}, headers: {} },
  })
  await until('it runs', async () => (await cli.call.servers.get({ id: 'normal' })).state.kind === 'running')
  const { peer, process: bridge } = startBridge(home)
  await peer.initialize()

  const padding = 'x'.repeat(500)
  const wrong: string[] = []
  const memory: Memory[] = []
  const started = Date.now()
  for (let done = 0; done < CALLS; done += LOOK) {
    let next = done
    const worker = async () => {
      while (next < done + LOOK) {
        const n = next++
        const { result } = await peer.call('normal_echo', { n, padding })
        const said = result?.content?.[0]?.text ?? '{}'
        if (JSON.parse(said).params?.arguments?.n !== n) wrong.push(`${n}: ${said.slice(0, 200)}`)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    memory.push(await measure(bridge.pid!))
  }
  const shown = memory.map(one => Object.values(one).map(Math.round).join('/')).join(', ')
  console.log(
    `soak: ${CALLS} calls in ${Math.round((Date.now() - started) / 1_000)} s; alive/heaps/rest/bridge MB: ${shown}`,
  )

  expect(wrong).toEqual([])
  expect([peer.junk, peer.unasked, peer.open]).toEqual([[], [], []])
  const [early, warm, third, late] = memory as [Memory, Memory, Memory, Memory]
  // 5 MB over 45,000 calls are 117 bytes a call: less than anything that could be kept of one.
  expect(late.alive).toBeLessThan(early.alive + 5)
  expect(late.rest).toBeLessThan(Math.max(warm.rest, third.rest) * 1.3)
  expect(late.heaps).toBeLessThan(MOST_HEAPS)
  expect(late.bridge).toBeLessThan(early.bridge * 1.3)

  const { rows, intact, problems } = await verify(home)
  expect([intact, problems]).toEqual([true, []])
  // Each call is two rows: allowed, and ended.
  expect(rows).toBeGreaterThanOrEqual(2 * CALLS)
  bridge.stdin!.end()
  cli.close()
})
