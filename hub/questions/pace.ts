// How often a server may ask: one that asks and takes back again and again would ring all day.
import type { Clocks } from '../policy/clocks.ts'

const MOST_PER_MINUTE = 60
const MINUTE_MS = 60_000

interface Lately {
  asked: number[]
  noted: number
}

export class Pace {
  readonly #clocks: Clocks
  readonly #servers = new Map<string, Lately>()

  constructor(clocks: Clocks) {
    this.#clocks = clocks
  }

  /** Counts one question; false when there were too many within the last minute. */
  step(server: string): boolean {
    const now = this.#clocks.steady()
    const lately = this.#of(server)
    lately.asked = lately.asked.filter(at => now - at < MINUTE_MS)
    if (lately.asked.length >= MOST_PER_MINUTE) return false
    lately.asked.push(now)
    return true
  }

  /** True once a minute: the log is not to be filled by it either. */
  mayNote(server: string): boolean {
    const now = this.#clocks.steady()
    const lately = this.#of(server)
    if (now - lately.noted < MINUTE_MS) return false
    lately.noted = now
    return true
  }

  #of(server: string): Lately {
    let lately = this.#servers.get(server)
    if (!lately) {
      lately = { asked: [], noted: Number.NEGATIVE_INFINITY }
      this.#servers.set(server, lately)
    }
    return lately
  }
}
