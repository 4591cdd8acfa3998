// Reads rows for Activity and for export: newest first with filters, or all in order.
import type Database from 'better-sqlite3'
import { AuditEvent, type AuditFilter, type AuditRow } from '../../contract/audit.ts'
import type { StoredRow } from './chain.ts'
import { openForReading } from './log-file.ts'

const COLUMNS = 'seq, time, prev, content, content_hash, hash'

/** The row as told to others. Content that is no event (tampered with) is shown as erased. */
export function toAuditRow(row: StoredRow): AuditRow {
  let event: AuditEvent | null = null
  try {
    event = row.content === null ? null : AuditEvent.parse(JSON.parse(row.content))
  } catch {}
  return { seq: row.seq, time: row.time, event, contentHash: row.content_hash, hash: row.hash }
}

function condition(filter: AuditFilter): { where: string; values: (string | number)[] } {
  const parts: string[] = []
  const values: (string | number)[] = []
  const add = (sql: string, value: string | number | undefined) => {
    if (value === undefined) return
    parts.push(sql)
    values.push(value)
  }
  add('seq < ?', filter.before)
  add('seq > ?', filter.after)
  add('time >= ?', filter.since)
  for (const name of ['client', 'server', 'tool', 'outcome'] as const) add(`${name} = ?`, filter[name])
  if (filter.text) add("content LIKE ? ESCAPE '\\'", `%${filter.text.replaceAll(/[\\%_]/g, '\\$&')}%`)
  if (filter.kinds) {
    parts.push(`kind IN (${filter.kinds.map(() => '?').join(', ')})`)
    values.push(...filter.kinds)
  }
  return { where: parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '', values }
}

/** The newest rows that fit, newest first. */
export function listRows(folder: string, filter: AuditFilter): AuditRow[] {
  const db = openForReading(folder)
  if (!db) return []
  try {
    const { where, values } = condition(filter)
    return db
      .prepare<(string | number)[], StoredRow>(`SELECT ${COLUMNS} FROM audit ${where} ORDER BY seq DESC LIMIT ?`)
      .all(...values, filter.limit)
      .map(toAuditRow)
  } finally {
    db.close()
  }
}

/** Every row, oldest first. */
export function* allRows(db: Database.Database): Generator<AuditRow> {
  for (const row of db.prepare<[], StoredRow>(`SELECT ${COLUMNS} FROM audit ORDER BY seq`).iterate())
    yield toAuditRow(row)
}
