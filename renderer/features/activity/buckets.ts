// The loaded lines as four small histories over one span of time.
import type { Line } from './lines.ts'

export interface Histories {
  calls: number[]
  errors: number[]
  asked: number[]
  denied: number[]
  p95: number[]
  p95Ms: number | null
}

const isError = (line: Line) => line.outcome === 'error' || line.outcome === 'tool-error' || line.outcome === 'lost'
const wasAsked = (line: Line) => line.rows.some(row => row.event?.decision?.effect === 'ask')

/** Counts per bucket, oldest first. Only calls count. */
export function histories(lines: readonly Line[], from: number, to: number, buckets = 40): Histories {
  const zero = () => Array.from({ length: buckets }, () => 0)
  const out: Histories = { calls: zero(), errors: zero(), asked: zero(), denied: zero(), p95: zero(), p95Ms: null }
  const took: number[][] = Array.from({ length: buckets }, () => [])
  for (const line of lines) {
    if (line.tool === null || line.time < from || line.time > to) continue
    const at = Math.min(buckets - 1, Math.floor(((line.time - from) / Math.max(1, to - from)) * buckets))
    out.calls[at]!++
    if (isError(line)) out.errors[at]!++
    if (wasAsked(line)) out.asked[at]!++
    if (line.decision?.effect === 'deny') out.denied[at]!++
    if (line.durationMs !== null) took[at]!.push(line.durationMs)
  }
  out.p95 = took.map(times => p95(times) ?? 0)
  out.p95Ms = p95(took.flat())
  return out
}

/** The time that 95 of 100 calls stayed under. */
export function p95(times: readonly number[]): number | null {
  if (times.length === 0) return null
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.95) - 1)]!
}

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
