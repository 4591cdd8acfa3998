// The sentry: a process of its own that holds a pipe to the hub. When the pipe ends, whatever the hub left behind is ended.
// Run by path. It shares the hub's code for finding and ending processes, so that both mean the same by "every process".
import { createInterface } from 'node:readline'
import { endRun } from './end-run.ts'
import type { Run } from './family.ts'

/** SIGTERM, then SIGKILL: both within the 2 s that are promised, with room for a slow machine. */
const GRACE_MS = 400

const runs = new Map<number, Run>()

// Whatever ends the session must not end the sentry before it has done its work.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {})

/** `+pid starttime mark` and `-pid`; start times may hold spaces. */
createInterface({ input: process.stdin })
  .on('line', line => {
    const [, sign, pid, startTime, mark] = /^([+-])(\d+)(?: (.+) (\S+))?$/.exec(line) ?? []
    if (sign === '+' && startTime && mark) runs.set(Number(pid), { pid: Number(pid), startTime, mark })
    if (sign === '-') runs.delete(Number(pid))
  })
  .on('close', () => {
    const ends = [...runs.values()].map(run => endRun(run, { graceMs: GRACE_MS, groupIsOurs: true }))
    void Promise.allSettled(ends).then(() => process.exit(0))
  })
