// Ends every process of a run, also those that left its group: a closed input, then SIGTERM, then SIGKILL, a grace time apart.
import { setTimeout as wait } from 'node:timers/promises'
import { familyOf, type Run } from './family.ts'
import { MARK, type ProcessEntry, processes, signal } from './processes.ts'

const POLL_MS = 25

export interface EndRunOptions {
  /** Between the steps. */
  graceMs: number
  /** The gentle first step, where somebody still holds the run's stdin. */
  closeInput?: () => void
  /** The leader may be gone and its group is still known to be the run's own. */
  groupIsOurs: boolean
}

/** Resolves with what could not be ended (processes of another user, or stuck in the kernel). */
export async function endRun(run: Run, options: EndRunOptions): Promise<ProcessEntry[]> {
  let left = await familyNow(run, options.groupIsOurs)
  const steps = [options.closeInput, () => send(run, left, 'SIGTERM'), () => send(run, left, 'SIGKILL')]
  for (const step of steps) {
    if (!step) continue
    if (left.length === 0) return []
    step()
    await untilGone(run, left, options.graceMs)
    // Asked anew: what was started meanwhile belongs to it too, and parent chains break as parents end.
    left = await stillThere(merge(left, await familyNow(run, options.groupIsOurs)))
  }
  return left
}

/** Every living process of the run. */
export async function familyNow(run: Run, groupIsOurs: boolean): Promise<ProcessEntry[]> {
  return familyOf(run, await processes.all(), pid => processes.carries(pid, `${MARK}=${run.mark}`), groupIsOurs)
}

/** What was started under a mark before anybody could be told its pid; null where nobody carries it. */
export async function runUnder(mark: string): Promise<Run | null> {
  const all = await processes.all()
  const first = all.find(entry => !entry.zombie && processes.carries(entry.pid, `${MARK}=${mark}`))
  return first ? { pid: first.pid, startTime: first.startTime, mark } : null
}

function send(run: Run, left: readonly ProcessEntry[], name: 'SIGTERM' | 'SIGKILL'): void {
  // At once for the whole group where there is one, so that no member can start another between two signals.
  if (process.platform === 'win32' || left.some(entry => entry.group === run.pid)) {
    processes.signalGroup(run.pid, name)
  }
  for (const entry of left) if (entry.group !== run.pid) signal(entry.pid, name)
}

async function untilGone(run: Run, left: readonly ProcessEntry[], graceMs: number): Promise<void> {
  const inGroup = left.some(entry => entry.group === run.pid || entry.pid === run.pid)
  const outside = left.filter(entry => entry.group !== run.pid)
  const until = performance.now() + graceMs
  while (performance.now() < until) {
    if (!(inGroup && processes.groupIsAlive(run.pid)) && (await stillThere(outside)).length === 0) return
    await wait(POLL_MS)
  }
}

function merge(before: readonly ProcessEntry[], now: readonly ProcessEntry[]): ProcessEntry[] {
  const pids = new Set(now.map(entry => entry.pid))
  return [...now, ...before.filter(entry => !pids.has(entry.pid))]
}

async function stillThere(entries: readonly ProcessEntry[]): Promise<ProcessEntry[]> {
  const found = await Promise.all(entries.map(entry => processes.one(entry.pid)))
  return entries.filter((entry, n) => found[n]?.startTime === entry.startTime && !found[n]?.zombie)
}
