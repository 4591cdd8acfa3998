// The log as text for other programs: one JSON object a line, or CSV that a spreadsheet cannot take for formulas.
import type { AuditRow } from '../../contract/audit.ts'
import { HubError } from '../error.ts'
import { allRows } from './list-rows.ts'
import { openForReading } from './log-file.ts'

const COLUMNS: [string, (row: AuditRow) => string | number | null | undefined][] = [
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

/** The whole log, line by line, without line ends. */
export function* exportLines(folder: string, format: 'jsonl' | 'csv'): Generator<string> {
  const db = openForReading(folder)
  if (!db)
    throw new HubError('audit/no-log', `There is no audit.db in ${folder}.`, {
      hint: 'Is this the right --data folder?',
    })
  try {
    if (format === 'csv') yield COLUMNS.map(([name]) => name).join(',')
    for (const row of allRows(db))
      yield format === 'csv' ? COLUMNS.map(([, of]) => cell(of(row))).join(',') : JSON.stringify(row)
  } finally {
    db.close()
  }
}
