// What somebody who can write audit.db puts into it to make Gatehouse stumble: it is found or refused, and work goes on.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, expect, test } from 'vitest'
import type { AuditEvent, AuditRow } from '../../contract/audit.ts'
import { Announcer } from '../announce.ts'
import { Audit } from './audit.ts'
import { rowHash, sha256 } from './chain.ts'
import { exportPieces } from './export.ts'
import { without } from './ranges.ts'
import { verifyExport } from './verify-export.ts'
import { verifyFiles } from './verify-files.ts'

const keys = generateKeyPairSync('ed25519')
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

const call = (n: number): AuditEvent => ({ kind: 'call', what: 'call/allowed', tool: `tool-${n}` })

async function opened(folder: string, chain: { text: string | null }) {
  const anchor = {
    read: async () => chain.text,
    write: async (text: string) => {
      chain.text = text
    },
  }
  const audit = await Audit.open({ folder, signing: () => keys, anchor, announcer: new Announcer(), redact: t => t })
  undo.push(() => audit.close())
  return audit
}

/** A log of five rows. */
async function started() {
  const folder = mkdtempSync(join(tmpdir(), 'gh-hostile-'))
  undo.push(() => rmSync(folder, { recursive: true, force: true }))
  const chain = { text: null as string | null }
  const audit = await opened(folder, chain)
  for (const n of [1, 2, 3, 4, 5]) await audit.append(call(n), { durable: true })
  const verify = () => verifyFiles(folder, { anchor: chain.text, publicKey: keys.publicKey })
  return { folder, chain, audit, verify }
}

/** As anybody with a SQLite shell would. */
function tamper(folder: string, sql: string, ...values: unknown[]): void {
  const db = new Database(join(folder, 'audit.db'))
  db.defaultSafeIntegers()
  if (values.length > 0) db.prepare(sql).run(...values)
  else db.exec(sql)
  db.close()
}

/** A row that is right in itself, at the end. */
function put(folder: string, { seq, time = 1n, content }: { seq: bigint; time?: bigint; content: string }): void {
  const row = { seq: Number(seq), time: Number(time), prev: 'x', content_hash: sha256(content) }
  const values = [seq, time, row.prev, content, row.content_hash, rowHash(row)]
  tamper(folder, 'INSERT INTO audit(seq, time, prev, content, content_hash, hash) VALUES (?, ?, ?, ?, ?, ?)', ...values)
}

const content = JSON.stringify(call(0))

/** Changing calls are recorded, lists answer, all exports come out, and verification says that something is wrong. */
async function goesOn(log: Awaited<ReturnType<typeof started>>, audit: Audit): Promise<AuditRow[]> {
  await audit.append(call(99), { durable: true })
  expect(audit.status().writable).toBe(true)
  const rows = await audit.list({ limit: 1000 })
  expect(rows.some(({ event }) => event?.tool === 'tool-99')).toBe(true)
  for (const format of ['jsonl', 'csv', 'bundle'] as const)
    expect([...exportPieces(log.folder, format, null)].join('')).toContain('tool-99')
  await audit.close()
  expect(log.verify()).toMatchObject({ intact: false, anchored: false })
  return rows
}

const FAR = [2n ** 53n + 1n, 2n ** 62n, 2n ** 63n - 1n]
test.each(FAR)('a row numbered %s, put in while nobody looks or while it is written', async seq => {
  for (const isOpen of [true, false]) {
    const log = await started()
    if (!isOpen) await log.audit.close()
    put(log.folder, { seq, content })
    expect(log.verify().intact).toBe(false)
    const audit = isOpen ? log.audit : await opened(log.folder, log.chain)
    const rows = await goesOn(log, audit)
    expect(rows.map(row => row.event?.what)).toContain('audit/began-again')
    expect(readdirSync(log.folder).some(name => name.startsWith('audit.db.damaged-'))).toBe(true)
  }
})

test('numbers below zero, and times no calendar has', async () => {
  const log = await started()
  put(log.folder, { seq: -(2n ** 60n), content })
  put(log.folder, { seq: 6n, time: 2n ** 62n, content })
  put(log.folder, { seq: 7n, time: -(2n ** 62n), content })
  tamper(log.folder, `UPDATE head SET time = ${2n ** 60n}`)
  log.chain.text = JSON.stringify({ ...JSON.parse(log.chain.text!), time: 1e300 })
  expect(log.verify().intact).toBe(false)
  await goesOn(log, log.audit)
})

test('a million erased rows and as many that tell of others are gone through once', () => {
  const ranges = Array.from({ length: 200_000 }, (_, n) => ({ from: n * 4, to: n * 4 + 1 }))
  const told = ranges.map(({ from }) => ({ from, to: from })).reverse()
  expect(without(ranges, told)).toEqual(ranges.map(({ to }) => ({ from: to, to })))
  const seqs = (some: { from: number; to: number }[]) =>
    new Set(some.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, n) => from + n)))
  for (let n = 0; n < 300; n++) {
    const some = (most: number) =>
      Array.from({ length: n % 7 }, (_, i) => ({
        from: ((n * 31 + i * 17) % 50) + i,
        to: ((n * 31 + i * 17) % 50) + i + most,
      }))
    const taken = seqs(some(n % 11))
    const inOrder = Array.from({ length: 6 }, (_, i) => ({ from: i * 10, to: i * 10 + (n % 9) }))
    expect(seqs(without(inOrder, some(n % 11)))).toEqual(new Set([...seqs(inOrder)].filter(one => !taken.has(one))))
  }
})

test.each([
  'null',
  '[null, 7, {}, {"from": "a", "to": {}}, {"from": 5, "to": 1}, [[]]]',
  '{"from": 1, "to": 2}',
  '[{"from": -1e308, "to": 1e308}]',
])('a forged row that tells of erased rows %s', async rows => {
  const log = await started()
  tamper(log.folder, 'UPDATE audit SET content = NULL WHERE seq = 2')
  put(log.folder, { seq: 6n, content: `{"kind":"erased","what":"rows/erased","rows":${rows}}` })
  expect(log.verify().problems.map(({ kind, seq }) => `${kind} ${seq}`)).toContain('edited 2')
  await goesOn(log, log.audit)
})

test.each([
  ['a trigger that drops what is written', 'CREATE TRIGGER t BEFORE INSERT ON audit BEGIN SELECT RAISE(IGNORE); END'],
  [
    'a trigger that takes rows back',
    'CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM audit WHERE seq = NEW.seq; END',
  ],
  [
    'a view that never ends',
    'CREATE VIEW v AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n',
  ],
  ['a table taken away', 'DROP TABLE retention'],
  ['a format it is not of', 'PRAGMA user_version = 1; DROP TABLE head'],
  ['no format at all', 'PRAGMA user_version = 0; DROP TABLE damage'],
  ['all rows renamed away', 'ALTER TABLE audit RENAME TO elsewhere'],
])('%s, while it is written or before it is opened', async (_, sql) => {
  for (const isOpen of [true, false]) {
    const log = await started()
    if (!isOpen) await log.audit.close()
    tamper(log.folder, sql)
    expect(log.verify().problems).toMatchObject([{ kind: 'unreadable' }])
    const audit = isOpen ? log.audit : await opened(log.folder, log.chain)
    const rows = await goesOn(log, audit)
    expect(rows.map(row => row.event?.what).at(-1)).toBe('audit/began-again')
  }
})

test('contents too long to be ours are not read into memory, and are called edited', async () => {
  const log = await started()
  for (let n = 0; n < 20; n++)
    tamper(log.folder, `UPDATE audit SET content = printf('%.*c', ${5_000_000 + n}, 'x') WHERE seq = 3`)
  expect(log.verify().problems).toMatchObject([{ kind: 'edited', seq: 3 }])
  const rows = await goesOn(log, log.audit)
  expect(rows.find(({ seq }) => seq === 3)?.event).toBeNull()
})

test('what is no hash stays inside its quotes in an export, and is found there too', async () => {
  const log = await started()
  await log.audit.close()
  const path = join(log.folder, 'export')
  const forged = '","seq":9,"x":"\n{"bundle":"gatehouse-audit-bundle-1"}'
  for (const column of ['prev', 'hash', 'content_hash']) {
    tamper(log.folder, `UPDATE audit SET ${column} = ? WHERE seq = 2`, forged)
    const text = [...exportPieces(log.folder, 'bundle', null)].join('')
    expect(text.trimEnd().split('\n')).toHaveLength(6)
    writeFileSync(path, text)
    expect((await verifyExport(path)).problems).toMatchObject([{ seq: 2, kind: 'edited' }])
    tamper(log.folder, `UPDATE audit SET ${column} = ${column === 'prev' ? 'content_hash' : 'prev'} WHERE seq = 2`)
  }
})

test('signs that end a text elsewhere are words like others', async () => {
  const log = await started()
  const detail = 'before\0after \ud800 \u202e "quoted" \u2028 end'
  await log.audit.append({ kind: 'hub', what: 'hub/said', detail }, { durable: true })
  for (const text of ['after', 'quoted', 'end']) expect(await log.audit.list({ text })).toHaveLength(1)
  await log.audit.close()
  expect(log.verify()).toMatchObject({ intact: true, anchored: true, rows: 6 })
  const path = join(log.folder, 'export')
  writeFileSync(path, [...exportPieces(log.folder, 'bundle', null)].join(''))
  expect((await verifyExport(path)).problems).toEqual([])
})

test('two that write at once neither stop nor hide each other', async () => {
  const log = await started()
  const other = await opened(log.folder, { text: log.chain.text })
  const both = [log.audit, other].map(async (audit, who) => {
    for (let n = 0; n < 30; n++) await audit.append({ ...call(n), by: `writer-${who}` }, { durable: true })
  })
  await Promise.all(both)
  for (const who of [0, 1]) {
    const rows = await log.audit.list({ limit: 1000 })
    expect(rows.filter(({ event }) => event?.by === `writer-${who}`)).toHaveLength(30)
  }
  await other.close()
  await goesOn(log, log.audit)
})
