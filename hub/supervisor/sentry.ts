// The sentry: a process of its own that holds a pipe to the hub. When the pipe ends, whatever the hub left behind is ended.
// Run by path. It shares the hub's code for finding and ending processes, so that both mean the same by "every process".
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { endRun, runUnder } from './end-run.ts'
import type { Run } from './family.ts'

/** SIGTERM, then SIGKILL: both within the 2 s that are promised, with room for a slow machine. */
const GRACE_MS = 400

/** A child does not carry its mark before its program is loaded, so whoever may be on its way is looked for this often. */
const LOOKS = 5
const LOOK_MS = 100

const runs = new Map<number, Run>()
/** Marks of spawns under way: a hub killed in the middle of one tells no pid. */
const starting = new Set<string>()

// Whatever ends the session must not end the sentry before it has done its work.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {})

/** `?mark` before a spawn, then `+pid starttime mark` (start times may hold spaces) or `!mark`; at the end `-pid`. */
createInterface({ input: process.stdin })
  .on('line', line => {
    const [, sign, pid, startTime, mark] = /^([+-])(\d+)(?: (.+) (\S+))?$/.exec(line) ?? []
    if (sign === '+' && startTime && mark) {
      runs.set(Number(pid), { pid: Number(pid), startTime, mark })
      starting.delete(mark)
    }
    if (sign === '-') runs.delete(Number(pid))
    if (line.startsWith('?')) starting.add(line.slice(1))
    if (line.startsWith('!')) starting.delete(line.slice(1))
  })
  .on('close', () => {
    const ends = [...runs.values()].map(run => endRun(run, { graceMs: GRACE_MS, groupIsOurs: true }))
    void Promise.allSettled([...ends, ...[...starting].map(endStarting)]).then(() => process.exit(0))
  })

async function endStarting(mark: string): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await wait(LOOK_MS)
    const run = await runUnder(mark)
    if (run) await endRun(run, { graceMs: GRACE_MS, groupIsOurs: true })
  }
}
