// What a rule would have made of past calls, and which questions were always yes; over a log made up row by row.
import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { AuditEvent, AuditFilter, AuditRow } from '../../contract/audit.ts'
import type { Rule } from '../../contract/policy.ts'
import { alwaysYes, effectOn, type Known, useOf } from './past-calls.ts'
import { CAREFUL, withRule } from './policy-state.ts'

const NOW = 100 * 86_400_000
const DAY = 86_400_000

function log(events: { event: Partial<AuditEvent>; ago?: number }[]) {
  const rows = events.map(({ event, ago = 1 }, n) => {
    const full = {
      kind: 'call',
      what: 'call/allowed',
      client: 'cursor',
      server: 's',
      tool: 'read',
      ...event,
    } as AuditEvent
    return { seq: n + 1, time: NOW - ago * DAY, event: full, contentHash: '', hash: '' } satisfies AuditRow
  })
  const asked: number[] = []
  const list = async ({ kinds, since = 0, before = Number.POSITIVE_INFINITY, limit = 200 }: Partial<AuditFilter>) => {
    asked.push(limit)
    return rows
      .filter(row => row.time >= since && row.seq < before && kinds!.includes(row.event.kind))
      .reverse()
      .slice(0, limit)
  }
  return { list, asked }
}

const known: Known = (server, tool) =>
  server !== 's'
    ? undefined
    : {
        server: { id: 's', name: 'files', trusted: true },
        definition: { name: tool, annotations: tool === 'read' ? { readOnlyHint: true } : {} },
        held: false,
      }
const given = (text: string) => ({ arguments: { text, bytes: text.length, sha256: hash('sha256', text) } })
const withOne = (rule: Omit<Rule, 'id'>) => [CAREFUL, withRule(CAREFUL, rule)] as const

const decided = (effect: string, rule: string | null = null) => ({
  decision: { effect, risk: 'reads', rule, ruleText: null, reasons: [] },
})

test('what decided last week’s calls: each call once, by the rule the log names; older ones, other rows and unreadable ones left out', async () => {
  const { list } = log([
    { event: decided('allow', '3') },
    { event: { ...decided('allow', '3'), correlation: '1' } },
    { event: { ...decided('allow', '3'), correlation: '1', what: 'call/ended' } },
    { event: { correlation: '2', what: 'call/ended' } },
    { event: { ...decided('ask', '__proto__'), correlation: '2' } },
    { event: decided('deny') },
    { event: decided('deny', '3'), ago: 8 },
    { event: decided('bogus', '3') },
    { event: { ...decided('allow', '3'), kind: 'approval' } },
  ])
  expect(await useOf(list, NOW)).toEqual({
    since: NOW - 7 * DAY,
    allowed: 2,
    asked: 1,
    denied: 1,
    rules: [
      { rule: '__proto__', calls: 1 },
      { rule: '3', calls: 2 },
    ],
    isCut: false,
  })
})

test('of last week’s calls: what the new rule would deny and ask about, each call once, older and foreign ones left out', async () => {
  const { list } = log([
    { event: given('{"p":"/a"}') },
    { event: { ...given('{"p":"/etc"}'), correlation: '1' } },
    { event: { ...given('{"p":"/etc"}'), correlation: '1', what: 'call/denied' } },
    { event: given('{"p":"/etc"}'), ago: 8 },
    { event: { ...given('{}'), server: 'gone' } },
    { event: { arguments: { text: '{"p":"/a…', bytes: 9999, sha256: 'x' } } },
    { event: { kind: 'result', what: 'call/ended' } },
  ])
  const effect = await effectOn(list, known, withOne({ effect: 'deny', arguments: [{ path: 'p', glob: '/etc' }] }), NOW)
  expect(effect).toMatchObject({ calls: 3, denied: 2, asked: 0, allowed: 0, unsure: 1, isCut: false })
  expect(effect.examples.at(-1)).toMatchObject({ server: 'files', tool: 'read', before: 'allow', after: 'deny' })
  const asks = await effectOn(list, known, withOne({ effect: 'ask', tool: 'read' }), NOW)
  expect(asks).toMatchObject({ calls: 3, asked: 3, denied: 0 })
})

test('at most ten thousand calls are looked at, and that is said', async () => {
  const { list, asked } = log(Array.from({ length: 10_500 }, () => ({ event: given('{}') })))
  const effect = await effectOn(list, known, withOne({ effect: 'deny' }), NOW)
  expect(effect).toMatchObject({ calls: 10_000, denied: 10_000, isCut: true })
  expect(effect.examples.length).toBe(5)
  expect(asked.length).toBe(50)
})

test('while the log is gone through, whoever else waits has a turn after twenty rows, and after one that takes long', async () => {
  let turns = 0
  const count = () => {
    turns++
    other = setImmediate(count)
  }
  let other = setImmediate(count)
  const { list } = log(Array.from({ length: 10_000 }, () => ({ event: given('{}') })))
  await effectOn(list, known, withOne({ effect: 'deny' }), NOW)
  expect(turns).toBeGreaterThanOrEqual(500)
  turns = 0
  const slow: Known = (server, tool) => {
    for (const end = performance.now() + 4; performance.now() < end; );
    return known(server, tool)
  }
  await effectOn(
    log(Array.from({ length: 40 }, () => ({ event: given('{}') }))).list,
    slow,
    withOne({ effect: 'deny' }),
    NOW,
  )
  clearImmediate(other)
  expect(turns).toBeGreaterThanOrEqual(39)
})

test('who asked and went away is not answered', async () => {
  const { list, asked } = log(Array.from({ length: 10_000 }, () => ({ event: given('{}') })))
  const gone = new AbortController()
  const listed = async (filter: Partial<AuditFilter>) => {
    if (asked.length === 3) gone.abort()
    return list(filter)
  }
  await expect(effectOn(listed, known, withOne({ effect: 'deny' }), NOW, gone.signal)).rejects.toThrow()
  expect(asked.length).toBe(4)
})

test('a rule is suggested where ten were yes and none was no, and it still asks and does not destroy', async () => {
  const yes = (tool: string, count: number, ago = 1) =>
    Array.from({ length: count }, () => ({ event: { kind: 'approval', what: 'approval/allow', tool } as const, ago }))
  const { list } = log([
    ...yes('write', 12),
    ...yes('once_no', 12),
    { event: { kind: 'approval', what: 'approval/deny', tool: 'once_no' } },
    ...yes('few', 9),
    ...yes('long_ago', 12, 31),
    ...yes('delete_all', 12),
    ...yes('read', 12),
  ])
  expect(await alwaysYes(list, known, CAREFUL, NOW)).toEqual([
    { client: 'cursor', server: 's', tool: 'write', yes: 12, since: NOW - DAY },
  ])
})
