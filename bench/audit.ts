// What a long log costs: filters, words and verification beside counting and hashing the same rows, and what records pay meanwhile.
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type AuditEvent, AuditFilter } from '../contract/audit.ts'
import { Announcer } from '../hub/announce.ts'
import { Audit } from '../hub/audit/audit.ts'
import { canonical } from '../hub/audit/chain.ts'
import { LogReader } from '../hub/audit/list-rows.ts'
import { openForReading } from '../hub/audit/log-file.ts'
import { LogWriter } from '../hub/audit/log-writer.ts'
import type { Keys } from '../hub/audit/worker-messages.ts'
import { effectOn, type Known } from '../hub/policy/past-calls.ts'
import { CAREFUL, withRule } from '../hub/policy/policy-state.ts'
import { callsBeside } from './beside-log.ts'

const say = (line: string) => process.stdout.write(`${line}\n`)
const BATCH = 1000
const MOST_BESIDE = 200_000

function someEvent(n: number): AuditEvent {
  const text = JSON.stringify({
    path: `/home/ada/notes/${n % 5000}.md`,
    word: `w${(n * 7919) % 50_000}`,
    note: 'x'.repeat(60),
  })
  return {
    kind: n % 2 ? 'result' : 'call',
    what: n % 2 ? 'call/ended' : 'call/allowed',
    correlation: `c-${n >> 1}`,
    client: `client-${n % 7}`,
    server: `server-${n % 20}`,
    tool: `tool-${n % 211}`,
    arguments: { text, bytes: text.length, sha256: 'a'.repeat(64) },
    decision: {
      effect: n % 50 === 0 ? 'deny' : 'allow',
      risk: 'writes',
      rule: null,
      ruleText: null,
      reasons: ['It changes files.'],
    },
    outcome: n % 97 === 0 ? 'error' : 'ok',
    durationMs: (n * 31) % 4000,
  }
}

async function took<T>(work: () => T | Promise<T>): Promise<[number, T]> {
  const from = performance.now()
  const value = await work()
  return [performance.now() - from, value]
}

export function fill(folder: string, keys: Keys | null, rows: number): void {
  const writer = new LogWriter(folder)
  writer.open(null, keys)
  for (let n = 0; n < rows; n += BATCH) {
    const some = Array.from({ length: BATCH }, (_, i) => someEvent(n + i))
    writer.append(
      some.map((event, i) => ({ time: 1_700_000_000_000 + (n + i) * 500, content: canonical(event) })),
      false,
    )
  }
  writer.close()
}

/** Prints its figures; `rows` from the command line, for a shorter run. */
export async function auditBench(rows: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gh-bench-audit-'))
  const keys = generateKeyPairSync('ed25519')
  try {
    const [writeMs] = await took(() => fill(folder, keys, rows))
    say(`${rows} rows written: ${((writeMs * 1000) / rows).toFixed(1)} µs a row, events made and hashed included`)
    const reader = new LogReader(folder)
    const [indexMs] = await took(() => {
      while (reader.index());
    })
    say(`taken into the search index: ${((indexMs * 1000) / rows).toFixed(1)} µs a row`)
    const db = openForReading(folder)!
    const [countMs] = await took(() => db.prepare('SELECT count(*) FROM audit').get())
    const [hashMs] = await took(() => {
      const hash = createHash('sha256')
      for (const text of db.prepare<[], string>('SELECT content FROM audit').pluck().iterate()) hash.update(text)
      return hash.digest('hex')
    })
    db.close()
    say(`floor: count(*) ${countMs.toFixed(0)} ms, sha256 of all content ${hashMs.toFixed(0)} ms`)
    const middle = 1_700_000_000_000 + (rows / 2) * 500
    const filters: Record<string, Partial<AuditFilter>> = {
      'no filter': {},
      client: { client: 'client-3' },
      server: { server: 'server-3' },
      tool: { tool: 'tool-3' },
      decision: { decision: 'deny' },
      outcome: { outcome: 'error' },
      kind: { kinds: ['result'] },
      'duration at least': { minMs: 3990 },
      'duration between': { minMs: 100, maxMs: 200 },
      until: { until: middle },
      since: { since: middle },
      'all of them': { client: 'client-3', server: 'server-3', outcome: 'ok', minMs: 50, until: middle },
      'two that never meet': { outcome: 'error', correlation: 'c-1' },
      'a common word': { text: 'changes' },
      'a rare word': { text: 'w4711' },
      'beginning of a word': { text: 'w47*' },
      'word and filters': { text: 'changes', client: 'client-3', decision: 'deny' },
    }
    for (const [name, filter] of Object.entries(filters)) {
      const times: number[] = []
      for (let n = 0; n < 5; n++) times.push((await took(() => reader.list(AuditFilter.parse(filter))))[0])
      say(`  ${name}: ${times.toSorted((a, b) => a - b)[2]!.toFixed(1)} ms (first ${times[0]!.toFixed(1)} ms)`)
    }
    reader.close()
    await besideCalls(folder, keys)
    await callsBeside(Math.min(rows, MOST_BESIDE))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The record each changing call waits for, alone and while the log is verified and searched. */
async function besideCalls(folder: string, keys: { privateKey: KeyObject; publicKey: KeyObject }): Promise<void> {
  const anchor = { read: async () => null, write: async () => {} }
  const audit = await Audit.open({ folder, signing: () => keys, anchor, announcer: new Announcer(), redact: t => t })
  let records = 0
  const record = () =>
    audit.append({ ...someEvent(records * 2), correlation: `beside-${records++}` }, { durable: true })
  const alone: number[] = []
  for (let n = 0; n < 200; n++) alone.push((await took(record))[0])
  let isDone = false
  const verifying = took(() => audit.verify()).finally(() => {
    isDone = true
  })
  const searching = (async () => {
    while (!isDone) await audit.list({ text: 'changes', decision: 'deny' })
  })()
  const beside: number[] = []
  while (!isDone && beside.length < 100_000) beside.push((await took(record))[0])
  const [verifyMs, found] = await verifying
  await searching
  say(
    `verify: ${(verifyMs / 1000).toFixed(1)} s with searches and records beside it, ${found.rows} rows, intact: ${found.intact}`,
  )
  say(`a changing call's record: ${median(alone)} ms alone, ${median(beside)} ms meanwhile (medians)`)
  await effectBesideCalls(audit, record, median(alone))
  await audit.close()
}

const median = (ms: number[]) => ms.toSorted((a, b) => a - b)[ms.length >> 1]!.toFixed(2)

/** What a rule would have made of a week of calls, asked again and again, and what a call pays meanwhile. */
async function effectBesideCalls(audit: Audit, record: () => Promise<void>, alone: string): Promise<void> {
  const known: Known = (server, tool) => ({
    server: { id: server, name: server, trusted: false },
    definition: { name: tool },
    held: false,
  })
  const after = withRule(CAREFUL, { effect: 'deny', arguments: [{ path: 'path', pattern: '/notes/1+' }] })
  const beside: number[] = []
  const stalls = monitorEventLoopDelay({ resolution: 1 })
  stalls.enable()
  let isDone = false
  const asking = took(() => effectOn(one => audit.list(one), known, [CAREFUL, after], Date.now())).finally(() => {
    isDone = true
  })
  while (!isDone) beside.push((await took(record))[0])
  const [ms, effect] = await asking
  stalls.disable()
  say(
    `a rule's effect on ${effect.calls} calls of a week (more: ${effect.isCut}; ${effect.denied} it would deny): ${ms.toFixed(0)} ms; a changing call's ` +
      `record meanwhile ${median(beside)} ms (alone ${alone}); one turn in a hundred of the hub's thread took over ${(stalls.percentile(99) / 1e6).toFixed(1)} ms`,
  )
}
