// Series as a table that a model reads at a glance, and as numbers that programs read.
import { z } from 'zod'
import type { Found } from './prometheus.ts'

/** What JSON has no number for keeps its name. */
const Value = z.union([z.number(), z.enum(['NaN', '+Inf', '-Inf']), z.string()])
const LONGEST = 300
const Summary = z.object({ min: z.number(), max: z.number(), avg: z.number(), last: Value })

export const Series = z.object({
  labels: z.record(z.string(), z.string()),
  points: z.array(z.tuple([z.number(), Value])).describe('[seconds since 1970, value]'),
  summary: Summary.optional().describe('Of the finite values'),
})
export type Series = z.output<typeof Series>

export function seriesOf({ labels, points }: Found['series'][number]): Series {
  const values = points.map(([time, text]): Series['points'][number] => {
    const number = Number(text)
    return [time, Number.isFinite(number) && text !== '' ? number : text]
  })
  const finite = values.map(([, value]) => value).filter(value => typeof value === 'number')
  if (values.length < 2 || finite.length === 0) return { labels, points: values }
  const sum = finite.reduce((a, b) => a + b, 0)
  // The sum of the greatest is no number any more.
  const avg = Number.isFinite(sum) ? sum / finite.length : finite.reduce((a, b) => a + b / finite.length, 0)
  const min = finite.reduce((a, b) => Math.min(a, b))
  const max = finite.reduce((a, b) => Math.max(a, b))
  return { labels, points: values, summary: { min, max, avg, last: values.at(-1)![1] } }
}

/** `up{job="web"}`; what is not a metric has no name. */
export function nameOf(labels: Record<string, string>): string {
  const { __name__: name = '', ...rest } = labels
  const inner = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return inner.length === 0 && name ? name : `${name}{${inner.join(', ')}}`
}

/** Without the labels that all have alike, unless there is but one. */
export function differing(all: readonly Record<string, string>[]): Record<string, string>[] {
  if (all.length < 2) return [...all]
  const differs = ([key]: [string, string]) => all.some(labels => labels[key] !== all[0]![key])
  return all.map(labels => Object.fromEntries(Object.entries(labels).filter(differs)))
}

export function table(series: readonly Series[]): string {
  const isRange = series.some(one => one.points.length > 1)
  const head = isRange ? ['series', 'last', 'min', 'max', 'avg', 'points'] : ['series', 'value']
  const rows = series.map(({ labels, points, summary }) => {
    const last = short(points.at(-1)![1])
    const { min, max, avg } = summary ?? {}
    return isRange
      ? [nameOf(labels), last, short(min), short(max), short(avg), `${points.length}`]
      : [nameOf(labels), last]
  })
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.map(escaped).join(' | ')} |`).join('\n')
}

const escaped = (cell: string) => oneLine(cell, LONGEST).replaceAll('|', '\\|')

/** The whole of it stands in the data. */
export function oneLine(text: string, most: number): string {
  const line = text.replaceAll(/[\s\p{C}]+/gu, ' ')
  return line.length > most ? `${line.slice(0, most)}…` : line
}

function short(value: number | string | undefined): string {
  if (value === undefined) return '–'
  return typeof value === 'number' ? `${Number(value.toPrecision(6))}` : value
}
