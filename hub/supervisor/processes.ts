// What the operating system knows about processes, asked in the same words everywhere. One file per system answers.
import { darwin } from './processes-darwin.ts'
import { linux } from './processes-linux.ts'
import { win32 } from './processes-win32.ts'

export interface ProcessEntry {
  pid: number
  parent: number
  group: number
  /** Tells this process from a later one with the same pid. Comparable only for equality. */
  startTime: string
  cpuSeconds: number
  memoryBytes: number
  /** Dead, and only waiting for its parent to notice. */
  zombie: boolean
}

export interface Processes {
  /** Every process of the machine that can be seen. */
  all(): Promise<ProcessEntry[]>
  one(pid: number): Promise<ProcessEntry | null>
  /** Changes with every boot: what is remembered from before one names nobody now. */
  bootId(): string
  /** Whether `carries` can tell. */
  readonly readsMarks: boolean
  /** True when the process was started under this mark (MARK in its environment). */
  carries(pid: number, mark: string): boolean
  /** A signal to every process of the group. The group may be gone. */
  signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void
  groupIsAlive(pid: number): boolean
}

/** The environment variable by which a server's processes are known again, also those that left its group. */
export const MARK = 'GATEHOUSE_RUN'

export const processes: Processes =
  process.platform === 'win32' ? win32 : process.platform === 'darwin' ? darwin : linux

/** A signal that may come too late. */
export function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch {
    // Gone already, or not ours: both are no longer this one's to end.
  }
}
