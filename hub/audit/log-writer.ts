// Writes the log: each batch with its new head in one transaction that is on disk when it returns.
import type { AuditEvent, AuditRow } from '../../contract/audit.ts'
import { HubError } from '../error.ts'
import { canonical, type Head, parseAnchor, rowHash, type StoredRow, sha256, signHead } from './chain.ts'
import { toAuditRow } from './list-rows.ts'
import {
  beginAgain,
  checkSchema,
  damaged,
  FURTHEST,
  forgetDamage,
  isDamage,
  type Log,
  moveAside,
  openLog,
  readEnds,
  readHead,
  rememberDamage,
  type StoredHead,
  unacknowledged,
} from './log-file.ts'
import { begin, clearContent, type Due, eraseSome, leavesNoCopy, progress } from './retention.ts'
import { checkEnds, FOUND, UNSIGNED } from './verify-files.ts'
import type { Entry, Keys, WrittenRows } from './worker-messages.ts'

function entryOf(event: AuditEvent): Entry {
  return { time: Date.now(), content: canonical(event) }
}

const KEPT = { hint: 'Their content may be gone already; rows that tell about the log itself are kept.' }

export class LogWriter {
  #folder: string
  #log: Log | null = null
  #anchor: Head | null = null
  #keys: Keys | null = null
  #told: string | null = null
  /** Rows about the log itself that are to stand before the next ones. */
  #first: Entry[] = []
  #ended = false

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Opens the log and writes down first what is wrong with it, if something is. */
  open(anchor: string | null, keys: Keys | null): WrittenRows {
    this.#anchor = parseAnchor(anchor)
    this.#keys = keys
    return this.append([])
  }

  /** The keychain appeared: from now on heads are signed; the anchor is compared before it is overwritten. */
  takeKeys(anchor: string | null, keys: Keys | null): WrittenRows {
    this.#anchor = parseAnchor(anchor)
    this.#keys = keys
    if (this.#log) this.#first.push(...this.#whatIsWrong(this.#log))
    return this.append([])
  }

  /** `wantsRows`: the rows are handed back too. Mostly nobody looks, and they are many. */
  append(entries: Entry[], wantsRows = true): WrittenRows {
    if (this.#ended) throw new Error('The log is closed.')
    try {
      return this.#commit(this.#opened(), entries, { wantsRows })
    } catch (error) {
      if (!this.#log || !isDamage(error)) throw error
      return this.#commit(this.#startOver(this.#log, error as Error), entries, { wantsRows })
    }
  }

  /** Takes the content out of rows for good; the row that tells of it is written in the same transaction. */
  erase(rows: { from: number; to: number }[], entry: Entry): WrittenRows {
    const { db } = this.#opened()
    let erased = 0
    const also = () => {
      for (const { from, to } of rows) erased += clearContent(db, from, to)
      if (erased === 0)
        throw new HubError('audit/nothing-to-erase', 'These rows hold nothing that can be erased.', KEPT)
    }
    return this.#commit(this.#opened(), [entry], { also, wantsRows: true })
  }

  /** Writes down that these rows are due by age or size; `eraseSome` then takes their content. Null when it has begun since. */
  retain(due: Due): WrittenRows | null {
    const log = this.#opened()
    const { from, to, why } = due
    if (from !== progress(log.db).erasing_to + 1) return null
    const entry = entryOf({ kind: 'erased', what: 'rows/erased', by: 'gatehouse', rows: [{ from, to }], detail: why })
    return this.#commit(log, [entry], { also: () => begin(log.db, due), wantsRows: true })
  }

  eraseSome(): boolean {
    return eraseSome(this.#opened().db)
  }

  /** Takes what was erased out of every file of the log. False while somebody reads what was there before. */
  clean(): boolean {
    return leavesNoCopy(this.#opened().db)
  }

  /** A person has seen what is wrong with the log: the warning ends, the rows that tell stay. */
  acknowledge(entry: Entry): WrittenRows {
    const log = this.#opened()
    return this.#commit(log, [entry], { also: () => forgetDamage(log.db), wantsRows: true })
  }

  close(): StoredHead | null {
    this.#ended = true
    const head = this.#log ? (readHead(this.#log.db) ?? null) : null
    this.#log?.db.close()
    this.#log = null
    return head
  }

  #opened(): Log {
    if (this.#log) return this.#log
    const log = openLog(this.#folder, this.#anchor)
    this.#log = log
    if (log.beganAgain !== null) this.#first = [this.#beginning(log.beganAgain)]
    else this.#told = unacknowledged(log.db)
    if (log.beganAgain === null && readEnds(log.db).last !== null) this.#first = this.#whatIsWrong(log)
    return log
  }

  #beginning(detail: string): Entry {
    this.#told = detail
    return { ...entryOf({ kind: 'hub', what: 'audit/began-again', by: 'gatehouse', detail }), damage: detail }
  }

  /** Damage found while writing: what we remember of the end is better than the anchor. */
  #startOver(log: Log, error: Error): Log {
    log.db.close()
    const moved = moveAside(this.#folder)
    const why = `The log could not be written (${error.message}) and lies in ${moved}.`
    const next = beginAgain(this.#folder, log.last.seq > 0 ? log.last : null, why)
    this.#log = next
    this.#first = [this.#beginning(next.beganAgain ?? why)]
    return next
  }

  #whatIsWrong(log: Log): Entry[] {
    const unsigned = readHead(log.db)?.signature === null
    const findings = checkEnds(log.db, this.#anchor, this.#keys?.publicKey ?? null)
    return findings.map(({ kind, what }) => {
      if (unsigned && kind === 'signature') {
        const detail = `Rows ${(this.#anchor?.seq ?? 0) + 1} to ${log.last.seq} were written without a keychain, or by somebody else.`
        return entryOf({ kind: 'hub', what: UNSIGNED, by: 'gatehouse', detail })
      }
      this.#told = what
      return { ...entryOf({ kind: 'hub', what: FOUND + kind, by: 'gatehouse', detail: what }), damage: what }
    })
  }

  #commit(log: Log, entries: Entry[], o: { wantsRows: boolean; also?: () => void }): WrittenRows {
    const { db, statements } = log
    let { seq, hash } = log.last
    const rows: AuditRow[] = []
    let last: StoredRow | null = null
    let head: StoredHead | null = null
    db.transaction(() => {
      const schema = statements.schema.get()!
      if (schema !== log.schema) {
        checkSchema(db)
        log.schema = schema
      }
      // Somebody else's rows in our file get no place in our chain, but their numbers are taken.
      const taken = statements.ends.get()!.last
      if (taken !== null && taken > FURTHEST) throw damaged(`it holds a row ${taken}, which is none of ours`)
      if (taken !== null && taken > seq) seq = taken
      o.also?.()
      for (const { time, content, damage } of [...this.#first, ...entries]) {
        const row: StoredRow = { seq: ++seq, time, prev: hash, content, content_hash: sha256(content), hash: '' }
        row.hash = hash = rowHash(row)
        statements.insert.run(row.seq, row.time, row.prev, row.content, row.content_hash, row.hash)
        if (damage !== undefined) rememberDamage(db, row.seq, damage)
        if (o.wantsRows) rows.push(toAuditRow(row))
        last = row
      }
      head = this.#writeHead(log, last)
    }).immediate()
    if (last !== null) log.last = { seq, hash }
    this.#first = []
    const told = this.#told
    this.#told = null
    return { rows, head, count: log.last.seq - log.first + 1, told }
  }

  #writeHead(log: Log, row: Head | null): StoredHead | null {
    const old = log.statements.head.get() ?? null
    const head = row ? { seq: row.seq, hash: row.hash, time: row.time } : old
    if (!head || (!row && old && (old.signature !== null || !this.#keys))) return old
    const signature = this.#keys ? signHead(head, this.#keys.privateKey) : null
    log.statements.setHead.run(head.seq, head.hash, head.time, signature)
    return { ...head, signature }
  }
}
