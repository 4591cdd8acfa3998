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
import { Reading } from './reading.ts'
import { toEntry } from './to-entry.ts'
import type { Entry, ExportPiece, WrittenRows } from './worker-messages.ts'
import { Writing } from './writing.ts'

const BEHIND_MS = 20
const RETRY_MS = 1000
const STEP_PAUSE_MS = 20
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
  #waiting: Waiting[] = []
  #writing: Promise<void> | null = null
  #writingFrom: number | null = null
  #timer: NodeJS.Timeout | null = null
  #head: StoredHead | null = null
  #rows = 0
  #lost = 0
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
    const time = Date.now()
    const make = () => toEntry(typeof event === 'function' ? event() : event, this.#o.redact, time)
    if (o.durable) {
      const entry = make()
      return new Promise<void>((resolve, reject) => {
        this.#waiting.push({ time, entry, settle: { resolve, reject } })
        this.#writeSoon(0)
      })
    }
    if (this.#waiting.length >= MOST_WAITING && this.#problem !== null) {
      this.#lost++
      return
    }
    const mayWait = this.#problem === null && this.#waiting.length < MOST_UNMADE
    this.#waiting.push({ time, entry: mayWait ? make : make(), settle: null })
    this.#writeSoon(BEHIND_MS)
    // Whoever is quicker than the disk waits for it; nothing is dropped.
    if (this.#waiting.length >= MOST_WAITING) await this.#writing
  }

  async list(filter: Partial<AuditFilter>): Promise<AuditRow[]> {
    await this.#flush()
    return this.#reading.ask<AuditRow[]>({ kind: 'list', filter: AuditFilter.parse(filter) })
  }

  async verify(): Promise<Verification> {
    await this.#flush()
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
    await this.#flush()
    const { seq, hash, time, signature } = this.#head ?? { seq: 0, hash: GENESIS, time: 0, signature: null }
    const keys = this.#o.signing()
    return { seq, hash, time, signature, publicKey: keys ? publicKeyText(keys.privateKey) : null }
  }

  /** How long the oldest record that is not on disk yet has waited. */
  lagMs(): number {
    const from = this.#writingFrom ?? this.#waiting[0]?.time
    return from === undefined ? 0 : Math.max(0, Date.now() - from)
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
    const head = await this.head()
    const thread = new LogThread(this.#o.folder, { standsBack: true })
    try {
      for (let after: number | null = 0; after !== null && !signal.aborted; ) {
        const { text, last }: ExportPiece = await thread.ask({ kind: 'export', format, after, head })
        if (text !== '') yield text
        after = last
      }
    } finally {
      await thread.close()
    }
  }

  /** Removes the content of rows (a secret that slipped in); the chain goes on holding and tells of it. */
  async erase(rows: { from: number; to: number }[], by: string, why: string): Promise<void> {
    await this.#flush()
    const entry = toEntry({ kind: 'erased', what: 'rows/erased', by, rows, detail: why }, this.#o.redact)
    this.#took(await this.#writer.ask<WrittenRows>({ kind: 'erase', rows, entry }))
    await this.#indexing.now()
  }

  /** Erases what is due by age or size, in small steps that let writing through. */
  async retain(retention: Retention): Promise<void> {
    await this.#flush()
    const rest = async () => {
      while (!this.#closed && (await this.#writer.ask<boolean>({ kind: 'erase-some' }))) await pause(STEP_PAUSE_MS)
    }
    // What an earlier run did not get through comes first.
    await rest()
    const written = await this.#writer.ask<WrittenRows | null>({ kind: 'retain', retention })
    if (!written) return
    this.#took(written)
    await rest()
    if (!this.#closed) await this.#indexing.now()
  }

  async retentionState(): Promise<Omit<RetentionState, keyof Retention>> {
    await this.#flush()
    return this.#reading.ask({ kind: 'retention' })
  }

  /** A person has seen the damage: the warning ends, the record of both stays. Says which row tells of it. */
  async acknowledge(by: string): Promise<number> {
    const damage = this.#broken
    if (damage === null)
      throw new HubError('audit/nothing-wrong', 'There is no damage to acknowledge.', {
        hint: '`gatehouse audit verify` looks at every row.',
      })
    await this.#flush()
    const entry = toEntry({ kind: 'hub', what: 'audit/acknowledged', by, detail: damage }, this.#o.redact)
    const written = await this.#writer.ask<WrittenRows>({ kind: 'acknowledge', entry })
    this.#acknowledged.add(damage)
    this.#broken = null
    this.#took(written)
    this.#o.announcer.emit('audit/changed')
    return this.#head?.seq ?? 0
  }

  async keychainAppeared(): Promise<void> {
    await this.#flush()
    await this.#openAs('keys')
  }

  async close(): Promise<void> {
    if (this.#closed) return
    await this.#flush()
    this.#closed = true
    this.#indexing.stop()
    if (this.#timer) clearTimeout(this.#timer)
    if (this.#compared) await this.#anchoring.flush()
    this.#anchoring.stop()
    await Promise.all([this.#writer.close(), this.#reading.close()])
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

  #lostEntry(count: number): Entry {
    const detail = `${count} records of reads are missing here: the log could not be written and too many waited, or they could not be put into words.`
    return toEntry({ kind: 'hub', what: 'audit/rows-lost', by: 'gatehouse', detail }, this.#o.redact)
  }

  async #apart<T>(use: (thread: LogThread) => Promise<T>): Promise<T> {
    const thread = new LogThread(this.#o.folder, { standsBack: true })
    try {
      return await use(thread)
    } finally {
      await thread.close()
    }
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
    const wantsRows = this.#o.announcer.listenerCount('audit/appended') > 0
    try {
      const entries = [...(lost > 0 ? [this.#lostEntry(lost)] : []), ...batch.map(b => b.entry)]
      this.#took(await this.#writer.ask<WrittenRows>({ kind: 'append', entries, wantsRows }))
      this.#lost -= lost
      for (const { settle } of batch) settle?.resolve()
    } catch (error) {
      const refused = this.#failed(error as Error)
      for (const { settle } of batch) settle?.reject(refused)
      // Records of reads are kept for the next try; a refused change has not happened.
      this.#waiting = [...batch.filter(b => b.settle === null), ...this.#waiting]
    }
    this.#writing = null
    this.#writingFrom = null
    if (this.#closed || this.#waiting.length === 0) return
    if (this.#waiting.some(w => w.settle)) this.#writeSoon(0)
    else this.#writeSoon(this.#problem ? RETRY_MS : BEHIND_MS)
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

  async #flush(): Promise<void> {
    for (let tries = 0; tries < 3 && (this.#writing || this.#waiting.length > 0); tries++) {
      if (!this.#writing) this.#writeSoon(0)
      await this.#writing
      if (this.#problem) return
    }
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
