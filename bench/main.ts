// What the gate costs: the same calls bare, direct and through bridge + hub, rounds interleaved in one run.
// Run by `npm run bench`, and with `-- --idle` for what an idle hub costs. It prints and judges nothing by its exit code: a slow machine is not a broken build.
import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { auditBench } from './audit.ts'
import type { HttpPeer } from './http-peer.ts'
import { idleCost, idleLine } from './idle.ts'
import { type Call, manyAtOnce, oneByOne, Samples } from './measure.ts'
import type { Peer } from './peer.ts'
import { redactLine } from './redact.ts'
import { aims, fixed, type Row, table, times } from './report.ts'
import { barePipes, bridge, cleanUp, configure, overHttp, peer, programs, startHub } from './stage.ts'
import { bareNode, bridgeStart, Disk, hubStart, killedHub } from './starts.ts'

const ROUNDS = 8
const LANES = 32
const CALLS = 250
const ALONE_MS = 1_000
const MANY_MS = 700
/** What a route left to do behind its answers (records on their way to disk) must not slow the next one. */
const SETTLE_MS = 150
/** Through the gate, before its memory is looked at again. */
const CALLS_IN_ALL = 100_000
const BOUND_MS = 900_000

interface Route {
  name: string
  call: Call
  samples: Samples
}

const HEAVY = { calls: 4, ms: 500 }

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    cleanUp()
    process.exit(0)
  })
const bound = setTimeout(() => {
  process.stdout.write(`The bench took longer than ${BOUND_MS / 1000} s and was ended.\n`)
  cleanUp()
  process.exit(0)
}, BOUND_MS)

try {
  const audit = process.argv.indexOf('--audit')
  if (audit > 0) await auditBench(Number(process.argv[audit + 1] ?? 1_000_000))
  else if (process.argv.includes('--idle')) process.stdout.write(`${idleLine(await idleCost())}\n`)
  else await bench()
} catch (error) {
  process.stdout.write(`The bench could not be finished: ${error instanceof Error ? error.stack : error}\n`)
} finally {
  clearTimeout(bound)
  cleanUp()
}
process.exit(0)

async function bench(): Promise<void> {
  const began = performance.now()
  const load = loadavg()
  const hubStarts = new Samples()
  const hub = await startHub()
  hubStarts.ms.push(hub.readyMs)
  const rssAtStart = hub.rssMb()
  await configure(hub)

  const through = await greeted(bridge(hub))
  const throughBig = await greeted(bridge(hub, '--server', 'big'))
  const direct = await greeted(peer(programs.everything))
  const directBig = await greeted(peer(programs.big))
  const floor = peer(programs.floor)
  const pipes = await greeted(await barePipes())
  const http = await overHttp(hub)
  const echo = (to: Peer | HttpPeer, name: string) => () =>
    to.request('tools/call', { name, arguments: { message: 'x'.repeat(16) } })
  const calls: Route[] = [
    route('floor: bare echo child', echo(floor, 'echo')),
    route('direct: server-everything', echo(direct, 'echo')),
    route('behind two bare pipes', echo(pipes, 'echo')),
    route('through the gate: read', echo(through, 'reads_echo')),
    route('through the gate: change', echo(through, 'changes_echo')),
    ...(http ? [route('over loopback HTTP: read', echo(http, 'reads_echo'))] : []),
  ]
  const throughGate = calls.slice(3)
  const megabyte = (to: Peer) => () => to.request('tools/call', { name: 'look_0', arguments: { path: 'a' } })
  const list = (to: Peer) => () => to.request('tools/list')
  const heavy: Route[] = [
    route('1 MB result: direct', megabyte(directBig)),
    route('1 MB result: through the gate', megabyte(throughBig)),
    route('tools/list of 300: direct', list(directBig)),
    route('the same of 20 servers, the gate', list(through)),
  ]
  const disk = new Disk()
  const [fsync, node, bridgeStarts] = [new Samples(), new Samples(), new Samples()]

  // Warm, and not counted: what every call runs is compiled by then.
  for (const { call } of [...calls, ...heavy]) await oneByOne(call, new Samples(), 300, 500)
  for (let round = 0; round < ROUNDS; round++) {
    for (const { call, samples } of turned(calls, round)) {
      await oneByOne(call, samples, CALLS, ALONE_MS)
      await manyAtOnce(call, samples, LANES, MANY_MS)
      await sleep(SETTLE_MS)
    }
    for (const { call, samples } of turned(heavy, round)) await oneByOne(call, samples, HEAVY.calls, HEAVY.ms)
    disk.sync(25, fsync)
    await bareNode(node)
    await bridgeStart(hub, bridgeStarts)
  }
  disk.close()
  const more = new Samples()
  while (count(throughGate) + more.calls < CALLS_IN_ALL) await manyAtOnce(throughGate[0]!.call, more, LANES, MANY_MS)
  const rssAfter = hub.rssMb()
  for (const one of [through, throughBig, direct, directBig, floor, pipes, ...(http ? [http] : [])]) await one.close()
  await hub.close()
  for (let n = 0; n < 2; n++) await hubStart(hubStarts)
  const kills = new Samples()
  for (let n = 0; n < 3; n++) await killedHub(kills)

  const loads = [load, loadavg()].map(three => three.map(n => fixed(n, 1)).join(' '))
  const seconds = fixed((performance.now() - began) / 1_000, 0)
  const compared = (all: readonly Route[], directAt: number): Row[] =>
    all.map(({ name, samples }) => ({ name, samples, direct: all[directAt]!.samples }))
  const out = [
    `Node ${process.version}, ${process.platform}, ${availableParallelism()} CPUs; load ${loads.join(' → ')}; ${seconds} s`,
    `${ROUNDS} interleaved rounds; policy and audit on, synchronous=FULL, no keychain.`,
    ...(http ? [] : ['Over HTTP nothing was measured: its port is taken by another program.']),
    '',
    ...table(compared(calls, 1), LANES),
    '',
    ...table([...compared(heavy.slice(0, 2), 0), ...compared(heavy.slice(2), 0)], LANES),
    '',
    ...times({
      'node -e 0': node,
      'bridge: spawn → first answer': bridgeStarts,
      'hub: spawn → ready': hubStarts,
      'hub killed → no process left': kills,
      'this disk: 4 KB and fsync': fsync,
    }),
    '',
    `hub memory: ${fixed(rssAtStart, 0)} MB at start, ${fixed(rssAfter, 0)} MB after ${count(throughGate) + more.calls} calls and ${count(heavy)} large answers`,
    redactLine(),
    '',
    ...aims({
      direct: calls[1]!.samples,
      pipes: calls[2]!.samples,
      reads: throughGate[0]!.samples,
      changes: throughGate[1]!.samples,
      fsync,
      kills,
    }),
  ]
  process.stdout.write(`${out.join('\n')}\n`)
}

function count(routes: readonly Route[]): number {
  return routes.reduce((sum, { samples }) => sum + samples.calls, 0)
}

function route(name: string, call: Call): Route {
  return { name, call, samples: new Samples() }
}

async function greeted(one: Peer): Promise<Peer> {
  await one.greet()
  return one
}

/** Begins with another one each round, so that no route always follows the same one. */
function turned<T>(all: readonly T[], by: number): T[] {
  return [...all.slice(by % all.length), ...all.slice(0, by % all.length)]
}
