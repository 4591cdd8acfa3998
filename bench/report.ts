// The numbers as a person reads them: a table with ratios to direct, and which aims are met.
import type { Samples } from './measure.ts'

export interface Row {
  name: string
  samples: Samples
  /** What it is compared with; none for what stands alone. */
  direct?: Samples
}

interface Aim {
  what: string
  is: number
  limit: number
  /** `below`: the limit is the most; `above`: the least. */
  met: 'below' | 'above'
  unit: string
}

const NAME = 34
const COLUMN = 12

/** Lines of a table of calls. `lanes`: how many in flight for the rate. */
export function table(rows: readonly Row[], lanes: number): string[] {
  const head = ['p50 ms', 'p95 ms', 'p99 ms', 'p50 ×direct', `calls/s@${lanes}`, '×direct']
  return [line('', head), ...rows.map(row => line(row.name, cells(row)))]
}

function cells({ samples, direct }: Row): string[] {
  const times = [0.5, 0.95, 0.99].map(q => fixed(samples.p(q), 3))
  const slower = direct ? fixed(samples.p(0.5) / direct.p(0.5), 2) : ''
  const hasRate = samples.perSecond.length > 0
  return [
    ...times,
    slower,
    hasRate ? fixed(samples.rate, 0) : '',
    hasRate && direct ? fixed(samples.rate / direct.rate, 2) : '',
  ]
}

export interface Measured {
  direct: Samples
  pipes: Samples
  reads: Samples
  changes: Samples
  fsync: Samples
  kills: Samples
}

/**
 * The aims of reads, of changing calls and of a killed hub, each with what was measured, and what the two processes between
 * a client and its server cost when they only carry bytes: no gate of this shape is nearer to direct than that.
 */
export function aims({ direct, pipes, reads, changes, fsync, kills }: Measured): string[] {
  const sync = fsync.p(0.5)
  const all: Aim[] = [
    { what: 'reads: p50 ≤ 2× direct', is: reads.p(0.5), limit: 2 * direct.p(0.5), met: 'below', unit: 'ms' },
    { what: 'reads: p95 ≤ direct + 0.5 ms', is: reads.p(0.95), limit: direct.p(0.95) + 0.5, met: 'below', unit: 'ms' },
    { what: 'reads: calls/s ≥ 0.6× direct', is: reads.rate, limit: 0.6 * direct.rate, met: 'above', unit: '/s' },
    {
      what: 'changes: p50 ≤ 2× direct + 1.5× fsync',
      is: changes.p(0.5),
      limit: 2 * direct.p(0.5) + 1.5 * sync,
      met: 'below',
      unit: 'ms',
    },
    { what: 'changes: calls/s ≥ 0.3× direct', is: changes.rate, limit: 0.3 * direct.rate, met: 'above', unit: '/s' },
    { what: 'hub killed: no process left ≤ 2 s', is: kills.p(1), limit: 2_000, met: 'below', unit: 'ms' },
  ]
  const lines = all.map(({ what, is, limit, met, unit }) => {
    const digits = unit === 'ms' ? 3 : 0
    const isMet = met === 'below' ? is <= limit : is >= limit
    return `${isMet ? 'met    ' : 'not met'}  ${what.padEnd(40)} ${fixed(is, digits)} ${unit}, limit ${fixed(limit, digits)} ${unit}`
  })
  const [slower, rate] = [pipes.p(0.5) / direct.p(0.5), pipes.rate / direct.rate]
  return [...lines, `Two bare pipes: p50 ${fixed(slower, 2)}× direct, ${fixed(rate, 2)}× its calls/s.`]
}

function line(name: string, columns: readonly string[]): string {
  return name.padEnd(NAME) + columns.map(text => text.padStart(COLUMN)).join('')
}

/** What stands alone: no rate and nothing to compare with. */
export function times(all: Readonly<Record<string, Samples>>): string[] {
  const rows = Object.entries(all).map(([name, samples]) =>
    line(
      name,
      [0.5, 0.95].map(q => fixed(samples.p(q), 3)),
    ),
  )
  return [line('', ['p50 ms', 'p95 ms']), ...rows]
}

export function fixed(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–'
}
