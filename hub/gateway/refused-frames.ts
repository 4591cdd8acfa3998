// Lines of clients that lead nowhere are on record too: so many a minute for each client, then one row for the rest.
import type { RecordBook } from './parts.ts'

const MOST_PER_MINUTE = 60
const MINUTE_MS = 60_000

export class RefusedFrames {
  readonly #audit: RecordBook
  readonly #now: () => number
  readonly #counts = new Map<string, { since: number; count: number }>()

  constructor(audit: RecordBook, now: () => number = () => performance.now()) {
    this.#audit = audit
    this.#now = now
  }

  /** `what`: unreadable, an answer to nothing that was asked, a method nobody knows, another's task, or what the client did not read. */
  record(
    client: string,
    why: string,
    what:
      | 'refused/frame'
      | 'refused/answer'
      | 'refused/method'
      | 'refused/task'
      | 'refused/notification' = 'refused/frame',
  ): void {
    const known = this.#counts.get(client)
    const now = this.#now()
    const { since, count } = known && now - known.since < MINUTE_MS ? known : { since: now, count: 0 }
    this.#counts.set(client, { since, count: count + 1 })
    if (count > MOST_PER_MINUTE) return
    const event =
      count < MOST_PER_MINUTE
        ? { what, detail: why }
        : { what: 'refused/flood', detail: `More than ${MOST_PER_MINUTE} lines in a minute; the rest are not listed.` }
    void this.#audit.append({ kind: 'refused', client, by: client, ...event }, { durable: false }).catch(() => {})
  }
}
