// The page's filter: kept in its address, asked of the hub, and applied to rows as they arrive.
import type { AuditFilter, AuditKind, AuditRow } from '../../../contract/audit.ts'
import { AuditKind as Kinds } from '../../../contract/audit.ts'
import { textOf } from '../use-address.ts'

/** What the pills say. Every member has a pill; an absent one means any. */
export interface Filter {
  kind?: AuditKind
  client?: string
  server?: string
  tool?: string
  outcome?: string
  text?: string
  /** How far back, by name; absent: everything. */
  range?: Range
}

export const RANGES = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 } as const
export type Range = keyof typeof RANGES
export const OUTCOMES = ['ok', 'tool-error', 'error', 'denied', 'cancelled', 'expired', 'lost'] as const

const text = (value: unknown) => textOf(value)?.slice(0, 200)

/** The filter in an address; what is not understood is left out. */
export function readFilter(search: Record<string, unknown>): Filter {
  const kind = Kinds.safeParse(search.kind)
  const range = text(search.range)
  const found: Filter = {}
  if (kind.success) found.kind = kind.data
  if (range !== undefined && Object.hasOwn(RANGES, range)) found.range = range as Range
  for (const key of ['client', 'server', 'tool', 'outcome', 'text'] as const) {
    const value = text(search[key])
    if (value !== undefined) found[key] = value
  }
  return found
}

/** The same filter without one member, or with it set. */
export function withMember<K extends keyof Filter>(filter: Filter, key: K, value: Filter[K] | undefined): Filter {
  const { [key]: _, ...rest } = filter
  return value === undefined ? rest : { ...rest, [key]: value }
}

/** The member to give up first when nothing is found: the narrowest. */
export function narrowest(filter: Filter): keyof Filter | null {
  const order = ['text', 'tool', 'outcome', 'kind', 'server', 'client', 'range'] as const
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
    ...(filter.text ? { text: filter.text } : {}),
    ...(filter.range ? { since: now - RANGES[filter.range] } : {}),
    ...(before === undefined ? {} : { before }),
  }
}

/** Whether a row that just arrived belongs on the page. */
export function passes(row: AuditRow, filter: AuditFilter): boolean {
  const event = row.event
  if (filter.since !== undefined && row.time < filter.since) return false
  if (!event)
    return !filter.kinds && !filter.client && !filter.server && !filter.tool && !filter.outcome && !filter.text
  if (filter.kinds && !filter.kinds.includes(event.kind)) return false
  if (filter.client !== undefined && event.client !== filter.client) return false
  if (filter.server !== undefined && event.server !== filter.server) return false
  if (filter.tool !== undefined && event.tool !== filter.tool) return false
  if (filter.outcome !== undefined && event.outcome !== filter.outcome) return false
  return filter.text === undefined || JSON.stringify(event).toLowerCase().includes(filter.text.toLowerCase())
}
