// Which processes belong to a server: its group, whoever descends from it, and whoever was started under its mark.
import type { ProcessEntry } from './processes.ts'

/** One start of one server, as it is kept to know its processes again. `mark`: what MARK holds in their environment. */
export interface Run {
  pid: number
  startTime: string
  mark: string
}

/**
 * The run's living processes. A leader with another start time is a stranger who got the pid: then nothing that hangs on the
 * pid alone counts. When the leader is gone, its group counts only if the caller knows that nobody else can have led one of
 * that number since (`groupIsOurs`).
 */
export function familyOf(
  run: Run,
  all: readonly ProcessEntry[],
  carries: (pid: number) => boolean,
  groupIsOurs: boolean,
): ProcessEntry[] {
  const leader = all.find(entry => entry.pid === run.pid)
  const byPid = leader ? leader.startTime === run.startTime : groupIsOurs
  const found = new Set<number>()
  for (const entry of all) {
    if ((byPid && (entry.pid === run.pid || entry.group === run.pid)) || carries(entry.pid)) found.add(entry.pid)
  }
  for (let grew = found.size > 0; grew; ) {
    grew = false
    for (const entry of all) {
      if (!found.has(entry.pid) && found.has(entry.parent)) {
        found.add(entry.pid)
        grew = true
      }
    }
  }
  return all.filter(entry => found.has(entry.pid) && !entry.zombie)
}
