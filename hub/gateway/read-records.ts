// The records of calls that only read. A quick one is one row, which says that it was let through and how it ended; of one
// that takes longer the first half is written while it runs, so that no read is ever long without its record.
import type { AuditEvent } from '../../contract/audit.ts'
import type { RecordBook } from './parts.ts'

export type Ended = Pick<AuditEvent, 'outcome' | 'durationMs' | 'bytes' | 'detail'>

/** One read under way. */
export interface OpenRead {
  let: () => AuditEvent
  beganMs: number
  isWritten: boolean
}

export class ReadRecords {
  readonly #audit: RecordBook
  readonly #quickMs: number
  /** The oldest first. */
  readonly #open = new Set<OpenRead>()
  #timer: NodeJS.Timeout | undefined

  constructor(audit: RecordBook, quickMs: number) {
    this.#audit = audit
    this.#quickMs = quickMs
  }

  /** `through`: the row that says that it was let through. */
  begin(through: () => AuditEvent): OpenRead {
    const read: OpenRead = { let: through, beganMs: performance.now(), isWritten: false }
    this.#open.add(read)
    this.#timer ??= setTimeout(() => this.#writeSlow(), this.#quickMs)
    return read
  }

  /** Waits only where the log is behind by more than it should hold. */
  end(read: OpenRead, ended: Ended): Promise<void> {
    this.#open.delete(read)
    return this.#append(() => {
      const through = read.let()
      if (!read.isWritten) return { ...through, ...ended }
      const { correlation, client, server, tool } = through
      return { kind: 'result', what: 'call/ended', correlation, client, server, tool, ...ended }
    })
  }

  #writeSlow(): void {
    this.#timer = undefined
    for (const read of this.#open) {
      const leftMs = this.#quickMs - (performance.now() - read.beganMs)
      if (leftMs > 1) {
        this.#timer = setTimeout(() => this.#writeSlow(), leftMs)
        return
      }
      read.isWritten = true
      this.#open.delete(read)
      void this.#append(read.let)
    }
  }

  #append(row: () => AuditEvent): Promise<void> {
    return this.#audit.append(row, { durable: false }).catch(() => {})
  }
}
