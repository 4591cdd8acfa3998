// Frames on the wire as rows: which belong to one call, and when each came, counted from the call's first.
import type { WireFrame } from '../../../contract/calls.ts'

/** How many frames the window keeps; the hub keeps as many. */
export const KEPT = 2000

/** One row of the wire. `startMs`: since the call's first frame; `lastsMs`: until its answer, for what is answered. */
export interface FrameRow {
  frame: WireFrame
  startMs: number
  lastsMs: number | null
  /** True where another call begins than in the row above. */
  begins: boolean
}

/** Frames known and new ones, each once, in order, the oldest dropped. */
export function mergeFrames(known: readonly WireFrame[], more: readonly WireFrame[]): WireFrame[] {
  const last = known.at(-1)?.n ?? Number.NEGATIVE_INFINITY
  const inOrder = more.every((f, i) => f.n > (i === 0 ? last : more[i - 1]!.n))
  const all = inOrder
    ? [...known, ...more]
    : [...new Map([...known, ...more].map(f => [f.n, f])).values()].sort((a, b) => a.n - b.n)
  return all.length > KEPT ? all.slice(-KEPT) : all
}

/** Frames as rows, times counted within each call. */
export function rowsOf(frames: readonly WireFrame[]): FrameRow[] {
  const first = new Map<string, number>()
  const answered = new Map<string, number>()
  for (const f of frames) {
    if (f.correlation !== null && !first.has(f.correlation)) first.set(f.correlation, f.at)
    if (f.kind === 'result' || f.kind === 'error') answered.set(pairOf(f, true), f.at)
  }
  return frames.map((frame, i) => {
    const start = frame.correlation === null ? frame.at : (first.get(frame.correlation) ?? frame.at)
    const end = frame.kind === 'request' ? answered.get(pairOf(frame, false)) : undefined
    return {
      frame,
      startMs: frame.at - start,
      lastsMs: end === undefined ? null : Math.max(0, end - frame.at),
      begins: i > 0 && frames[i - 1]!.correlation !== frame.correlation,
    }
  })
}

/** The same for a request and its answer on the same side of the gate. */
function pairOf(f: WireFrame, answer: boolean): string {
  const [from, to] = answer ? [f.to, f.from] : [f.from, f.to]
  return `${f.correlation ?? ''} ${from} ${to} ${f.correlation === null ? f.id : ''}`
}

/** What a frame names: as the hub says, else the name or address in its parameters. */
export function nameIn(frame: WireFrame): string {
  if (frame.name !== null && frame.name !== frame.method) return frame.name
  if (frame.kind !== 'request' || frame.bytes > 10_000) return ''
  const found = /"(?:name|uri)"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(frame.text)?.[1]
  try {
    return found ? String(JSON.parse(found)) : ''
  } catch {
    return ''
  }
}

/** `0`, `25`, `2.5`, `100 ms`: a mark of the axis; the last one carries the unit. */
export function markText(ms: number, lengthMs: number): string {
  const [value, unit] = lengthMs < 1000 ? [ms, 'ms'] : [ms / 1000, 's']
  const length = lengthMs < 1000 ? lengthMs : lengthMs / 1000
  const digits = Number.isInteger(length / 4) ? 0 : Number.isInteger(length / 2) ? 1 : 2
  const text = value === 0 ? '0' : value.toFixed(digits)
  return ms === lengthMs ? `${length} ${unit}` : text
}

/** How long the call of this row took, from its first frame to its last. */
export function callMs(rows: readonly FrameRow[], correlation: string | null): number {
  return rows.reduce(
    (max, r) => (r.frame.correlation === correlation ? Math.max(max, r.startMs + (r.lastsMs ?? 0)) : max),
    0,
  )
}

const STEPS = [1, 2, 4, 8, 20, 40, 100, 200, 400, 1000, 2000, 4000, 10_000, 20_000, 60_000, 120_000, 300_000, 600_000]

/** A round length of the axis that holds `ms`, and its four marks. */
export function axisFor(ms: number): { lengthMs: number; marks: number[] } {
  const lengthMs = STEPS.find(step => step >= ms) ?? Math.ceil(ms / 600_000) * 600_000
  return { lengthMs, marks: [0, 0.25, 0.5, 0.75, 1].map(part => lengthMs * part) }
}

/** `32:05.114`: minutes, seconds, milliseconds of the hour. */
export function frameTime(at: number): string {
  const d = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, '0')}`
}
