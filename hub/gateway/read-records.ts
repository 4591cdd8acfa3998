// The records of calls that only read. A quick one is one row, which says that it was let through and how it ended; of one
// that takes longer the first half is written while it runs, so that no read is ever long without its record.
import type { AuditEvent } from '../../contract/audit.ts'
import type { RecordBook } from './parts.ts'

export type Ended = Pick<AuditEvent, 'outcome' | 'durationMs' | 'bytes' | 'detail'>

/** One read under way. */
export interface OpenRead {
  let: () => AuditEvent
  isWritten: boolean
}

export class ReadRecords {
  readonly #audit: RecordBook
  readonly #quickMs: number
  #open = new Set<OpenRead>()
  #timer: NodeJS.Timeout | undefined

  constructor(audit: RecordBook, quickMs: number) {
    this.#audit = audit
    this.#quickMs = quickMs
  }

  /** `through`: the row that says that it was let through. */
  begin(through: () => AuditEvent): OpenRead {
    const read: OpenRead = { let: through, isWritten: false }
    this.#open.add(read)
    this.#timer ??= setTimeout(() => this.#writeOpen(), this.#quickMs)
    return read
  }

  /** Waits only where the log is behind by more than it should hold. */
  async end(read: OpenRead, ended: Ended): Promise<void> {
    this.#open.delete(read)
    const through = read.let()
    const { correlation, client, server, tool } = through
    const row: AuditEvent = read.isWritten
      ? { kind: 'result', what: 'call/ended', correlation, client, server, tool, ...ended }
      : { ...through, ...ended }
    await this.#audit.append(row, { durable: false }).catch(() => {})
  }

  #writeOpen(): void {
    this.#timer = undefined
    for (const read of this.#open) {
      read.isWritten = true
      void this.#audit.append(read.let(), { durable: false }).catch(() => {})
    }
    this.#open.clear()
  }
}
