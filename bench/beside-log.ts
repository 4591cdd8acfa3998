// What calls through the gateway pay while a long log is searched, verified or exported, as shares of what they cost alone.
import { setTimeout as sleep } from 'node:timers/promises'
import { connectHub } from '../cli/hub-connection.ts'
import { fill } from './audit.ts'
import type { Peer } from './peer.ts'
import { bridge, configure, peer, programs, startHub } from './stage.ts'

const ROUNDS = 4
const WINDOW_MS = 3_000

/** By turns, so that whatever else the machine does falls on all of them. */
export async function callsBeside(rows: number): Promise<void> {
  const first = await startHub()
  await configure(first)
  await first.close()
  fill(first.data, null, rows)
  const hub = await startHub(first.home)
  await configure(hub)
  const client = bridge(hub)
  await client.greet()
  const { call, close } = (await connectHub(hub.data))!
  const untilIndexed = performance.now() + 300_000
  while (performance.now() < untilIndexed && !(await call.audit.list({ text: 'changes' }).catch(() => null)))
    await sleep(500)
  const program = (...words: string[]) => peer([...programs.gatehouse, 'audit', ...words, '--data', hub.data]).exited
  const works: Record<string, () => Promise<unknown>> = {
    alone: () => sleep(100),
    searching: () => call.audit.list({ text: 'changes', decision: 'deny' }),
    verifying: () => call.audit.verify(),
    exporting: () => program('export', '--format', 'bundle'),
  }
  const medians = new Map(Object.keys(works).map(name => [name, [] as number[]]))
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, work] of Object.entries(works)) medians.get(name)!.push(await callsWhile(client, work))
  const of = (name: string) => medians.get(name)!.toSorted((a, b) => a - b)[ROUNDS >> 1]!
  const line = Object.keys(works).map(
    name => `${name} ${of(name).toFixed(2)} ms (${(of(name) / of('alone')).toFixed(2)}x)`,
  )
  process.stdout.write(`a changing call through the gateway over ${rows} rows, medians: ${line.join(', ')}\n`)
  close()
  await client.close()
  await hub.close()
}

/** The median of what a call takes while that work is done again and again. */
async function callsWhile(client: Peer, work: () => Promise<unknown>): Promise<number> {
  let isOver = false
  const working = (async () => {
    while (!isOver) await work()
  })()
  const ms: number[] = []
  for (const end = performance.now() + WINDOW_MS; performance.now() < end; ) {
    const began = performance.now()
    await client.request('tools/call', { name: 'changes_echo', arguments: { message: 'x' } })
    ms.push(performance.now() - began)
  }
  isOver = true
  await working
  return ms.toSorted((a, b) => a - b)[ms.length >> 1]!
}
