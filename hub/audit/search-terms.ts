// What a row is found by: its words, and one tag for each value that can be filtered by. No I/O.
import type { AuditEvent, AuditFilter } from '../../contract/audit.ts'
import { HubError } from '../error.ts'
import { sha256 } from './chain.ts'

/** An event as read back; of a tampered log nothing is certain. */
export type Searched = Partial<AuditEvent>

const FIELDS = {
  kind: 'k',
  client: 'c',
  server: 's',
  tool: 't',
  outcome: 'o',
  decision: 'd',
  correlation: 'r',
} as const
type Field = keyof typeof FIELDS

const known = new Map<string, string>()
const MOST_KNOWN = 5000

/** One token, whatever is in the value. */
function tag(field: Field, value: string): string {
  const key = FIELDS[field] + value
  let token = known.get(key)
  if (!token) {
    if (known.size > MOST_KNOWN) known.clear()
    token = `x${FIELDS[field]}${sha256(value).slice(0, 16)}`
    known.set(key, token)
  }
  return token
}

// Durations as octal numbers of eight digits; each beginning is a tag, so that "at least" is at most 56 tags and exact.
const DIGITS = 8
const LONGEST = 8 ** DIGITS - 1
const digits = (ms: number) =>
  Math.min(Math.max(Math.floor(ms), 0), LONGEST)
    .toString(8)
    .padStart(DIGITS, '0')

function durationTags(ms: number): string[] {
  const text = digits(ms)
  return Array.from({ length: DIGITS }, (_, n) => `xm${n + 1}q${text.slice(0, n + 1)}`)
}

/** The tags that cover these durations exactly. */
export function durationsBetween(min: number, max: number): string[] {
  const found: string[] = []
  const cover = (prefix: string) => {
    const from = Number.parseInt(prefix.padEnd(DIGITS, '0'), 8)
    const to = Number.parseInt(prefix.padEnd(DIGITS, '7'), 8)
    if (to < min || from > max) return
    if (prefix !== '' && from >= min && to <= max) found.push(`xm${prefix.length}q${prefix}`)
    else for (let digit = 0; digit < 8; digit++) cover(prefix + digit)
  }
  cover('')
  return found
}

const isText = (value: unknown): value is string => typeof value === 'string'

export function tagsOf(event: Searched): string {
  const tags: string[] = []
  for (const field of Object.keys(FIELDS) as Field[]) {
    const value = field === 'decision' ? event.decision?.effect : event[field]
    if (isText(value)) tags.push(tag(field, value))
  }
  if (typeof event.durationMs === 'number') tags.push(...durationTags(event.durationMs))
  if (event.kind === 'erased' || (isText(event.what) && event.what.startsWith('audit/'))) tags.push('xtelling')
  return tags.join(' ')
}

export function wordsOf(event: Searched): string {
  const { what, client, server, tool, by, detail, correlation, arguments: args, decision } = event
  const reasons = Array.isArray(decision?.reasons) ? decision.reasons : []
  const texts = [what, client, server, tool, by, detail, correlation, args?.text, decision?.ruleText, ...reasons]
  return texts.filter(isText).join('\n')
}

/** Each word must stand in the row; `word*` is the beginning of one. Null when there is nothing to look for. */
function wordMatch(text: string): string[] {
  const words = text.normalize('NFC').split(/\s+/u).filter(Boolean)
  const found = words.flatMap(word => {
    const bare = word.replaceAll('"', ' ').replaceAll('\0', ' ')
    if (!/[\p{L}\p{N}\p{Co}]/u.test(bare)) return []
    return [`{words}: "${bare.replace(/\*+$/, '')}"${word.endsWith('*') ? '*' : ''}`]
  })
  if (found.length === 0)
    throw new HubError('audit/no-words', `There is no word to look for in "${text}".`, {
      hint: 'Search for letters and digits; word* finds what begins so.',
    })
  return found
}

/** The filter as an FTS5 expression; null when it names no value. */
export function matchOf(filter: AuditFilter): string | null {
  const parts: string[] = []
  for (const field of Object.keys(FIELDS) as Field[]) {
    if (field === 'kind') continue
    const value = filter[field]
    if (value !== undefined) parts.push(`{tags}: ${tag(field, value)}`)
  }
  if (filter.kinds) parts.push(anyOf(filter.kinds.map(kind => tag('kind', kind))))
  if (filter.minMs !== undefined || filter.maxMs !== undefined)
    parts.push(anyOf(durationsBetween(Math.min(filter.minMs ?? 0, LONGEST), filter.maxMs ?? LONGEST)))
  if (filter.text?.trim()) parts.push(...wordMatch(filter.text))
  return parts.length > 0 ? parts.join(' AND ') : null
}

/** The same question to one row, for all but words. */
export function fitsTags(event: Searched, filter: AuditFilter): boolean {
  const { kinds } = filter
  for (const field of Object.keys(FIELDS) as Field[]) {
    if (field === 'kind') continue
    const value = field === 'decision' ? event.decision?.effect : event[field]
    if (filter[field] !== undefined && value !== filter[field]) return false
  }
  if (kinds && !kinds.some(kind => kind === event.kind)) return false
  return fitsDuration(event, filter)
}

/** Exact, where the index knows only that it was very long. */
export function fitsDuration(event: Searched | null, { minMs, maxMs }: AuditFilter): boolean {
  if (minMs === undefined && maxMs === undefined) return true
  if (typeof event?.durationMs !== 'number') return false
  const ms = Math.max(Math.floor(event.durationMs), 0)
  return ms >= (minMs ?? 0) && ms <= (maxMs ?? Number.POSITIVE_INFINITY)
}

function anyOf(tags: string[]): string {
  // A tag that no row has: nothing fits an empty choice.
  return `{tags}: (${tags.length > 0 ? tags.join(' OR ') : 'xnone'})`
}
