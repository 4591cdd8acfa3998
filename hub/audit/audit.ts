// The record of what was done: rows go in here, are on disk when it matters, chained, signed and anchored.
import type { KeyObject } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type AuditCall,
  type AuditEvent,
  AuditFilter,
  type AuditHead,
  type AuditRow,
  type AuditStatus,
  type ExportFormat,
  type Retention,
  type RetentionState,
  type Verification,
} from '../../contract/audit.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import { type AnchorEntry, Anchoring } from './anchoring.ts'
import { callOf } from './call-of.ts'
import { GENESIS, publicKeyText } from './chain.ts'
import { Indexing } from './indexing.ts'
import type { StoredHead } from './log-file.ts'
import { LogThread } from './log-thread.ts'
import { Queue } from './queue.ts'
import { Reading } from './reading.ts'
import type { Due } from './retention.ts'
import { toEntry } from './to-entry.ts'
import type { Entry, ExportPiece, WrittenRows } from './worker-messages.ts'
import { Writing } from './writing.ts'

const RETRY_MS = 1000
const STEP_PAUSE_MS = 20

interface Options {
  folder: string
  signing: () => { privateKey: KeyObject; publicKey: KeyObject } | null
  anchor: AnchorEntry
  announcer: Announcer
  redact: (text: string) => string
}

function notWritable(why: string, cause?: unknown): HubError {
  return new HubError('audit/not-writable', `The audit log cannot be written: ${why}.`, {
    hint: 'Free some disk space or look at audit.db in the data folder. Until then calls that change something are refused.',
    cause,
  })
}

export class Audit {
  #o: Options
  #writer: Writing
  #reading: Reading
  #anchoring: Anchoring
  #queue: Queue
  #cleaning: NodeJS.Timeout | undefined
  #head: StoredHead | null = null
  #rows = 0
  #problem: string | null = null
  #broken: string | null = null
  #verifiedTo: number | null = null
  #compared = false
  #acknowledged = new Set<string>()
  #indexing = new Indexing(() => this.#reading.ask<boolean>({ kind: 'index' }))
  #closed = false

  private constructor(o: Options) {
    this.#o = o
    this.#writer = new Writing(o.folder, ask => this.#openAs('open', ask))
    this.#reading = new Reading(o.folder)
    this.#queue = new Queue({ redact: o.redact, write: entries => this.#write(entries) })
    this.#anchoring = new Anchoring(o.anchor, () => o.announcer.emit('audit/changed'))
  }

  /** A log that cannot be written still opens, and says so; one written by a newer Gatehouse does not. */
  static async open(o: Options): Promise<Audit> {
    const audit = new Audit(o)
    try {
      await audit.#openAs('open')
    } catch (error) {
      if (error instanceof HubError && error.code === 'audit/newer') {
        await audit.#writer.close()
        throw error
      }
      audit.#failed(error as Error)
    }
    return audit
  }

  /** `event`: or what makes it, asked once, when it is written. */
  async append(event: AuditEvent | (() => AuditEvent), o: { durable: boolean }): Promise<void> {
    if (this.#closed) throw notWritable('it is closed')
    await this.#queue.append(event, o)
  }

  async list(filter: Partial<AuditFilter>): Promise<AuditRow[]> {
    await this.#queue.flush()
    return this.#reading.ask<AuditRow[]>({ kind: 'list', filter: AuditFilter.parse(filter) })
  }

  async verify(): Promise<Verification> {
    await this.#queue.flush()
    const publicKey = this.#o.signing()?.publicKey ?? null
    const anchor = publicKey ? await this.#o.anchor.read().catch(() => null) : null
    const upTo = this.#head?.seq ?? 0
    // A thread of its own: reading a million rows must not hold up those who search.
    const found = await this.#apart(thread => thread.ask<Verification>({ kind: 'verify', anchor, publicKey }))
    this.#verifiedTo = found.intact ? upTo : null
    this.#broken = found.problems.find(one => !this.#acknowledged.has(one.what))?.what ?? null
    this.#o.announcer.emit('audit/changed')
    return found
  }

  /** The newest row on disk. */
  async head(): Promise<AuditHead> {
    await this.#queue.flush()
    const { seq, hash, time, signature } = this.#head ?? { seq: 0, hash: GENESIS, time: 0, signature: null }
    const keys = this.#o.signing()
    return { seq, hash, time, signature, publicKey: keys ? publicKeyText(keys.privateKey) : null }
  }

  /** How long the oldest record that is not on disk yet has waited. */
  lagMs(): number {
    return this.#queue.lagMs()
  }

  status(): AuditStatus {
    return {
      rows: this.#rows,
      writable: this.#problem === null,
      anchored: this.#anchoring.holds,
      problem: this.#problem ?? this.#broken ?? this.#anchoring.problem,
      verifiedTo: this.#verifiedTo,
      signedAt: this.#head?.signature ? this.#head.time : null,
      damage: this.#broken,
    }
  }

  /** All rows of one call, and how its time went. */
  async call(correlation: string): Promise<AuditCall> {
    return callOf(correlation, await this.list({ correlation, limit: 1000 }))
  }

  /** The whole log as it is now, in pieces. */
  async *export(format: ExportFormat, signal: AbortSignal): AsyncGenerator<string, void> {
    await this.#queue.flush()
    const keys = this.#o.signing()
    const publicKey = keys ? publicKeyText(keys.privateKey) : null
    const thread = new LogThread(this.#o.folder, { standsBack: true })
    try {
      for (let after: number | null = 0; after !== null && !signal.aborted; ) {
        const { text, last }: ExportPiece = await thread.ask({ kind: 'export', format, after, publicKey })
        if (text !== '') yield text
        after = last
      }
    } finally {
      await thread.close()
    }
  }

  /** Removes the content of rows (a secret that slipped in); the chain goes on holding and tells of it. */
  async erase(rows: { from: number; to: number }[], by: string, why: string): Promise<void> {
    await this.#queue.flush()
    const entry = toEntry({ kind: 'erased', what: 'rows/erased', by, rows, detail: why }, this.#o.redact)
    this.#took(await this.#writer.ask<WrittenRows>({ kind: 'erase', rows, entry }))
    await this.#leaveNoCopy()
    await this.#indexing.now()
  }

  /** Erases what is due by age or size, in small steps that let writing through. */
  async retain(retention: Retention): Promise<void> {
    await this.#queue.flush()
    const rest = async () => {
      while (!this.#closed && (await this.#writer.ask<boolean>({ kind: 'erase-some' }))) await pause(STEP_PAUSE_MS)
    }
    // What an earlier run did not get through comes first.
    await rest()
    await this.#leaveNoCopy()
    // Looking at a million rows must not hold up those who write.
    const due = await this.#reading.ask<Due | null>({ kind: 'due', retention })
    const written = due && (await this.#writer.ask<WrittenRows | null>({ kind: 'retain', due }))
    if (!written) return
    this.#took(written)
    await rest()
    if (this.#closed) return
    await this.#leaveNoCopy()
    await this.#indexing.now()
  }

  async retentionState(): Promise<Omit<RetentionState, keyof Retention>> {
    await this.#queue.flush()
    return this.#reading.ask({ kind: 'retention' })
  }

  /** A person has seen the damage: the warning ends, the record of both stays. Says which row tells of it. */
  async acknowledge(by: string): Promise<number> {
    const damage = this.#broken
    if (damage === null)
      throw new HubError('audit/nothing-wrong', 'There is no damage to acknowledge.', {
        hint: '`gatehouse audit verify` looks at every row.',
      })
    await this.#queue.flush()
    const entry = toEntry({ kind: 'hub', what: 'audit/acknowledged', by, detail: damage }, this.#o.redact)
    const written = await this.#writer.ask<WrittenRows>({ kind: 'acknowledge', entry })
    this.#acknowledged.add(damage)
    this.#broken = null
    this.#took(written)
    this.#o.announcer.emit('audit/changed')
    return this.#head?.seq ?? 0
  }

  async keychainAppeared(): Promise<void> {
    await this.#queue.flush()
    await this.#openAs('keys')
  }

  async close(): Promise<void> {
    if (this.#closed) return
    await this.#queue.flush()
    this.#closed = true
    this.#indexing.stop()
    this.#queue.stop()
    clearTimeout(this.#cleaning)
    if (this.#compared) await this.#anchoring.flush()
    this.#anchoring.stop()
    // The writer last: whoever closes the file last takes its -wal into it, and only a writer can.
    await this.#reading.close()
    await this.#writer.close()
  }

  async #openAs(kind: 'open' | 'keys', ask: Writing['ask'] = task => this.#writer.ask(task)): Promise<void> {
    const keys = this.#o.signing()
    let anchor: string | null = null
    try {
      anchor = keys ? await this.#o.anchor.read() : null
      this.#compared = keys !== null
    } catch (error) {
      // An anchor that was not compared is never overwritten: it may be the only witness.
      this.#anchoring.problem = `The keychain did not give the anchor: ${(error as Error).message}`
      setTimeout(() => this.#closed || this.keychainAppeared().catch(() => {}), RETRY_MS).unref()
    }
    this.#took(await ask<WrittenRows>({ kind, anchor, keys }))
    if (this.#compared) await this.#anchoring.flush()
  }

  async #apart<T>(use: (thread: LogThread) => Promise<T>): Promise<T> {
    const thread = new LogThread(this.#o.folder, { standsBack: true })
    try {
      return await use(thread)
    } finally {
      await thread.close()
    }
  }

  async #write(entries: Entry[]): Promise<void> {
    const wantsRows = this.#o.announcer.listenerCount('audit/appended') > 0
    try {
      this.#took(await this.#writer.ask<WrittenRows>({ kind: 'append', entries, wantsRows }))
    } catch (error) {
      throw this.#failed(error as Error)
    }
  }

  /** Once nobody reads what was there before, what was erased stands nowhere in the log's files. */
  async #leaveNoCopy(): Promise<void> {
    if (this.#closed || (await this.#writer.ask<boolean>({ kind: 'clean' }))) return
    clearTimeout(this.#cleaning)
    this.#cleaning = setTimeout(() => this.#leaveNoCopy().catch(() => {}), RETRY_MS).unref()
  }

  #took({ rows, head, count, told }: WrittenRows): void {
    const changed = this.#problem !== null || told !== null
    this.#problem = null
    this.#rows = count
    if (told !== null) this.#broken = told
    if (head) {
      this.#head = head
      if (this.#compared) this.#anchoring.saw(head)
    }
    this.#indexing.soon()
    if (rows.length > 0) this.#o.announcer.emit('audit/appended', rows)
    if (changed) this.#o.announcer.emit('audit/changed')
  }

  #failed(error: Error): HubError {
    const refused = notWritable(error.message, error)
    if (this.#problem === null) {
      this.#problem = refused.message
      this.#o.announcer.emit('audit/changed')
    }
    return refused
  }
}
