// What a table is made of: each column's type, gaps, range and variety.
import { Failure } from '../kit/failure.ts'
import { numberText, toJson } from './values.ts'

export interface Column {
  name: string
  /** Of all values that are there; `mixed` where they differ. */
  type: 'integer' | 'number' | 'boolean' | 'date' | 'text' | 'object' | 'mixed' | 'empty'
  nulls: number
  distinct: number
  min: string | number | null
  max: string | number | null
}

const DATE = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/

export function profile(rows: readonly Record<string, unknown>[]): Column[] {
  const names = [...new Set(rows.flatMap(row => Object.keys(row)))]
  return names.map(name =>
    column(
      name,
      rows.map(row => row[name]),
    ),
  )
}

function column(name: string, cells: readonly unknown[]): Column {
  const there = cells.filter(cell => cell !== null && cell !== undefined && cell !== '')
  const types = new Set(there.map(typeOf))
  if (types.size === 2 && types.has('integer') && types.has('number')) types.delete('integer')
  const type = types.size === 0 ? 'empty' : types.size === 1 ? [...types][0]! : 'mixed'
  const distinct = new Set(there.map(cell => (typeof cell === 'object' ? toJson(cell) : cell))).size
  const values = there.map(ORDERED[type] ?? (() => null)).filter(value => value !== null)
  const first = values.reduce((least, value) => (value < least ? value : least), values[0] ?? null!)
  const last = values.reduce((most, value) => (value > most ? value : most), values[0] ?? null!)
  return { name, type, nulls: cells.length - there.length, distinct, min: shown(first), max: shown(last) }
}

function typeOf(cell: unknown): Column['type'] {
  if (typeof cell === 'bigint') return 'integer'
  if (typeof cell === 'number') return Number.isInteger(cell) ? 'integer' : 'number'
  if (typeof cell === 'boolean') return 'boolean'
  if (numberText(cell) !== null) return 'number'
  if (typeof cell === 'object') return 'object'
  const text = String(cell)
  // 007 and +1 are names rather than numbers.
  if (/^-?(0|[1-9]\d*)$/.test(text)) return 'integer'
  if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return 'number'
  if (text === 'true' || text === 'false') return 'boolean'
  return DATE.test(text) && !Number.isNaN(Date.parse(text)) ? 'date' : 'text'
}

type Ordered = string | number | bigint

const ORDERED: Partial<Record<Column['type'], (cell: unknown) => Ordered>> = {
  integer: cell => BigInt(cell as string | number | bigint),
  number: cell => Number(numberText(cell) ?? cell),
  date: String,
  text: String,
}

/** A whole number past 2^53 as text, which keeps its digits. */
function shown(end: Ordered | null): string | number | null {
  if (typeof end === 'bigint') return Number.isSafeInteger(Number(end)) ? Number(end) : String(end)
  return typeof end === 'string' ? end.slice(0, 200) : end
}

export function tableOf(rows: Record<string, unknown>[] | null): Record<string, unknown>[] {
  if (rows) return rows
  throw new Failure(
    'validation_error',
    'This is no table: a list of objects is needed.',
    'For CSV each line is one; for the others take the list out first, with process_data and a query.',
  )
}
