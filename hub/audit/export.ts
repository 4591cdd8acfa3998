// The log as text: JSONL that can be verified anywhere, a bundle with its signed head, CSV that no spreadsheet takes for formulas.
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { AuditHead, type AuditRow, type ExportFormat } from '../../contract/audit.ts'
import { HubError } from '../error.ts'
import { GENESIS, type StoredRow } from './chain.ts'
import { toAuditRow } from './list-rows.ts'
import { COLUMNS, openForReading, readHead, type StoredHead } from './log-file.ts'
import type { ExportPiece } from './worker-messages.ts'

type Db = Database.Database

const CELLS: [string, (row: AuditRow) => string | number | null | undefined][] = [
  ['seq', r => r.seq],
  ['time', r => new Date(r.time).toISOString()],
  ['kind', r => r.event?.kind ?? '(erased)'],
  ['what', r => r.event?.what],
  ['client', r => r.event?.client],
  ['server', r => r.event?.server],
  ['tool', r => r.event?.tool],
  ['by', r => r.event?.by],
  ['effect', r => r.event?.decision?.effect],
  ['risk', r => r.event?.decision?.risk],
  ['rule', r => r.event?.decision?.rule],
  ['ruleText', r => r.event?.decision?.ruleText],
  ['outcome', r => r.event?.outcome],
  ['durationMs', r => r.event?.durationMs],
  ['bytes', r => r.event?.bytes],
  ['correlation', r => r.event?.correlation],
  ['arguments', r => r.event?.arguments?.text],
  ['argumentsSha256', r => r.event?.arguments?.sha256],
  ['detail', r => r.event?.detail],
  ['contentHash', r => r.contentHash],
  ['hash', r => r.hash],
]

// A cell that begins like a formula gets a quote before it, as OWASP advises; tabs and returns count, too.
function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^[\s]*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/.test(value) ? `'${value}` : value
  return `"${safe.replaceAll('"', '""')}"`
}

const PIECE = 500
const BUNDLE = 'gatehouse-audit-bundle-1'

/** The last line of a bundle. */
export const BundleEnd = AuditHead.extend({ bundle: z.literal(BUNDLE) })

export function bundleEnd({ seq, hash, time, signature, publicKey }: AuditHead): string {
  return JSON.stringify({ bundle: BUNDLE, seq, hash, time, signature, publicKey })
}

/** The content as it was hashed stands in the line as it is; what is no JSON (tampered with) as a string. */
export function jsonLine(row: StoredRow): string {
  const { seq, time, prev, content, content_hash: contentHash, hash } = row
  const event = content === null || isJson(content) ? content : JSON.stringify(content)
  const chained = JSON.stringify({ prev, contentHash, hash }).slice(1)
  return `{"seq":${seq},"time":${time},"event":${event},${chained}`
}

function isJson(text: string): boolean {
  try {
    // What another writing would change could not be hashed again from the export.
    return JSON.stringify(JSON.parse(text)) === text
  } catch {
    return false
  }
}

function csvLine(row: StoredRow): string {
  const told = toAuditRow(row)
  return CELLS.map(([, of]) => cell(of(told))).join(',')
}

function piece(db: Db, format: ExportFormat, after: number, publicKey: string | null): ExportPiece {
  const found = db
    .prepare<[number, number], StoredRow>(`SELECT ${COLUMNS} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`)
    .all(after, PIECE)
  const lines = found.map(format === 'csv' ? csvLine : jsonLine)
  if (after === 0 && format === 'csv') lines.unshift(CELLS.map(([name]) => name).join(','))
  const last = found.at(-1)?.seq ?? after
  // Numbers past 2^53 come rounded; then this ends.
  const isEnd = found.length < PIECE || last <= after
  if (isEnd && format === 'bundle') lines.push(bundleEnd({ ...headIn(db), publicKey }))
  return { text: lines.map(line => `${line}\n`).join(''), last: isEnd ? null : last }
}

function headIn(db: Db | null): StoredHead {
  return (db && readHead(db)) ?? { seq: 0, hash: GENESIS, time: 0, signature: null }
}

function opened(folder: string): Db {
  const db = openForReading(folder)
  if (db) return db
  throw new HubError('audit/no-log', `There is no audit.db in ${folder}.`, { hint: 'Is this the right --data folder?' })
}

/**
 * The next piece after row `after`; `last` is null at the end, which is where the log ends by then: what was erased since
 * the first piece is told by a row that is in, too.
 */
export function exportPiece(
  folder: string,
  format: ExportFormat,
  after: number,
  publicKey: string | null,
): ExportPiece {
  const db = opened(folder)
  try {
    return db.transaction(() => piece(db, format, after, publicKey))()
  } finally {
    db.close()
  }
}

/** The newest signed head that the file itself holds. */
export function headOf(folder: string, publicKey: string | null): AuditHead {
  const db = openForReading(folder)
  try {
    return { ...headIn(db), publicKey }
  } finally {
    db?.close()
  }
}

/** The whole log in pieces. */
export function* exportPieces(folder: string, format: ExportFormat, publicKey: string | null): Generator<string> {
  for (let after: number | null = 0; after !== null; ) {
    const { text, last } = exportPiece(folder, format, after, publicKey)
    if (text !== '') yield text
    after = last
  }
}
