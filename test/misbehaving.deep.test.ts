// Servers that do one thing wrong each, as real children of a real hub: the right state and the right words, bounded memory,
// no stray, and a healthy server beside them that notices nothing.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fixture } from './e2e/stories.ts'
import { until } from './harness.ts'
import { memoryOf, startUnattended, type Unattended } from './unattended.ts'

const program = join(import.meta.dirname, 'fixtures/misbehaves.mjs')
/** What the hub may hold more than before, in megabytes: V8 gives memory back late, so a frame's own size counts some times. */
const SMALL = 150
const LARGE = 900

interface Case {
  how: string
  /** The state after its start. */
  state: RegExp
  /** What a call is told; none: nothing is called. */
  call?: RegExp
  mb?: number
}

const CASES: Case[] = [
  { how: 'exits at once', state: /no licence found|exit(ed)? (with )?code 3|exited/i },
  { how: 'exits in the middle of a call', state: /"running"/, call: /ended before it answered \(exit code 7\)/ },
  { how: 'ignores the end', state: /"running"/, call: /done/ },
  { how: 'detaches', state: /"running"/, call: /done/ },
  { how: 'floods stderr', state: /"running"/, call: /done/ },
  { how: 'prints junk', state: /"running"/, call: /done/ },
  { how: 'a result of 63 MB', state: /"running"/, call: /xxx/, mb: LARGE },
  { how: 'a result of 65 MB', state: /"running"/, call: /over the limit of 64 MB/, mb: LARGE },
  { how: 'never answers', state: /"running"/, call: /aborted|cancelled|timeout/i },
  { how: 'answers twice', state: /"running"/, call: /first/ },
  { how: 'answers what was taken back', state: /"running"/, call: /aborted|cancelled|timeout/i },
  { how: 'answers under other ids', state: /"running"/, call: /at last/ },
  { how: 'half a frame', state: /"running"/, call: /ended before it answered/ },
  { how: 'sleeps through initialize', state: /"running"/, call: /done/ },
  { how: 'dies when it is probed', state: /"running"/, call: /done/ },
  { how: 'never reads', state: /"running"/, call: /aborted|cancelled|timeout/i },
  { how: 'a cursor without end', state: /"tools":200\b/ },
  { how: '50,000 tools', state: /"tools":10000\b/, call: /done/, mb: 400 },
  { how: 'a schema of 200 MB', state: /64 MB|too long|over the limit/, mb: LARGE },
  { how: 'says that its lists changed', state: /"running"/, call: /done/ },
]

let place: Unattended

beforeAll(async () => {
  place = await startUnattended({ healthy: [fixture('normal.mjs')] })
  await until('the healthy one runs', async () => (await healthy()) === 'ok', 60_000)
})
afterAll(() => place?.close())

async function healthy(): Promise<string> {
  try {
    const { result } = await place.window.call.calls.call({ server: 'healthy', tool: 'echo', arguments: '{"a":1}' })
    return result.includes('\\"a\\":1') ? 'ok' : result
  } catch (error) {
    return String(error)
  }
}

test.each(CASES)('$how', { timeout: 120_000 }, async ({ how, state, call, mb = SMALL }) => {
  const { call: hub } = place.window
  const { hub: running } = place
  const before = memoryOf(running.pid)
  const others = place.processes().length
  const beside: string[] = []
  const watching = setInterval(async () => void beside.push(await healthy()), 250)
  const env = Object.fromEntries([place.marked.split('=')])
  const launch = { command: process.execPath, args: [program, how], env, headers: {} }
  await hub.servers.add({ name: 'bad', launch })
  const server = (await hub.servers.list()).find(one => one.name === 'bad')
  try {
    const became = await hub.servers.start({ id: server!.id })
    expect(JSON.stringify(became)).toMatch(state)
    if (call) {
      const asked = { server: 'bad', tool: 'act' }
      const said = await hub.calls
        .call(asked, { signal: AbortSignal.timeout(call.source.startsWith('aborted') ? 1_000 : 60_000) })
        .then(
          outcome => outcome.result.slice(0, 2_000),
          error => String(error),
        )
      expect(said).toMatch(call)
    }
    await new Promise(resolve => setTimeout(resolve, 1_500))
    expect(memoryOf(running.pid) - before).toBeLessThan(mb)
    expect((await hub.hub.status()).pid).toBe(running.pid)
  } finally {
    clearInterval(watching)
    await hub.servers.remove({ id: server!.id })
  }
  expect(beside.length).toBeGreaterThan(0)
  expect(beside.filter(one => one !== 'ok')).toEqual([])
  await until('no process of it is left', () => place.processes().length <= others, 30_000)
})
