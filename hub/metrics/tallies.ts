// What a call costs on its way: one look into a map and a few additions. Whoever counts for Prometheus takes it from here.
import type { AuditEvent } from '../../contract/audit.ts'
import { type CallLabels, type CallNames, keyOf } from './call-labels.ts'
import { OTHER } from './label.ts'

/** What happened under the same labels since it was last taken. */
export interface Tally {
  labels: CallLabels
  decisions: Map<string, number>
  errors: Map<string, number>
  seconds: number[]
}

export class Tallies {
  readonly #names: CallNames
  /** By names as recorded; only those that have labels of their own, so that they are bounded as labels are. */
  readonly #byNames = new Map<string, Tally>()
  readonly #byLabels = new Map<string, Tally>()

  constructor(names: CallNames) {
    this.#names = names
  }

  of(event: Pick<AuditEvent, 'server' | 'tool' | 'client'>): Tally {
    const key = `${event.server}\n${event.tool}\n${event.client}`
    const known = this.#byNames.get(key)
    if (known) return known
    const labels = this.#names.of(event)
    const labelKey = keyOf(labels)
    let tally = this.#byLabels.get(labelKey)
    if (!tally) {
      tally = { labels, decisions: new Map(), errors: new Map(), seconds: [] }
      this.#byLabels.set(labelKey, tally)
    }
    if (labels.tool !== OTHER && labels.client !== OTHER) this.#byNames.set(key, tally)
    return tally
  }

  /** Servers may have other names now. */
  forgetNames(): void {
    this.#byNames.clear()
  }

  /** Hands over what has come together, and begins anew. */
  *take(): Generator<Tally> {
    for (const tally of this.#byLabels.values()) {
      yield tally
      tally.decisions.clear()
      tally.errors.clear()
      tally.seconds.length = 0
    }
  }
}

export function add(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1)
}
