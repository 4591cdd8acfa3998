// Servers of every bad kind, started, stopped, called and killed at random: no stray, no lost answer, a hub that goes on.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { chance } from './chance.ts'
import { fixture } from './e2e/stories.ts'
import { isAlive, until } from './harness.ts'
import { startBridge } from './raw-peer.ts'
import { startUnattended, type Unattended, verify } from './unattended.ts'

const BAD = [
  'stubborn',
  'grandparent',
  'deaf',
  'exits-at-once',
  'exits-mid-call',
  'floods',
  'half-a-frame',
  'junk',
  'never-answers',
  'slow',
  'pages',
]
const servers = Object.fromEntries(['normal', ...BAD].map(name => [name, [fixture(`${name}.mjs`)]]))

let place: Unattended | undefined
afterEach(() => place?.close())

/** What a call asks of a server; only `normal` takes orders. */
function order(name: string, of: <T>(list: readonly T[]) => T): [tool: string, args: object] {
  if (name !== 'normal') return [of(['echo', 'act', 'tool-0-0']), {}]
  const orders = [
    { do: 'exit', code: 3 },
    { do: 'hang' },
    { do: 'spawn' },
    { do: 'spawn', detached: true },
    { do: 'big', bytes: 300_000 },
    { do: 'raw', text: '{"jsonrpc":"2.0","id":$ID' },
    { do: 'grow', by: 1 },
  ]
  return of([0, 1]) ? ['echo', { text: 'hello' }] : ['act', of(orders)]
}

test('200 rounds of start, stop, restart, call and kill -9: no stray, every request answered, the hub and its log whole', async () => {
  const { seed, below, one } = chance()
  console.log(`chaos: GATEHOUSE_SEED=${seed}`)
  place = await startUnattended(servers)
  const { hub, home, window, processes } = place
  const { peer, process: bridge } = startBridge(home)
  await peer.initialize()
  const did: Record<string, number> = {}
  const pending: Promise<unknown>[] = []
  const failures: string[] = []

  for (let round = 0; round < 200; round++) {
    const name = one(Object.keys(servers))
    const act = one(['start', 'start', 'stop', 'restart', 'call', 'call', 'call', 'kill', 'kill'] as const)
    did[act] = (did[act] ?? 0) + 1
    if (act === 'call') {
      const [tool, args] = order(name, one)
      pending.push(peer.call(`${name}_${tool}`, args))
    } else if (act === 'kill') {
      const alive = processes()
      if (alive.length > 0) kill(one(alive))
    } else {
      pending.push(
        window.call.servers[act]({ id: name }).then(
          state => ['starting', 'stopping'].includes(state.kind) && failures.push(`${act} ${name}: ${state.kind}`),
          error => failures.push(`${act} ${name}: ${error.message}`),
        ),
      )
    }
    await sleep(below(120))
  }
  await Promise.all(Object.keys(servers).map(id => window.call.servers.stop({ id })))
  expect((await window.call.servers.list()).map(({ name, state }) => [name, state.kind])).toEqual(
    Object.keys(servers).map(name => [name, 'stopped']),
  )
  expect(processes()).toEqual([])

  // What was started or called last settles too, once nothing runs any more.
  await until('every request is answered', () => peer.open.length === 0, 60_000).catch(error => {
    throw new Error(`${error.message}: ${peer.open.join(' ')}`)
  })
  await Promise.all(pending)
  expect(failures).toEqual([])
  expect([peer.junk, peer.unasked]).toEqual([[], []])

  // And it works on.
  expect(await window.call.servers.start({ id: 'normal' })).toMatchObject({ kind: 'running' })
  expect((await peer.call('normal_echo', { n: 1 })).result?.content?.[0]?.text).toContain('"n":1')
  expect((await window.call.hub.status()).pid).toBe(hub.pid)
  expect(await verify(home)).toMatchObject({ intact: true, problems: [] })
  console.log(`chaos: ${JSON.stringify(did)}`)

  bridge.stdin!.end()
  await window.call.servers.stop({ id: 'normal' })
  await place.close()
  expect(processes()).toEqual([])
})

test('a hub killed 15 times while its servers come and go: no process of it lives on for long, and the log stays whole', async () => {
  const { seed, below, one } = chance()
  console.log(`chaos: GATEHOUSE_SEED=${seed}`)
  const few = ['normal', 'stubborn', 'grandparent', 'slow', 'floods']
  place = await startUnattended(Object.fromEntries(few.map(name => [name, servers[name]!])))
  const { home, processes } = place
  for (let kills = 0; kills < 15; kills++) {
    const { hub, window } = place
    for (let n = below(6); n > 0; n--) {
      const act = one(['start', 'stop', 'restart'] as const)
      // The hub dies under some of them.
      window.call.servers[act]({ id: one(few) }).catch(() => {})
      await sleep(below(150))
    }
    kill(hub.pid)
    await until(`nothing is left of hub ${hub.pid}`, () => processes().length === 0, 4_000).catch(error => {
      throw new Error(`${error.message}; left: ${processes().join(' ')}`)
    })
    expect(await verify(home)).toMatchObject({ intact: true })
    place = await place.again()
  }
})

function kill(pid: number): void {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL')
}
