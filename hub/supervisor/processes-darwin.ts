// Processes on macOS, from ps.
import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { groupAnswers, signalPosixGroup } from './process-groups.ts'
import type { ProcessEntry, Processes } from './processes.ts'

const run = promisify(execFile)
const COLUMNS = ['pid', 'ppid', 'pgid', 'stat', 'rss', 'time', 'lstart'].flatMap(name => ['-o', `${name}=`])
const LIMITS = { timeout: 2_000, maxBuffer: 16 * 1024 * 1024, env: { LC_ALL: 'C', PATH: '/bin:/usr/bin:/sbin' } }

export const darwin: Processes = {
  readsMarks: false,
  all: () => ps(['-axww', ...COLUMNS]),
  one: async pid => (await ps(['-ww', ...COLUMNS, '-p', String(pid)]))[0] ?? null,
  bootId: () => {
    try {
      return execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { ...LIMITS, encoding: 'utf8' }).trim()
    } catch {
      return ''
    }
  },
  // Another process's environment is not readable here.
  carries: () => false,
  signalGroup: signalPosixGroup,
  groupIsAlive: groupAnswers,
}

async function ps(args: string[]): Promise<ProcessEntry[]> {
  try {
    return parsePs((await run('/bin/ps', args, LIMITS)).stdout)
  } catch {
    // ps exits with 1 when nobody has the pid.
    return []
  }
}

/** `  501   1   501 Ss  12345   1:02.33 Fri Nov 20 09:00:01 2026`, one process a line. */
export function parsePs(text: string): ProcessEntry[] {
  return text.split('\n').flatMap(line => {
    const [pid, parent, group, stat, memory, time, ...start] = line.trim().split(/\s+/)
    if (!time || start.length !== 5) return []
    return {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      startTime: start.join(' '),
      cpuSeconds: seconds(time),
      memoryBytes: Number(memory) * 1024,
      zombie: stat!.startsWith('Z'),
    }
  })
}

/** `1:02.33`, `10:01:02` or `2-10:01:02`. */
function seconds(time: string): number {
  const [days, rest] = time.includes('-') ? time.split('-') : ['0', time]
  return rest!.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400
}
