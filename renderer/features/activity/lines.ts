// Rows of the log as lines on the page: what belongs to one call is one line, everything else a line of its own.
import type { AuditEvent, AuditRow } from '../../../contract/audit.ts'
import type { Risk } from '../../../contract/servers.ts'

/** One line. `rows` oldest first; it stands where its first row stands, so that an answer does not move it. */
export interface Line {
  key: string
  seq: number
  time: number
  rows: AuditRow[]
  client: string | null
  server: string | null
  tool: string | null
  risk: Risk | null
  decision: Answered | null
  outcome: AuditEvent['outcome'] | null
  durationMs: number | null
  /** For lines that are no call: the past fact and our words about it. */
  what: string
  detail: string | null
  erased: boolean
}

/** How the gate answered, and who it was. `by`: as recorded (`window:…`, a rule's id, `clock`). */
export interface Answered {
  effect: 'allow' | 'ask' | 'deny'
  by: string | null
  rule: string | null
  ruleText: string | null
}

const RISKS: readonly string[] = ['reads', 'writes', 'destroys', 'unknown']

/** Joins rows by correlation; newest line first. */
export function joinRows(rows: readonly AuditRow[]): Line[] {
  const groups = new Map<string, AuditRow[]>()
  for (const row of rows) {
    const key = row.event?.correlation ? `c:${row.event.correlation}` : `s:${row.seq}`
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  const lines = [...groups].map(([key, group]) =>
    lineOf(
      key,
      group.sort((a, b) => a.seq - b.seq),
    ),
  )
  return lines.sort((a, b) => b.seq - a.seq)
}

function lineOf(key: string, rows: AuditRow[]): Line {
  const first = rows[0]!
  const events = rows.flatMap(row => row.event ?? [])
  const pick = <T>(get: (e: AuditEvent) => T | undefined): T | null => {
    for (const event of events) {
      const value = get(event)
      if (value !== undefined) return value
    }
    return null
  }
  const last = <T>(get: (e: AuditEvent) => T | undefined): T | null =>
    events.reduceRight<T | null>((found, event) => found ?? get(event) ?? null, null)
  const risk = pick(e => e.decision?.risk)
  return {
    key,
    seq: first.seq,
    time: first.time,
    rows,
    client: pick(e => e.client),
    server: pick(e => e.server),
    tool: pick(e => e.tool),
    risk: risk !== null && RISKS.includes(risk) ? (risk as Risk) : null,
    decision: answeredOf(events),
    outcome: last(e => e.outcome),
    durationMs: last(e => e.durationMs),
    what: pick(e => e.what) ?? 'erased',
    detail: last(e => e.detail),
    erased: events.length === 0,
  }
}

/** The gate's last word: that it was let through, or refused, or only the question so far. */
function answeredOf(events: readonly AuditEvent[]): Answered | null {
  const decided = events.find(e => e.decision)?.decision
  const refused = events.find(e => e.outcome === 'denied' || e.outcome === 'expired')
  const passed = events.find(e => e.what.endsWith('/allowed'))
  const about = { rule: decided?.rule ?? null, ruleText: decided?.ruleText ?? null }
  if (refused) return { effect: 'deny', by: refused.by ?? null, ...about, ...ruleOf(refused) }
  if (passed) return { effect: 'allow', by: passed.by ?? null, ...about, ...ruleOf(passed) }
  if (events.some(e => e.kind === 'result')) return { effect: 'allow', by: null, ...about }
  if (!decided) return null
  const effect = decided.effect === 'deny' || decided.effect === 'ask' ? decided.effect : 'allow'
  return { effect, by: events.find(e => e.by !== undefined)?.by ?? null, ...about }
}

/** The rule that was in force at that row: it may have changed while the call waited. */
const ruleOf = ({ decision }: AuditEvent) => (decision ? { rule: decision.rule, ruleText: decision.ruleText } : {})

/** A call without the row that decided it, or without its end: the filter may have left that out. */
export function isPart({ rows, tool, decision, outcome, time }: Line, now = Date.now()): boolean {
  if (tool === null) return false
  const hasDecided = rows.some(row => row.event?.kind === 'call')
  return !hasDecided || decision === null || (outcome === null && now - time > 5_000)
}

/** Adds rows to those known, each once, newest first. */
export function mergeRows(known: readonly AuditRow[], more: readonly AuditRow[]): AuditRow[] {
  const bySeq = new Map(known.map(row => [row.seq, row]))
  for (const row of more) bySeq.set(row.seq, row)
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq)
}
