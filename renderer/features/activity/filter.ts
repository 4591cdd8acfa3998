// The page's filter: kept in its address, asked of the hub, and applied to rows as they arrive.
import type { AuditEvent, AuditFilter, AuditKind, AuditRow } from '../../../contract/audit.ts'
import { AuditKind as Kinds } from '../../../contract/audit.ts'
import { textOf } from '../use-address.ts'

/** What the pills say. Every member has a pill; an absent one means any. */
export interface Filter {
  kind?: AuditKind
  client?: string
  server?: string
  tool?: string
  decision?: (typeof DECISIONS)[number]
  outcome?: string
  took?: Took
  text?: string
  /** How far back, by name; absent: everything. */
  range?: Range
  /** A span picked on the charts, epoch ms; it takes the place of `range`. */
  span?: Span
}

export interface Span {
  from: number
  to: number
}

export const RANGES = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 } as const
export type Range = keyof typeof RANGES
export const DECISIONS = ['allow', 'ask', 'deny'] as const
export const OUTCOMES = ['ok', 'tool-error', 'error', 'denied', 'cancelled', 'expired', 'lost'] as const
export const TOOK = {
  'under-100': { maxMs: 99 },
  'over-100': { minMs: 100 },
  'over-1000': { minMs: 1_000 },
  'over-10000': { minMs: 10_000 },
} as const
export type Took = keyof typeof TOOK

const text = (value: unknown) => textOf(value)?.slice(0, 200)
const oneOf = <K extends string>(known: readonly K[], value: unknown): K | undefined =>
  known.find(one => one === text(value))

/** The filter in an address; what is not understood is left out. */
export function readFilter(search: Record<string, unknown>): Filter {
  const found: Filter = {}
  const set = <K extends keyof Filter>(key: K, value: Filter[K] | undefined) => {
    if (value !== undefined) found[key] = value
  }
  set('kind', oneOf(Kinds.options, search.kind))
  set('decision', oneOf(DECISIONS, search.decision))
  set('took', oneOf(Object.keys(TOOK) as Took[], search.took))
  for (const key of ['client', 'server', 'tool', 'outcome', 'text'] as const) set(key, text(search[key]))
  const [from, to] = [Number(search.from), Number(search.to)]
  if (from > 0 && to >= from) found.span = { from, to }
  else set('range', oneOf(Object.keys(RANGES) as Range[], search.range))
  return found
}

/** The filter as members of an address. */
export const addressOf = ({ span, ...rest }: Filter) => ({ ...rest, ...span })

/** The same filter without one member, or with it set. */
export function withMember<K extends keyof Filter>(filter: Filter, key: K, value: Filter[K] | undefined): Filter {
  const { [key]: _, ...rest } = filter
  return value === undefined ? rest : { ...rest, [key]: value }
}

/** The member to give up first when nothing is found: the narrowest. */
export function narrowest(filter: Filter): keyof Filter | null {
  const order = ['text', 'took', 'tool', 'outcome', 'decision', 'kind', 'server', 'client', 'span', 'range'] as const
  return order.find(key => filter[key] !== undefined) ?? null
}

/** What the hub is asked. A call and its answer are one line, so the kind `call` asks for all of a call's rows. */
export function asked(filter: Filter, now: number, before?: number): AuditFilter {
  const kinds: AuditKind[] | undefined =
    filter.kind === undefined ? undefined : filter.kind === 'call' ? ['call', 'approval', 'result'] : [filter.kind]
  return {
    limit: 500,
    ...(kinds ? { kinds } : {}),
    ...(filter.client ? { client: filter.client } : {}),
    ...(filter.server ? { server: filter.server } : {}),
    ...(filter.tool ? { tool: filter.tool } : {}),
    ...(filter.outcome ? { outcome: filter.outcome } : {}),
    ...(filter.decision ? { decision: filter.decision } : {}),
    ...(filter.took ? TOOK[filter.took] : {}),
    ...(filter.text ? { text: beginnings(filter.text) } : {}),
    ...(filter.span ? { since: Math.floor(filter.span.from), until: Math.ceil(filter.span.to) } : {}),
    ...(filter.range ? { since: now - RANGES[filter.range] } : {}),
    ...(before === undefined ? {} : { before }),
  }
}

/** While somebody types, the beginning of a word is enough. */
const beginnings = (words: string) =>
  words
    .split(/\s+/u)
    .filter(Boolean)
    .map(word => (word.endsWith('*') ? word : `${word}*`))
    .join(' ')
    .slice(0, 200)

/** Whether a row that just arrived belongs on the page. */
export function passes(row: AuditRow, filter: AuditFilter): boolean {
  const { event, time } = row
  if (time < (filter.since ?? 0) || time > (filter.until ?? Infinity)) return false
  const { kinds, client, server, tool, outcome, decision, minMs, maxMs, text: words } = filter
  const isAny = [kinds, client, server, tool, outcome, decision, minMs, maxMs, words].every(one => one === undefined)
  if (!event) return isAny
  const is = (wanted: string | undefined, value: string | undefined) => wanted === undefined || wanted === value
  if (kinds && !kinds.includes(event.kind)) return false
  if (!is(client, event.client) || !is(server, event.server) || !is(tool, event.tool)) return false
  if (!is(outcome, event.outcome) || !is(decision, event.decision?.effect)) return false
  if (minMs !== undefined || maxMs !== undefined) {
    const ms = event.durationMs ?? Number.NaN
    if (!(ms >= (minMs ?? 0) && ms <= (maxMs ?? Infinity))) return false
  }
  return words === undefined || saysAll(textsOf(event), words)
}

function textsOf({ what, client, server, tool, by, detail, arguments: args, decision }: AuditEvent): string {
  const { ruleText, reasons = [] } = decision ?? {}
  return [what, client, server, tool, by, detail, args?.text, ruleText, ...reasons].join('\n')
}

/** As the search of the hub reads: letters and digits, without accents; each word as a beginning. */
function saysAll(text: string, words: string): boolean {
  const said = ` ${folded(text)}`
  return words.split(/\s+/u).every(word => said.includes(` ${folded(word).trim()}`))
}

const folded = (text: string) =>
  text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
