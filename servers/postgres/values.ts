// What values become: JSON's own where it has them, else the database's text, so that no digit and no zone is lost.
import pg from 'pg'
import { textWhereInexact } from '../kit/exact.ts'

const { BOOL, INT2, INT4, FLOAT4, FLOAT8, JSON: TEXT_JSON, JSONB } = pg.types.builtins
const reviver = textWhereInexact as (key: string, value: unknown) => unknown
const json = (text: string) => JSON.parse(text, reviver) as unknown
/** NaN and Infinity stay text. */
const float = (text: string) => (Number.isFinite(Number(text)) ? Number(text) : text)

const PARSED = new Map<number, (text: string) => unknown>([
  [BOOL, text => text === 't'],
  [INT2, Number],
  [INT4, Number],
  [FLOAT4, float],
  [FLOAT8, float],
  [TEXT_JSON, json],
  [JSONB, json],
])

/** By the OID of a type. */
export function parserOf(type: number): (text: string) => unknown {
  return PARSED.get(type) ?? (text => text)
}

const MOST_ROWS = 10_001
const MOST_CHARS = 2_000_000

/** Keeps the rows that an answer could hold, and knows whether there were more. */
export class KeptRows {
  readonly rows: unknown[][] = []
  isCut = false
  #chars = 0

  add(row: unknown[]): void {
    if (this.rows.length >= MOST_ROWS || this.#chars > MOST_CHARS) this.isCut = true
    else {
      this.rows.push(row)
      this.#chars += JSON.stringify(row).length
    }
  }
}

/** Statements whose count is of rows that they wrote. */
export function changedBy(command: string | undefined, count: number | null | undefined): number | null {
  return /^(INSERT|UPDATE|DELETE|MERGE|COPY)$/.test(command ?? '') ? (count ?? null) : null
}
