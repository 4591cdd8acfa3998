// Rows on their way to the disk: those that come together are written together, those of reads a moment later; none is dropped unsaid.
import type { AuditEvent } from '../../contract/audit.ts'
import { toEntry } from './to-entry.ts'
import type { Entry } from './worker-messages.ts'

const BEHIND_MS = 20
const RETRY_MS = 1000
const MOST_WAITING = 10_000
/** What makes a row may hold a whole call: only so many wait unmade, and none while the disk refuses them. */
const MOST_UNMADE = 200

interface Waiting {
  time: number
  /** A function: made when it is written, many at once and off the way of calls. */
  entry: Entry | (() => Entry)
  /** Set on durable rows: whoever waits for the disk. */
  settle: { resolve: () => void; reject: (error: Error) => void } | null
}

interface Options {
  redact: (text: string) => string
  /** One batch: all of it is on disk when this ends, or none. */
  write: (entries: Entry[]) => Promise<void>
}

export class Queue {
  readonly #o: Options
  #waiting: Waiting[] = []
  #writing: Promise<void> | null = null
  #writingFrom: number | null = null
  #timer: NodeJS.Timeout | null = null
  #isRefused = false
  #lost = 0
  #closed = false

  constructor(options: Options) {
    this.#o = options
  }

  /** A durable row is on disk when this ends; of others only that they wait. */
  async append(event: AuditEvent | (() => AuditEvent), o: { durable: boolean }): Promise<void> {
    const time = Date.now()
    const make = () => toEntry(typeof event === 'function' ? event() : event, this.#o.redact, time)
    if (o.durable) {
      const entry = make()
      return new Promise<void>((resolve, reject) => {
        this.#waiting.push({ time, entry, settle: { resolve, reject } })
        this.#writeSoon(0)
      })
    }
    if (this.#waiting.length >= MOST_WAITING && this.#isRefused) {
      this.#lost++
      return
    }
    const mayWait = !this.#isRefused && this.#waiting.length < MOST_UNMADE
    this.#waiting.push({ time, entry: mayWait ? make : make(), settle: null })
    this.#writeSoon(BEHIND_MS)
    // Whoever is quicker than the disk waits for it; nothing is dropped.
    if (this.#waiting.length >= MOST_WAITING) await this.#writing
  }

  /** Ends when what waits now is on disk, or the disk refuses it. */
  async flush(): Promise<void> {
    for (let tries = 0; tries < 3 && (this.#writing || this.#waiting.length > 0); tries++) {
      if (!this.#writing) this.#writeSoon(0)
      await this.#writing
      if (this.#isRefused) return
    }
  }

  /** How long the oldest record that is not on disk yet has waited. */
  lagMs(): number {
    const from = this.#writingFrom ?? this.#waiting[0]?.time
    return from === undefined ? 0 : Math.max(0, Date.now() - from)
  }

  /** Nothing is written any more. */
  stop(): void {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  #writeSoon(ms: number): void {
    if (this.#writing) return
    if (ms === 0) {
      if (this.#timer) clearTimeout(this.#timer)
      this.#timer = null
      this.#writing = this.#write()
    } else this.#timer ??= setTimeout(() => this.#writeOnTime(), ms)
  }

  #writeOnTime(): void {
    this.#timer = null
    if (!this.#writing && this.#waiting.length > 0) this.#writing = this.#write()
  }

  /** One batch: all that waits now shares one transaction; what comes meanwhile shares the next. */
  async #write(): Promise<void> {
    // A turn of the loop, so that calls that arrive together share the fsync.
    await new Promise(resolve => setImmediate(resolve))
    const batch = this.#waiting.flatMap(one => this.#made(one) ?? [])
    this.#waiting = []
    this.#writingFrom = batch[0]?.time ?? null
    const lost = this.#lost
    try {
      await this.#o.write([...(lost > 0 ? [this.#lostEntry(lost)] : []), ...batch.map(b => b.entry)])
      this.#isRefused = false
      this.#lost -= lost
      for (const { settle } of batch) settle?.resolve()
    } catch (error) {
      this.#isRefused = true
      for (const { settle } of batch) settle?.reject(error as Error)
      // Records of reads are kept for the next try; a refused change has not happened.
      this.#waiting = [...batch.filter(b => b.settle === null), ...this.#waiting]
    }
    this.#writing = null
    this.#writingFrom = null
    if (this.#closed || this.#waiting.length === 0) return
    if (this.#waiting.some(w => w.settle)) this.#writeSoon(0)
    else this.#writeSoon(this.#isRefused ? RETRY_MS : BEHIND_MS)
  }

  /** Null for one that cannot be made: it counts as lost, and takes no other one with it. */
  #made(one: Waiting): (Waiting & { entry: Entry }) | null {
    try {
      return { ...one, entry: typeof one.entry === 'function' ? one.entry() : one.entry }
    } catch {
      this.#lost++
      return null
    }
  }

  #lostEntry(count: number): Entry {
    const detail = `${count} records of reads are missing here: the log could not be written and too many waited, or they could not be put into words.`
    return toEntry({ kind: 'hub', what: 'audit/rows-lost', by: 'gatehouse', detail }, this.#o.redact)
  }
}
