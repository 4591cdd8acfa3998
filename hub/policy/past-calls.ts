// What the log says about rules: what decided last week's calls, what a change would have made of them, and which questions were always yes.
import { hash } from 'node:crypto'
import { setImmediate as letOthersIn } from 'node:timers/promises'
import type { AuditEvent, AuditFilter, AuditRow } from '../../contract/audit.ts'
import type { PolicyEffect, PolicyUse, Suggestion } from '../../contract/policy.ts'
import { Effect } from '../../contract/servers.ts'
import { type CallFacts, type DecidingPolicy, decide } from './decide.ts'
import { kindOfMethod } from './risk.ts'

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
const MONTH_MS = 30 * DAY_MS
const MOST_ROWS = 10_000
const PAGE = 200
/** Of the thread that answers calls too: so many rows, or so long, and whoever waits has a turn. */
const ROWS_AT_ONCE = 20
const AT_ONCE_MS = 3
const MOST_EXAMPLES = 5
const ENOUGH_YES = 10
const MOST_SUGGESTIONS = 10
const COUNT = { deny: 'denied', ask: 'asked', allow: 'allowed' } as const

type List = (filter: Partial<AuditFilter>) => Promise<AuditRow[]>
/** What is known now of a tool that a row names. Undefined: its server is gone. */
export type Known = (server: string, tool: string) => Pick<CallFacts, 'server' | 'definition' | 'held'> | undefined

interface PastCall {
  time: number
  event: AuditEvent & { client: string; server: string; tool: string }
}

/** The calls of the last seven days, at most the newest 10,000, as both policies would decide them. Calls of clients go first meanwhile. */
export async function effectOn(
  list: List,
  known: Known,
  [before, after]: readonly [DecidingPolicy, DecidingPolicy],
  now: number,
  signal?: AbortSignal,
): Promise<PolicyEffect> {
  const since = now - WEEK_MS
  const effect: PolicyEffect = {
    since,
    calls: 0,
    denied: 0,
    asked: 0,
    allowed: 0,
    unsure: 0,
    isCut: false,
    examples: [],
  }
  const seen = new Set<string | undefined>()
  effect.isCut = await eachRow(list, { kinds: ['call'], since }, signal, row => {
    const past = callOf(row)
    if (!past || seen.has(past.event.correlation)) return
    if (past.event.correlation !== undefined) seen.add(past.event.correlation)
    const facts = factsOf(past, known)
    if (!facts) return
    effect.calls++
    if (!isWhole(past.event)) effect.unsure++
    const [was, is]: [Effect, Effect] = [decide(facts, before, now).effect, decide(facts, after, now).effect]
    if (was === is) return
    effect[COUNT[is]]++
    if (effect.examples.length < MOST_EXAMPLES) {
      const { client, tool } = past.event
      effect.examples.push({ time: past.time, client, server: facts.server.name, tool, before: was, after: is })
    }
  })
  return effect
}

/** What decided the calls of the last seven days, at most the newest 10,000. */
export async function useOf(list: List, now: number, signal?: AbortSignal): Promise<PolicyUse> {
  const since = now - WEEK_MS
  const use = { since, denied: 0, asked: 0, allowed: 0 }
  const rules = new Map<string, number>()
  const seen = new Set<string>()
  const isCut = await eachRow(list, { kinds: ['call'], since }, signal, ({ event }) => {
    const { correlation, decision } = event ?? {}
    const effect = Effect.safeParse(decision?.effect).data
    if (!decision || !effect || (correlation !== undefined && seen.has(correlation))) return
    if (correlation !== undefined) seen.add(correlation)
    use[COUNT[effect]]++
    if (decision.rule !== null) rules.set(decision.rule, (rules.get(decision.rule) ?? 0) + 1)
  })
  return { ...use, rules: [...rules].map(([rule, calls]) => ({ rule, calls })), isCut }
}

/** Client and tool pairs that a person always said yes to within 30 days, at least ten times, and that still ask. */
export async function alwaysYes(
  list: List,
  known: Known,
  policy: DecidingPolicy,
  now: number,
  signal?: AbortSignal,
): Promise<Suggestion[]> {
  const found = new Map<string, Suggestion & { isNo: boolean }>()
  await eachRow(list, { kinds: ['approval'], since: now - MONTH_MS }, signal, ({ event, time }) => {
    if (!event?.client || !event.server || !event.tool) return
    if (event.what !== 'approval/allow' && event.what !== 'approval/deny') return
    const { client, server, tool } = event
    const key = JSON.stringify([client, server, tool])
    const one = found.get(key) ?? { client, server, tool, yes: 0, since: time, isNo: false }
    if (event.what === 'approval/deny') one.isNo = true
    else one.yes++
    found.set(key, { ...one, since: Math.min(one.since, time) })
  })
  return [...found.values()]
    .filter(one => one.yes >= ENOUGH_YES && !one.isNo && isWorthARule(one, known, policy, now))
    .sort((a, b) => b.yes - a.yes)
    .slice(0, MOST_SUGGESTIONS)
    .map(({ isNo: _, ...suggestion }) => suggestion)
}

// What destroys is asked about each time, however often it was yes.
function isWorthARule(
  { client, server, tool }: Suggestion,
  known: Known,
  policy: DecidingPolicy,
  now: number,
): boolean {
  const found = known(server, tool)
  if (!found?.definition) return false
  const { effect, risk } = decide({ ...found, client, tool, method: 'tools/call', argumentsText: '{}' }, policy, now)
  return effect === 'ask' && risk !== 'destroys'
}

/** Newest first. True when there were more than we look at. */
async function eachRow(
  list: List,
  filter: Partial<AuditFilter>,
  signal: AbortSignal | undefined,
  see: (row: AuditRow) => void,
): Promise<boolean> {
  let before: number | undefined
  for (let rows = 0; rows < MOST_ROWS; rows += PAGE) {
    signal?.throwIfAborted()
    const page = await list({ ...filter, limit: PAGE, ...(before === undefined ? {} : { before }) })
    let from = performance.now()
    for (const [n, row] of page.entries()) {
      if (n % ROWS_AT_ONCE === 0 || performance.now() - from > AT_ONCE_MS) {
        await letOthersIn()
        from = performance.now()
      }
      see(row)
    }
    if (page.length < PAGE) return false
    before = page.at(-1)!.seq
  }
  return true
}

function callOf({ event, time }: AuditRow): PastCall | null {
  if (!event?.client || !event.server || !event.tool) return null
  const { client, server, tool } = event
  return { time, event: { ...event, client, server, tool } }
}

function factsOf({ event }: PastCall, known: Known): CallFacts | undefined {
  const found = known(event.server, event.tool)
  if (!found) return undefined
  // The log names the method in the tool's place where no tool was called.
  const isMethod = found.definition === null && kindOfMethod(event.tool) !== 'unknown'
  const method = isMethod ? event.tool : 'tools/call'
  return { ...found, client: event.client, tool: event.tool, method, argumentsText: event.arguments?.text ?? '' }
}

function isWhole({ arguments: given }: AuditEvent): boolean {
  return given === undefined || hash('sha256', given.text) === given.sha256
}
