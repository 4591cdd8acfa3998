// Processes on Linux, from /proc.
import { readdirSync, readFileSync } from 'node:fs'
import { groupAnswers, signalPosixGroup } from './process-groups.ts'
import type { ProcessEntry, Processes } from './processes.ts'

/** USER_HZ: 100 on every architecture Node runs on. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4_096

export const linux: Processes = {
  readsMarks: true,
  all: async () => list(),
  one: async pid => read(pid),
  bootId: () => textOf('/proc/sys/kernel/random/boot_id')?.trim() ?? '',
  carries: (pid, mark) => textOf(`/proc/${pid}/environ`)?.split('\0').includes(mark) ?? false,
  signalGroup: signalPosixGroup,
  groupIsAlive: pid => {
    if (!groupAnswers(pid)) return false
    // A group of zombies answers too, so whoever answers is looked at; the leader first, since it alone is cheap.
    const leader = read(pid)
    return (leader && !leader.zombie) || list().some(entry => entry.group === pid && !entry.zombie)
  },
}

/** One line of /proc/PID/stat. The name may hold spaces and parentheses, so fields count from the last `)`. */
export function parseStat(text: string): ProcessEntry | null {
  const end = text.lastIndexOf(')')
  const pid = Number.parseInt(text, 10)
  const fields = text.slice(end + 2).split(' ')
  if (end < 0 || !(pid > 0) || fields.length < 22) return null
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    startTime: fields[19]!,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    memoryBytes: Number(fields[21]) * PAGE_BYTES,
    zombie: fields[0] === 'Z' || fields[0] === 'X',
  }
}

function list(): ProcessEntry[] {
  const found: ProcessEntry[] = []
  for (const name of readdirSync('/proc')) {
    const first = name.charCodeAt(0)
    const entry = first >= 48 && first <= 57 ? read(Number(name)) : null
    if (entry) found.push(entry)
  }
  return found
}

function read(pid: number): ProcessEntry | null {
  const text = textOf(`/proc/${pid}/stat`)
  return text === null ? null : parseStat(text)
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
