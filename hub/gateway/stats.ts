// How much each server is called and by whom, for the last hour; in memory alone.

const SLOT_MS = 5 * 60_000
const SLOTS = 12
const DURATIONS = 500

interface Counted {
  slots: Map<number, number>
  durations: number[]
  next: number
  seenBy: Set<string>
}

export interface ServerStats {
  calls: number[]
  p95Ms: number | null
  seenBy: string[]
}

export class Stats {
  readonly #servers = new Map<string, Counted>()
  readonly #seconds = new Map<number, number>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  seen(server: string, client: string): void {
    this.#of(server).seenBy.add(client)
  }

  called(server: string, client: string): void {
    const now = this.#now()
    const { slots, seenBy } = this.#of(server)
    seenBy.add(client)
    count(slots, Math.floor(now / SLOT_MS), SLOTS)
    count(this.#seconds, Math.floor(now / 1000), 60)
  }

  took(server: string, ms: number): void {
    const counted = this.#of(server)
    counted.durations[counted.next] = ms
    counted.next = (counted.next + 1) % DURATIONS
  }

  of(server: string): ServerStats {
    const { slots, durations, seenBy } = this.#of(server)
    const slot = Math.floor(this.#now() / SLOT_MS)
    const sorted = [...durations].sort((a, b) => a - b)
    const p95 = sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)]
    return {
      calls: Array.from({ length: SLOTS }, (_, n) => slots.get(slot - SLOTS + 1 + n) ?? 0),
      p95Ms: p95 === undefined ? null : Math.round(p95 * 10) / 10,
      seenBy: [...seenBy],
    }
  }

  callsPerMinute(): number {
    const second = Math.floor(this.#now() / 1000)
    let sum = 0
    for (const [at, calls] of this.#seconds) if (at > second - 60) sum += calls
    return sum
  }

  #of(server: string): Counted {
    let counted = this.#servers.get(server)
    if (!counted) {
      counted = { slots: new Map(), durations: [], next: 0, seenBy: new Set() }
      this.#servers.set(server, counted)
    }
    return counted
  }
}

function count(slots: Map<number, number>, slot: number, keep: number): void {
  slots.set(slot, (slots.get(slot) ?? 0) + 1)
  if (slots.size > keep) for (const old of slots.keys()) if (old <= slot - keep) slots.delete(old)
}
