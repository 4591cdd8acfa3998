// What all formats are read into and written from: plain values, with numbers that keep their digits.
import { isExact } from '../kit/exact.ts'

/** Counted from 1. */
export interface BadSpot {
  line: number
  column: number
  message: string
}

/** `value`: null where it could not be read at all. */
export interface Read {
  value: unknown
  errors: BadSpot[]
}

export const MOST_ERRORS = 50

export function spot(text: string, at: number, message: string): BadSpot {
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n'), message }
}

const { rawJSON, isRawJSON } = JSON as unknown as {
  rawJSON: (text: string) => object
  isRawJSON: (value: unknown) => value is { rawJSON: string }
}
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/** A number that would lose digits stays as it is written: whole as bigint, others as JSON's own text. */
export function numberAs(source: string | undefined, value: unknown): unknown {
  if (typeof value !== 'number' || source === undefined || !NUMBER.test(source) || isExact(source, value)) return value
  return /^-?\d+$/.test(source) ? BigInt(source) : rawJSON(source)
}

/** Of a number that is kept as its text. */
export function numberText(value: unknown): string | null {
  return isRawJSON(value) ? value.rawJSON : null
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJSON(value)
}

export function toJson(value: unknown, pretty = false): string {
  return JSON.stringify(value, writable, pretty ? 2 : undefined) ?? 'null'
}

/** JSON has no word for what YAML calls .inf and .nan. */
function writable(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return rawJSON(String(value))
  if (typeof value !== 'number' || Number.isFinite(value)) return value
  return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf'
}
