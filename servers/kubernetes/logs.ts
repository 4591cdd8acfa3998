// A container's log, line by line with the times the node gave them, so that a page can go on where the last one ended.
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
  /** As the node's own clock has it, which need not go as ours. */
  sinceTime?: string | undefined
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
  { name, namespace, ...which }: LogAsked,
  signal: AbortSignal,
): Promise<{ lines: LogLine[]; cut: boolean }> {
  const missing = { what: `pod ${name} in ${namespace}`, lister: 'get_pods' }
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`
  const asked = Object.entries({ ...which, timestamps: true, limitBytes: MOST_BYTES })
  const query = Object.fromEntries(asked.flatMap(([key, value]) => (value === undefined ? [] : [[key, `${value}`]])))
  const log = await cluster.ask({ signal, missing, byNode: true }, api => api.log(path, query))
  const cut = Buffer.byteLength(log) >= MOST_BYTES
  const texts = log.split('\n')
  // What stands behind the last line break: nothing, or the half of a line.
  const last = texts.pop()
  if (last && (!cut || texts.length === 0)) texts.push(last)
  return { lines: withoutKeys(texts.map(lineOf)).map(cleaned), cut }
}

const STAMPED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (.*)$/s

/** Titles and links, then colours and moves. By hand: the library's looks for the end of a title again and again. */
const TERMINAL_CODE =
  /\u001b\](?:[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c))?|[\u001b\u009b][[\]()#;?]*(?:\d{1,4}(?:[;:]\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]/g

function lineOf(line: string): LogLine {
  const [, time = '', rest = line] = STAMPED.exec(line) ?? []
  return { time, text: rest.replace(/\r$/, '').replace(TERMINAL_CODE, '') }
}

function cleaned({ time, text }: LogLine): LogLine {
  return { time, text: shortened(withoutShapes(text)) }
}

const KEY_BEGINS = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/
const KEY_ENDS = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----/
/** Of lines without blanks at their ends. */
const KEY_LINE = /^(?:[A-Za-z0-9+/=]*|(?:Proc-Type|DEK-Info): .*)$/
/** Before the end of a key, whose begin is not seen, only what is too long for a word. */
const KEY_ROW = /^[A-Za-z0-9+/=]{16,}$/
const LONGEST_KEY = 200

/** Private keys that stand on many lines, also where the first of them is not on this page. */
function withoutKeys(lines: readonly LogLine[]): LogLine[] {
  const hidden = new Set<number>()
  for (const [at, { text }] of lines.entries()) {
    const begins = KEY_BEGINS.test(text)
    if (begins === KEY_ENDS.test(text)) continue
    const step = begins ? 1 : -1
    hidden.add(at)
    for (let n = at + step; Math.abs(n - at) < LONGEST_KEY; n += step) {
      const line = begins || n === at - 1 ? KEY_LINE : KEY_ROW
      if (!line.test(lines[n]?.text.trim() ?? '-')) break
      hidden.add(n)
    }
  }
  return lines.map((line, at) => (hidden.has(at) ? { ...line, text: '‹secret›' } : line))
}

function shortened(text: string): string {
  const more = text.length - LONGEST_LINE
  return more > 0 ? `${text.slice(0, LONGEST_LINE)} … (${more} more characters of this line are left out)` : text
}

/** Where a page ended: the time of its last line, and how many lines of just that time were shown. */
export const Place = z.object({ time: z.string().max(40), shown: z.int().min(1) })
export type Place = z.infer<typeof Place>

/** From when on to ask for what comes behind a place: its second, since the cluster knows no less. */
export function sinceTimeOf({ time }: Place): string | undefined {
  const since = Date.parse(time)
  return Number.isNaN(since) ? undefined : new Date(since).toISOString().replace(/\.\d+Z$/, 'Z')
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
