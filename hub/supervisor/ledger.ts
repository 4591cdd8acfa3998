// Which runs there are, on disk: what the next start reaps should both hub and sentry have been killed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileSync } from 'atomically'
import { z } from 'zod'
import { endRun } from './end-run.ts'
import type { Run } from './family.ts'
import { type ProcessEntry, processes } from './processes.ts'

/** `command` as written in the definition, so that no secret gets here. */
const Entry = z.object({
  pid: z.number().int().min(2),
  startTime: z.string(),
  mark: z.string().min(8),
  server: z.string(),
  command: z.string(),
})
const LedgerFile = z.object({ bootId: z.string(), runs: z.array(Entry) })
export type LedgerEntry = z.infer<typeof Entry>

export class Ledger {
  readonly #path: string
  readonly #runs = new Map<number, LedgerEntry>()
  #bootId = processes.bootId()

  constructor(folder: string) {
    this.#path = pathIn(folder)
  }

  /** Written before this returns: a run that is not on disk could not be reaped. */
  add(entry: LedgerEntry): void {
    this.#runs.set(entry.pid, entry)
    this.#write()
  }

  remove(pid: number): void {
    if (this.#runs.delete(pid)) this.#write()
  }

  #write(): void {
    const text = JSON.stringify({ bootId: this.#bootId, runs: [...this.#runs.values()] }, null, 2)
    // No fsync: after a power cut there is nothing left to reap.
    writeFileSync(this.#path, `${text}\n`, { mode: 0o600, fsync: false })
  }
}

/** What a killed hub left behind, ended. Resolves with the runs that still had processes, and what of them is left. */
export async function reapLeftovers(folder: string): Promise<{ run: LedgerEntry; left: ProcessEntry[] }[]> {
  const { bootId, runs } = read(folder)
  if (bootId !== processes.bootId()) return []
  const reaped = await Promise.all(
    runs.map(async run => ({
      run,
      left: await endRun(asRun(run), { graceMs: 1_000, groupIsOurs: !processes.readsMarks }),
    })),
  )
  return reaped
}

function asRun({ pid, startTime, mark }: LedgerEntry): Run {
  return { pid, startTime, mark }
}

function read(folder: string): z.infer<typeof LedgerFile> {
  try {
    return LedgerFile.parse(JSON.parse(readFileSync(pathIn(folder), 'utf8')))
  } catch {
    // No ledger, or one cut off by a power cut: nothing can be known from it.
    return { bootId: '', runs: [] }
  }
}

function pathIn(folder: string): string {
  return join(folder, 'ledger.json')
}
