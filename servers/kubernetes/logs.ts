// A container's log, line by line with the times the node gave them, so that a page can go on where the last one ended.
import { stripVTControlCharacters } from 'node:util'
import { z } from 'zod'
import { withoutShapes } from '../kit/shapes.ts'
import type { Cluster } from './cluster.ts'

/** Asked for at once at most; there may be more. */
const MOST_BYTES = 4_000_000
const LONGEST_LINE = 20_000

export interface LogAsked {
  name: string
  namespace: string
  container?: string | undefined
  tailLines?: number | undefined
  sinceSeconds?: number | undefined
  previous?: boolean | undefined
}

export interface LogLine {
  /** Empty where the node gave none. */
  time: string
  text: string
}

/** `cut`: the newest lines are missing, because it was too much at once. */
export async function readLog(
  cluster: Cluster,
  { name, namespace, container, tailLines, sinceSeconds, previous }: LogAsked,
  signal: AbortSignal,
): Promise<{ lines: LogLine[]; cut: boolean }> {
  const missing = { what: `pod ${name} in ${namespace}`, lister: 'get_pods' }
  const asked = {
    ...{ name, namespace, timestamps: true, limitBytes: MOST_BYTES },
    ...(container === undefined ? {} : { container }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(previous ? { previous } : {}),
  }
  const log = await cluster.ask({ signal, missing }, api => api.core.readNamespacedPodLog(asked))
  const cut = Buffer.byteLength(log) >= MOST_BYTES
  const texts = log.split('\n')
  // What stands behind the last line break: nothing, or the half of a line.
  const last = texts.pop()
  if (last && (!cut || texts.length === 0)) texts.push(last)
  return { lines: texts.map(lineOf), cut }
}

const STAMPED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (.*)$/s

function lineOf(line: string): LogLine {
  const [, time = '', rest = line] = STAMPED.exec(line) ?? []
  const text = withoutShapes(stripVTControlCharacters(rest.replace(/\r$/, '')))
  return { time, text: shortened(text) }
}

function shortened(text: string): string {
  const more = text.length - LONGEST_LINE
  return more > 0 ? `${text.slice(0, LONGEST_LINE)} … (${more} more characters of this line are left out)` : text
}

/** Where a page ended: the time of its last line, and how many lines of just that time were shown. */
export const Place = z.object({ time: z.string().max(40), shown: z.int().min(1) })
export type Place = z.infer<typeof Place>

/** How far back to ask for what comes behind a place; undefined: for all of it. */
export function secondsSince({ time }: Place, now = Date.now()): number | undefined {
  const since = Date.parse(time)
  return Number.isNaN(since) ? undefined : Math.max(1, Math.ceil((now - since) / 1000) + 2)
}

export function behind(lines: readonly LogLine[], place: Place | undefined): readonly LogLine[] {
  if (!place) return lines
  let left = place.shown
  const at = lines.findIndex(({ time }) => time === place.time && --left === 0)
  if (at >= 0) return lines.slice(at + 1)
  const later = lines.findIndex(({ time }) => Date.parse(time) > Date.parse(place.time))
  return later < 0 ? [] : lines.slice(later)
}

/** The first lines that fit, and the place behind them if there are more. `before`: where this page began. */
export function fitting(lines: readonly LogLine[], mostChars: number, before: Place | undefined) {
  const taken: LogLine[] = []
  let chars = 0
  for (const line of lines) {
    chars += line.text.length + 1
    if (taken.length > 0 && chars > mostChars) break
    taken.push(line)
  }
  const time = taken.at(-1)?.time ?? ''
  const same = taken.filter(line => line.time === time).length
  const shown = same + (before?.time === time ? before.shown : 0)
  return { taken, next: { time, shown }, isAll: taken.length === lines.length }
}
