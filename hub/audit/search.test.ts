// What is searched: found by any value and word, by indices alone, erased with the content, made anew when it is gone.
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type AuditEvent, AuditFilter, type AuditRow } from '../../contract/audit.ts'
import { Announcer } from '../announce.ts'
import { Audit } from './audit.ts'
import { openForReading } from './log-file.ts'
import { SearchIndex } from './search-index.ts'
import { durationsBetween, matchOf } from './search-terms.ts'

const keys = generateKeyPairSync('ed25519')
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

function tempFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'gh-search-'))
  undo.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function open(folder: string): Promise<Audit> {
  const anchor = { read: async () => null, write: async () => {} }
  const audit = await Audit.open({
    folder,
    signing: () => keys,
    anchor,
    announcer: new Announcer(),
    redact: text => text,
  })
  undo.push(() => audit.close())
  return audit
}

let dice = 7
const random = (n: number) => {
  dice = (dice * 1_103_515_245 + 12_345) % 2_147_483_648
  return dice % n
}
const pick = <T>(of: readonly T[]): T => of[random(of.length)]!

function someEvent(n: number): AuditEvent {
  const effect = pick(['allow', 'ask', 'deny'])
  return {
    kind: pick(['call', 'result', 'server'] as const),
    what: 'call/ended',
    correlation: `corr-${n % 40}`,
    client: pick(['claude', 'cursor', 'x y "z" OR *']),
    server: pick(['files', 'mail']),
    tool: pick(['read', 'write', 'delete_all']),
    outcome: pick(['ok', 'error', 'denied'] as const),
    durationMs: pick([0, 1, 7, 8, 9, 63, 64, 100, 5000, 99_999_999]),
    decision: {
      effect,
      risk: 'writes',
      rule: null,
      ruleText: null,
      reasons: [`It ${pick(['deletes', 'reads'])} things`],
    },
  }
}

/** The same question answered by looking at every row. */
function slowly(rows: AuditRow[], f: Partial<AuditFilter>): number[] {
  return rows
    .filter(({ seq, time, event }) => {
      if (!event) return false
      const ms = event.durationMs
      return (
        (!f.kinds || f.kinds.includes(event.kind)) &&
        (['client', 'server', 'tool', 'outcome', 'correlation'] as const).every(k => !f[k] || event[k] === f[k]) &&
        (!f.decision || event.decision?.effect === f.decision) &&
        (f.minMs === undefined || (ms !== undefined && ms >= f.minMs)) &&
        (f.maxMs === undefined || (ms !== undefined && ms <= f.maxMs)) &&
        time >= (f.since ?? 0) &&
        time <= (f.until ?? Infinity) &&
        seq < (f.before ?? Infinity) &&
        seq > (f.after ?? 0) &&
        (!f.text || JSON.stringify(event).includes(f.text))
      )
    })
    .map(row => row.seq)
}

test('any filter finds what looking at every row finds, page by page', async () => {
  const audit = await open(tempFolder())
  const now = Date.now
  undo.push(() => {
    Date.now = now
  })
  const start = now()
  // The clock also goes back at times.
  for (let n = 0; n < 400; n++) {
    Date.now = () => start - 3_600_000 + n * 7_000 - (n % 50 === 0 ? 600_000 : 0)
    await audit.append(someEvent(n), { durable: false })
  }
  Date.now = now
  const rows = await audit.list({ limit: 1000 })
  expect(rows).toHaveLength(400)
  const maybe = <T>(value: T): T | undefined => (random(3) === 0 ? value : undefined)
  let hits = 0
  for (let round = 0; round < 300; round++) {
    const given = {
      kinds: maybe([pick(['call', 'result'] as const), 'server' as const]),
      client: maybe(pick(['claude', 'x y "z" OR *', 'nobody'])),
      server: maybe(pick(['files', 'mail'])),
      tool: maybe('delete_all'),
      outcome: maybe('ok'),
      decision: maybe(pick(['allow', 'deny'])),
      minMs: maybe(pick([0, 1, 8, 60, 64, 5000])),
      maxMs: maybe(pick([0, 8, 64, 4999, 100_000_000])),
      since: maybe(start - random(3_600_000)),
      until: maybe(start - random(3_600_000)),
      text: maybe(pick(['deletes', 'reads'])),
      before: maybe(random(400)),
      after: maybe(random(400)),
    }
    const filter = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const found: number[] = []
    for (let page: AuditRow[] = [], before = filter.before as number | undefined; ; before = page.at(-1)!.seq) {
      page = await audit.list({ ...filter, ...(before === undefined ? {} : { before }), limit: 37 })
      found.push(...page.map(row => row.seq))
      if (page.length < 37) break
    }
    expect(found, JSON.stringify(filter)).toEqual(slowly(rows, filter))
    hits += found.length
  }
  expect(hits).toBeGreaterThan(1000)
})

test('what no word can be is refused with a hint; quotes and operators are words', async () => {
  const audit = await open(tempFolder())
  await audit.append({ kind: 'hub', what: 'x', detail: 'NEAR("a b", 2) OR café' }, { durable: true })
  for (const text of ['NEAR("a', 'OR', 'CAFE', 'caf*', '"a b"', 'near or'])
    expect(await audit.list({ text }), text).toHaveLength(1)
  for (const text of ['{tags}: xk', 'caf', 'xk*', '-a'])
    expect((await audit.list({ text })).length, text).toBe(text === '-a' ? 1 : 0)
  await expect(audit.list({ text: '"%"' })).rejects.toMatchObject({ code: 'audit/no-words' })
})

test('every filter is answered by an index', async () => {
  const folder = tempFolder()
  const audit = await open(folder)
  await audit.append(someEvent(1), { durable: true })
  await audit.list({ client: 'claude' })
  const log = openForReading(folder)!
  undo.push(() => log.close())
  const index = SearchIndex.open(folder, log)
  undo.push(() => index.close())
  const filters: Partial<AuditFilter>[] = [
    { kinds: ['call', 'result'] },
    { client: 'a' },
    { server: 'a' },
    { tool: 'a' },
    { outcome: 'ok' },
    { decision: 'deny' },
    { correlation: 'a' },
    { text: 'a b*' },
    { minMs: 100 },
    { maxMs: 100 },
    { minMs: 50, client: 'a', server: 'b', outcome: 'ok' },
    { minMs: 3, maxMs: 77_777, client: 'a', text: 'b', decision: 'ask' },
  ]
  for (const filter of filters) {
    const plan = index.plan(AuditFilter.parse(filter))
    // M: a MATCH; < and >: the numbers; and no sorting.
    expect(plan.join(), JSON.stringify(filter)).toMatch(/VIRTUAL TABLE INDEX \d+:.*M/)
    expect(plan.join()).not.toMatch(/TEMP B-TREE/)
  }
  const times = index.planOfTimes()
  expect(times).toEqual([expect.stringMatching(/SEARCH minutes USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)/)])
  const log2 = log.prepare<[], { detail: string }>(
    'EXPLAIN QUERY PLAN SELECT * FROM audit WHERE seq >= 1 AND seq <= 2 ORDER BY seq DESC',
  )
  expect(log2.all().map(row => row.detail)).toEqual([expect.stringMatching(/SEARCH audit USING INTEGER PRIMARY KEY/)])
})

test('durations are covered exactly, with few tags', () => {
  for (const [min, max] of [
    [0, 0],
    [1, 63],
    [7, 4096],
    [12_345, 16_777_215],
  ] as const) {
    const tags = durationsBetween(min, max)
    expect(tags.length).toBeLessThanOrEqual(112)
    const covers = (ms: number) => tags.some(t => ms.toString(8).padStart(8, '0').startsWith(t.split('q')[1]!))
    for (const ms of [min - 1, min, min + 1, max - 1, max, max + 1])
      if (ms >= 0 && ms < 8 ** 8) expect(covers(ms), `${ms} of ${min}–${max}`).toBe(ms >= min && ms <= max)
  }
  // Rows outside are never walked through to leave them out: where few fit, that is all of the log.
  for (const filter of [{ minMs: 3990 }, { maxMs: 3990 }, { minMs: 7, maxMs: 3990 }])
    expect(matchOf(AuditFilter.parse(filter))).not.toContain('NOT')
})

test('a call of many hours is found by its length, and not by a longer one', async () => {
  const folder = tempFolder()
  const audit = await open(folder)
  const HOUR = 3_600_000
  for (const hours of [1, 5, 6, 700])
    await audit.append(
      { kind: 'result', what: 'call/ended', outcome: 'ok', durationMs: hours * HOUR + 0.5 },
      { durable: true },
    )
  const found = async (filter: Partial<AuditFilter>) => (await audit.list(filter)).map(one => one.seq)
  for (const more of [{}, { until: Date.now() + 1000 }]) {
    expect(await found({ minMs: 6 * HOUR, ...more })).toEqual([4, 3])
    expect(await found({ minMs: 5 * HOUR, maxMs: 6 * HOUR, ...more })).toEqual([3, 2])
    expect(await found({ maxMs: 2 * HOUR, ...more })).toEqual([1])
    expect(await found({ minMs: 701 * HOUR, maxMs: Number.MAX_SAFE_INTEGER, ...more })).toEqual([])
    expect(await found({ minMs: Number.MAX_SAFE_INTEGER, ...more })).toEqual([])
  }
})

test('what is erased is found no more and stands in no file; the rest is', async () => {
  const folder = tempFolder()
  const audit = await open(folder)
  // No two words begin alike: an index keeps only what differs from the word before.
  const word = (n: number) => `${String.fromCharCode(96 + n)}zqsecret`
  for (let n = 1; n <= 26; n++)
    await audit.append({ kind: 'hub', what: 'x', detail: `.common ${word(n)}` }, { durable: n % 10 === 0 })
  expect(await audit.list({ text: word(7) })).toHaveLength(1)
  await audit.erase([{ from: 7, to: 9 }], 'window:1', 'slipped in')
  expect(await audit.list({ text: word(7) })).toHaveLength(0)
  expect((await audit.list({ text: 'common' })).map(r => r.seq)).not.toContain(8)
  expect(await audit.list({ text: 'common' })).toHaveLength(23)
  await expect(audit.erase([{ from: 27, to: 27 }], 'window:1', 'hide it')).rejects.toMatchObject({
    code: 'audit/nothing-to-erase',
  })
  await audit.close()
  // What was not erased does stand there: the look is a real one.
  expect(readFileSync(join(folder, 'audit-search.db')).includes(word(6))).toBe(true)
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name)).toString('latin1')
    for (const n of [7, 8, 9]) expect(text.includes(word(n)), name).toBe(false)
  }
})

test('an index that is missing, damaged or of another log is made anew', async () => {
  const folder = tempFolder()
  const path = join(folder, 'audit-search.db')
  const first = await open(folder)
  await first.append({ kind: 'hub', what: 'x', detail: 'alpha' }, { durable: true })
  expect(await first.list({ text: 'alpha' })).toHaveLength(1)
  await first.close()
  for (const spoil of [
    () => rmSync(path),
    () => writeFileSync(path, 'no database at all '.repeat(1000)),
    () => writeFileSync(path, readFileSync(path).fill(0x55, 4096)),
  ]) {
    spoil()
    const again = await open(folder)
    expect((await again.list({ text: 'alpha' })).map(row => row.seq)).toEqual([1])
    await again.close()
  }
  for (const name of readdirSync(folder)) if (name.startsWith('audit.db')) rmSync(join(folder, name))
  const other = await open(folder)
  await other.append({ kind: 'hub', what: 'x', detail: 'beta' }, { durable: true })
  expect((await other.list({ text: 'beta' })).map(row => row.event?.detail)).toEqual(['beta'])
  expect(await other.list({ text: 'alpha' })).toHaveLength(0)
  expect(existsSync(path)).toBe(true)
})
