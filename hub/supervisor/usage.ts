// CPU, memory and number of processes of each running server, sampled only while somebody looks.
import type { Usage } from '../../contract/servers.ts'
import { familyOf, type Run } from './family.ts'
import { type ProcessEntry, processes } from './processes.ts'

const EVERY_MS = 5_000
/** Nobody asked for this long: nobody looks. */
const LOOKED_AT_MS = 20_000

interface Sample {
  atMs: number
  cpuSeconds: number
  usage: Usage
}

export class UsageSampling {
  readonly #runs: () => Map<string, Run[]>
  readonly #onSampled: (server: string) => void
  #samples = new Map<string, Sample>()
  #askedAtMs = Number.NEGATIVE_INFINITY
  #sampledAtMs = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(runs: () => Map<string, Run[]>, onSampled: (server: string) => void) {
    this.#runs = runs
    this.#onSampled = onSampled
  }

  /** The last sample; asking keeps the sampling going. */
  of(server: string): Usage | null {
    this.#askedAtMs = performance.now()
    this.#schedule(this.#samples.has(server) ? EVERY_MS - (performance.now() - this.#sampledAtMs) : 200)
    return this.#samples.get(server)?.usage ?? null
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #schedule(delayMs: number): void {
    if (this.#timer || this.#isClosed || this.#runs().size === 0) return
    this.#timer = setTimeout(() => void this.#sample(), Math.max(0, delayMs)).unref()
  }

  async #sample(): Promise<void> {
    const runs = this.#runs()
    const all = await processes.all().catch(() => [])
    const atMs = performance.now()
    const samples = new Map<string, Sample>()
    for (const [server, own] of runs) {
      const family = new Set(own.flatMap(run => familyOf(run, all, () => false, true)))
      const before = this.#samples.get(server)
      const sample = measure([...family], atMs, before)
      samples.set(server, sample)
      if (!before || shown(before.usage) !== shown(sample.usage)) this.#onSampled(server)
    }
    this.#samples = samples
    this.#sampledAtMs = atMs
    this.#timer = undefined
    if (atMs - this.#askedAtMs < LOOKED_AT_MS) this.#schedule(EVERY_MS)
  }
}

/** As people see it: a byte more is nothing new. */
function shown({ cpuPercent, memoryBytes, processes }: Usage): string {
  return [cpuPercent, Math.round(memoryBytes / 2 ** 20), processes].join()
}

/** CPU since the sample before: 100 is one core. Processes that ended meanwhile take their time along, so it never goes below 0. */
export function measure(family: readonly ProcessEntry[], atMs: number, before: Sample | undefined): Sample {
  const cpuSeconds = family.reduce((sum, entry) => sum + entry.cpuSeconds, 0)
  const memoryBytes = family.reduce((sum, entry) => sum + entry.memoryBytes, 0)
  const passed = before ? (atMs - before.atMs) / 1_000 : 0
  const cpuPercent = passed > 0 ? Math.max(0, Math.round(((cpuSeconds - before!.cpuSeconds) / passed) * 100)) : 0
  return { atMs, cpuSeconds, usage: { cpuPercent, memoryBytes, processes: family.length } }
}
