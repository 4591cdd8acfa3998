// What a hub costs that nobody uses: CPU of all its own processes while fifty servers sleep. Linux only, from /proc.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bridge, programs, startHub } from './stage.ts'

export interface IdleCost {
  /** 100 is one core. */
  cpuPercent: number
  seconds: number
  servers: number
  /** The hub and its sentry; a server's would be one too many. */
  processes: number
}

/** As it is printed, with what is aimed at. */
export function idleLine(cost: IdleCost | null): string {
  if (!cost) return 'idle hub: measured on Linux only'
  const { cpuPercent, seconds, servers, processes } = cost
  return `idle hub, ${servers} sleeping servers, ${processes} processes, ${seconds} s: ${cpuPercent.toFixed(2)} % of a core (aim: below 1 %)`
}

const TICKS_PER_SECOND = 100
const LISTED_MS = 120_000
/** What starting and stopping left behind (records, listings, garbage) is not idling. */
const SETTLE_MS = 5_000

/** Null where there is no /proc to read it from. */
export async function idleCost(servers = 50, seconds = 60): Promise<IdleCost | null> {
  if (process.platform !== 'linux') return null
  const hub = await startHub()
  try {
    const pid = Number(JSON.parse(readFileSync(join(hub.data, 'hub.json'), 'utf8')).pid)
    await letSleep(hub, servers)
    await untilAlone(pid)
    await sleep(SETTLE_MS)
    const [before, began] = [ticksOf(family(pid)), performance.now()]
    await sleep(seconds * 1_000)
    const all = family(pid)
    const passed = (performance.now() - began) / 1_000
    const cpuPercent = ((ticksOf(all) - before) / TICKS_PER_SECOND / passed) * 100
    return { cpuPercent, seconds: Math.round(passed), servers, processes: all.length }
  } finally {
    await hub.close()
  }
}

/** Each runs once, to be listed, and goes to sleep after half a second. A few at a time, or it is the start that is measured. */
async function letSleep(hub: Awaited<ReturnType<typeof startHub>>, servers: number): Promise<void> {
  const one = { command: process.execPath, args: programs.small, idleStopMinutes: 0.5 / 60 }
  const file = join(hub.data, 'config.json')
  const looker = bridge(hub)
  await looker.greet()
  const until = performance.now() + LISTED_MS
  for (let count = 10; ; count = Math.min(servers, count + 10)) {
    const mcpServers = Object.fromEntries(Array.from({ length: count }, (_, n) => [`s${n}`, one]))
    writeFileSync(`${file}.new`, JSON.stringify({ mcpServers }))
    renameSync(`${file}.new`, file)
    for (;;) {
      const { tools = [] } = await looker.request('tools/list')
      if (new Set(tools.map(tool => tool.name.split('_')[0])).size >= count) break
      if (performance.now() > until) throw new Error(`Of ${count} servers only some were listed.`)
      await sleep(250)
    }
    if (count === servers) break
  }
  await looker.close()
}

async function untilAlone(pid: number): Promise<void> {
  const until = performance.now() + LISTED_MS
  while (family(pid).length > 2) {
    if (performance.now() > until) throw new Error('The servers did not go to sleep.')
    await sleep(250)
  }
}

interface Entry {
  pid: number
  parent: number
  ticks: number
}

/** The process and all that descend from it. */
function family(root: number): Entry[] {
  const all = readdirSync('/proc').flatMap(name => (/^\d+$/.test(name) ? (read(Number(name)) ?? []) : []))
  const found = all.filter(entry => entry.pid === root)
  for (const one of found) found.push(...all.filter(entry => entry.parent === one.pid))
  return found
}

function read(pid: number): Entry | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name may hold spaces, so fields count from the last parenthesis.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return null
  }
}

function ticksOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.ticks, 0)
}
