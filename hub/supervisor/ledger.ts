// Which runs there are, on disk: what the next start reaps should both hub and sentry have been killed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileSync } from 'atomically'
import { z } from 'zod'
import { endRun, runUnder } from './end-run.ts'
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
/** A spawn under way: no pid yet. */
const Starting = Entry.pick({ mark: true, server: true, command: true })
const LedgerFile = z.object({ bootId: z.string(), starting: z.array(Starting).default([]), runs: z.array(Entry) })
export type LedgerEntry = z.infer<typeof Entry>
type StartingEntry = z.infer<typeof Starting>

export class Ledger {
  readonly #path: string
  readonly #starting = new Map<string, StartingEntry>()
  readonly #runs = new Map<number, LedgerEntry>()
  #bootId = processes.bootId()

  constructor(folder: string) {
    this.#path = pathIn(folder)
  }

  /** Before the spawn. */
  expect(entry: StartingEntry): void {
    this.#starting.set(entry.mark, entry)
    this.#write()
  }

  /** The spawn failed. */
  forget(mark: string): void {
    if (this.#starting.delete(mark)) this.#write()
  }

  /** Written before this returns: a run that is not on disk could not be reaped. */
  add(entry: LedgerEntry): void {
    this.#starting.delete(entry.mark)
    this.#runs.set(entry.pid, entry)
    this.#write()
  }

  remove(pid: number): void {
    if (this.#runs.delete(pid)) this.#write()
  }

  #write(): void {
    const text = JSON.stringify(
      { bootId: this.#bootId, starting: [...this.#starting.values()], runs: [...this.#runs.values()] },
      null,
      2,
    )
    // No fsync: after a power cut there is nothing left to reap.
    writeFileSync(this.#path, `${text}\n`, { mode: 0o600, fsync: false })
  }
}

/** What a killed hub left behind, ended. Resolves with the runs that still had processes, and what of them is left. */
export async function reapLeftovers(folder: string): Promise<{ run: LedgerEntry; left: ProcessEntry[] }[]> {
  const { bootId, starting, runs } = read(folder)
  if (bootId !== processes.bootId()) return []
  const found = await Promise.all(
    starting.map(async entry => {
      const run = await runUnder(entry.mark)
      return run ? [{ ...entry, ...run }] : []
    }),
  )
  return Promise.all(
    [...runs, ...found.flat()].map(async run => ({
      run,
      left: await endRun(asRun(run), { graceMs: 1_000, groupIsOurs: !processes.readsMarks }),
    })),
  )
}

function asRun({ pid, startTime, mark }: LedgerEntry): Run {
  return { pid, startTime, mark }
}

function read(folder: string): z.infer<typeof LedgerFile> {
  try {
    return LedgerFile.parse(JSON.parse(readFileSync(pathIn(folder), 'utf8')))
  } catch {
    // No ledger, or one cut off by a power cut: nothing can be known from it.
    return { bootId: '', starting: [], runs: [] }
  }
}

function pathIn(folder: string): string {
  return join(folder, 'ledger.json')
}
