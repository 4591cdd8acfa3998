// Processes on Windows, which has no groups: a tree is found by its parents and ended by taskkill, before its root is gone.
import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import type { ProcessEntry, Processes } from './processes.ts'

const run = promisify(execFile)
const LIMITS = { timeout: 10_000, maxBuffer: 16 * 1024 * 1024, windowsHide: true }
const QUERY =
  'Get-CimInstance Win32_Process | Select-Object ProcessId,ParentProcessId,@{n="Start";e={$_.CreationDate.ToFileTimeUtc().ToString()}},KernelModeTime,UserModeTime,WorkingSetSize | ConvertTo-Json -Compress'

export const win32: Processes = {
  readsMarks: false,
  all: () => query(),
  one: async pid => (await query()).find(entry => entry.pid === pid) ?? null,
  // FILETIME start times never repeat, so they need no boot beside them.
  bootId: () => 'windows',
  carries: () => false,
  signalGroup: (pid, signal) => {
    // There is no gentle signal: closing stdin was it. /T takes the tree.
    if (signal === 'SIGTERM') return
    try {
      execFileSync('taskkill', ['/PID', String(pid), '/T', '/F'], { ...LIMITS, stdio: 'ignore' })
    } catch {
      // It ended meanwhile.
    }
  },
  groupIsAlive: pid => {
    try {
      process.kill(pid, 0)
      return true
    } catch {
      return false
    }
  },
}

async function query(): Promise<ProcessEntry[]> {
  try {
    const { stdout } = await run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', QUERY], LIMITS)
    return parseCim(stdout)
  } catch {
    return []
  }
}

/** Times are in units of 100 ns. One process alone comes without the array. */
export function parseCim(text: string): ProcessEntry[] {
  const parsed: unknown = JSON.parse(text)
  const rows = (Array.isArray(parsed) ? parsed : [parsed]) as Record<string, number | string | null>[]
  return rows.flatMap(row =>
    Number(row.ProcessId) > 0
      ? {
          pid: Number(row.ProcessId),
          parent: Number(row.ParentProcessId),
          group: 0,
          startTime: String(row.Start ?? ''),
          cpuSeconds: (Number(row.KernelModeTime) + Number(row.UserModeTime)) / 1e7,
          memoryBytes: Number(row.WorkingSetSize),
          zombie: false,
        }
      : [],
  )
}
