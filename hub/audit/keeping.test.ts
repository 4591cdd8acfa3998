// Content that is due goes in steps, the chain holds and says so; damage is told until acknowledged; bundles prove themselves.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { Audit } from './audit.ts'
import { publicKeyText } from './chain.ts'
import { exportPieces } from './export.ts'
import { Keeping } from './keeping.ts'
import { openForReading } from './log-file.ts'
import { verifyExport } from './verify-export.ts'
import { verifyFiles } from './verify-files.ts'

const keys = generateKeyPairSync('ed25519')
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

function tempFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'gh-keep-'))
  undo.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function open(folder: string, chain: { text: string | null } = { text: null }) {
  const anchor = {
    read: async () => chain.text,
    write: async (text: string) => {
      chain.text = text
    },
  }
  const audit = await Audit.open({
    folder,
    signing: () => keys,
    anchor,
    announcer: new Announcer(),
    redact: text => text,
  })
  undo.push(() => audit.close())
  return { audit, chain }
}

const row = (n: number) => ({ kind: 'call' as const, what: 'call/allowed', detail: `row-${n} ${'x'.repeat(500)}` })

test('what is older is erased in steps, the rest stays, the rows that tell are never erased', async () => {
  const folder = tempFolder()
  const { audit, chain } = await open(folder)
  const now = Date.now
  undo.push(() => {
    Date.now = now
  })
  Date.now = () => now() - 10 * 86_400_000
  for (let n = 1; n <= 1200; n++) await audit.append(row(n), { durable: false })
  await audit.erase([{ from: 3, to: 3 }], 'window:1', 'slipped in')
  Date.now = now
  await audit.append(row(1202), { durable: true })
  await audit.retain({ days: 5, bytes: null })
  await audit.retain({ days: 5, bytes: null })
  const rows = await audit.list({ limit: 1000 })
  expect(rows[0]?.event).toMatchObject({ kind: 'erased', by: 'gatehouse', rows: [{ from: 1, to: 1201 }] })
  expect(rows.filter(one => one.event?.what === 'rows/erased')).toHaveLength(2)
  expect(rows.find(one => one.seq === 1202)?.event?.detail).toMatch(/^row-1202/)
  expect(rows.find(one => one.seq === 1200)?.event).toBeNull()
  expect(await audit.retentionState()).toMatchObject({ erasedTo: 1201 })
  expect(await audit.list({ text: 'xx*', limit: 1000 })).toHaveLength(1)
  await audit.close()
  expect(verifyFiles(folder, { anchor: chain.text, publicKey: keys.publicKey })).toMatchObject({
    intact: true,
    anchored: true,
    erased: 1200,
    note: expect.stringMatching(/1200 rows were erased/),
  })
})

test('a log that is too large loses its oldest content', async () => {
  const folder = tempFolder()
  const { audit, chain } = await open(folder)
  for (let n = 1; n <= 1000; n++) await audit.append(row(n), { durable: false })
  const { usedBytes } = await audit.retentionState()
  await audit.retain({ days: null, bytes: usedBytes - 100_000 })
  const { erasedTo } = await audit.retentionState()
  expect(erasedTo).toBeGreaterThan(100)
  expect(erasedTo).toBeLessThan(400)
  await audit.close()
  expect(verifyFiles(folder, { anchor: chain.text, publicKey: keys.publicKey }).intact).toBe(true)
})

test('nothing is erased while the choice cannot be read', async () => {
  const asked: unknown[] = []
  const audit = { retain: async (to: unknown) => void asked.push(to), retentionState: async () => Promise.reject() }
  let isKnown = false
  const keeping = new Keeping({
    audit,
    sealed: { get: () => undefined, put: () => {} },
    isKnown: () => isKnown,
    report: () => {},
  })
  undo.push(() => keeping.close())
  await keeping.run()
  expect(asked).toEqual([])
  isKnown = true
  await keeping.run()
  expect(asked).toEqual([{ days: 90, bytes: 1024 ** 3 }])
  expect(
    [
      { days: 91, bytes: null },
      { days: 89, bytes: null },
      { days: null, bytes: 5 },
    ].map(to => keeping.keepsLess(to)),
  ).toEqual([false, true, true])
})

test('damage is told at every start until a person has acknowledged it; both stay in the log', async () => {
  const folder = tempFolder()
  const first = await open(folder)
  await first.audit.append(row(1), { durable: true })
  await first.audit.close()
  writeFileSync(join(folder, 'audit.db'), 'no database '.repeat(1000))
  for (const name of readdirSync(folder)) if (/-(wal|shm)$/.test(name)) rmSync(join(folder, name))
  for (const _ of [1, 2]) {
    const { audit } = await open(folder, first.chain)
    expect(audit.status().damage).toMatch(/could not be read/)
    await audit.close()
  }
  const { audit } = await open(folder, first.chain)
  const found = () => verifyFiles(folder, { anchor: null, publicKey: keys.publicKey })
  expect(found().intact).toBe(false)
  await audit.acknowledge('window:1')
  expect(audit.status()).toMatchObject({ damage: null, problem: null })
  await expect(audit.acknowledge('window:1')).rejects.toMatchObject({ code: 'audit/nothing-wrong' })
  await audit.close()
  const again = await open(folder, first.chain)
  expect(again.audit.status().damage).toBeNull()
  expect(found()).toMatchObject({ intact: true, note: expect.stringMatching(/Acknowledged: The log begins again/) })
  const what = (await again.audit.list({})).map(one => one.event?.what)
  expect(what).toEqual(expect.arrayContaining(['audit/began-again', 'audit/acknowledged']))
})

test('what is erased while it is exported is told in the export, and what is written comes along', async () => {
  const folder = tempFolder()
  const { audit } = await open(folder)
  for (let n = 1; n <= 1200; n++) await audit.append(row(n), { durable: false })
  const pieces = audit.export('bundle', new AbortController().signal)
  const read = [(await pieces.next()).value]
  await audit.append(row(1201), { durable: true })
  await audit.erase([{ from: 700, to: 700 }], 'window:1', 'slipped in')
  for await (const piece of pieces) read.push(piece)
  const path = join(folder, 'bundle')
  writeFileSync(path, read.join(''))
  expect(await verifyExport(path)).toMatchObject({ intact: true, rows: 1202, erased: 1, signedUntil: 1202 })
})

test('what was erased while somebody read the log is in none of its files once they are done', async () => {
  const folder = tempFolder()
  const { audit } = await open(folder)
  const places = () =>
    ['audit.db', 'audit.db-wal'].filter(name => readFileSync(join(folder, name)).includes('row-7 xxx'))
  for (let n = 1; n <= 20; n++) await audit.append(row(n), { durable: true })
  const reader = openForReading(folder)!
  undo.push(() => reader.close())
  const reading = reader.prepare('SELECT seq FROM audit').iterate()
  reading.next()
  await audit.erase([{ from: 7, to: 7 }], 'window:1', 'slipped in')
  await audit.append(row(21), { durable: true })
  expect(places()).not.toEqual([])
  reading.return?.()
  await expect.poll(places, { timeout: 30_000, interval: 200 }).toEqual([])
})

test('a row written while the clock was ahead keeps none of those after it, and none goes before its day', async () => {
  const folder = tempFolder()
  const { audit } = await open(folder)
  const now = Date.now
  undo.push(() => {
    Date.now = now
  })
  const at = async (days: number, n: number) => {
    Date.now = () => now() + days * 86_400_000
    await audit.append(row(n), { durable: true })
    Date.now = now
  }
  for (const [n, days] of [-10, 5000, -9, -8, 5000, -1, 5000].entries()) await at(days, n + 1)
  await audit.retain({ days: 5, bytes: null })
  const rows = await audit.list({})
  expect(rows.filter(one => one.event === null).map(one => one.seq)).toEqual([4, 3, 2, 1])
  expect(rows[0]?.event).toMatchObject({ kind: 'erased', rows: [{ from: 1, to: 4 }] })
})

test('a bundle proves itself anywhere; each change to it is found', async () => {
  const folder = tempFolder()
  const { audit } = await open(folder)
  for (let n = 1; n <= 20; n++) await audit.append(row(n), { durable: true })
  await audit.erase([{ from: 5, to: 6 }], 'window:1', 'slipped in')
  const key = publicKeyText(keys.privateKey)
  const text = [...exportPieces(folder, 'bundle', key)].join('')
  const over = []
  for await (const piece of audit.export('bundle', new AbortController().signal)) over.push(piece)
  expect(over.join('')).toBe(text)
  const path = join(folder, 'bundle')
  const check = async (lines: string[]) => {
    writeFileSync(path, `${lines.join('\n')}\n`)
    const { intact, problems } = await verifyExport(path)
    return intact ? 'intact' : problems.map(one => `${one.kind} ${one.seq}`).join(', ')
  }
  const lines = text.trimEnd().split('\n')
  expect(lines).toHaveLength(22)
  expect(await check(lines)).toBe('intact')
  expect(await check(lines.with(9, lines[9]!.replace('row-10', 'row-99')))).toBe('edited 10')
  expect(await check(lines.toSpliced(9, 1))).toBe('removed 10')
  expect(await check(lines.toSpliced(20, 1))).toMatch(/cut-off 21/)
  expect(await check(lines.with(9, lines[10]!).with(10, lines[9]!))).toMatch(/^reordered 10(, [a-z]+ 1[12])*$/)
  expect(await check(lines.toSpliced(9, 0, lines[3]!))).toMatch(/^reordered 4/)
  expect(await check(lines.toSpliced(9, 0, lines[8]!))).toMatch(/^inserted 9/)
  expect(await check(lines.with(9, lines[9]!.slice(5)))).toMatch(/^removed 10, unreadable null$/)
  expect(await check(lines.with(21, lines[21]!.replace(/"time":\d/, '"time":9')))).toMatch(/signature/)
  // What other readers would see, though the row that is hashed is the same.
  const more = (from: string, to: string) => check(lines.with(9, lines[9]!.replace(from, to)))
  expect(await more('"kind":"call"', '"kind":"refused","kind":"call"')).toBe('edited 10')
  expect(await more('"event":{', '"event":{"__proto__":{"tool":"x"},')).toBe('edited 10')
  expect(await more('"prev":', '"note":"approved by a person","prev":')).toBe('edited 10')
  expect(await more('{"seq":10,', '{"seq":11,"seq":10,')).toBe('edited 10')
  expect(await more('"event":{', `"event":{"x":${'['.repeat(50_000)}${']'.repeat(50_000)},`)).toBe(
    'removed 10, unreadable null',
  )
  // Its end: another key, one that is none, two of them, one that says two things, rows behind it.
  const end = lines[21]!
  const other = generateKeyPairSync('ed25519')
  expect(await check(lines.with(21, end.replace(key, publicKeyText(other.privateKey))))).toMatch(/^signature 21/)
  for (const type of ['x25519', 'ed448'] as const) {
    const { publicKey } = generateKeyPairSync(type as 'ed25519')
    const text = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    expect(await check(lines.with(21, end.replace(key, text)))).toBe('signature null')
  }
  expect(await check(lines.with(21, end.replace(key, 'bm8ga2V5')))).toBe('signature null')
  expect(await check([...lines, end])).toBe('unreadable null')
  expect(await check(lines.with(21, end.replace('"seq":21', '"seq":20,"seq":21')))).toBe('unreadable null')
  expect(await check([...lines, lines[9]!])).toMatch(/^reordered 10/)
  // Rows of another log, in the place of these or after them.
  const { audit: strange } = await open(tempFolder())
  for (let n = 1; n <= 25; n++) await strange.append(row(n), { durable: true })
  const theirs: string[] = []
  for await (const piece of strange.export('jsonl', new AbortController().signal))
    theirs.push(...piece.trimEnd().split('\n'))
  expect(await check(lines.with(9, theirs[9]!))).not.toBe('intact')
  expect(await check([...theirs.slice(0, 21), end])).not.toBe('intact')
  expect(await check([...lines.slice(0, 21), ...theirs.slice(21), end])).not.toBe('intact')
  const jsonl = [...exportPieces(folder, 'jsonl', null)].join('')
  expect(await check(jsonl.slice(0, -100).split('\n'))).toMatch(/unreadable null$/)
  writeFileSync(path, jsonl)
  expect(await verifyExport(path)).toMatchObject({
    intact: true,
    rows: 21,
    erased: 2,
    note: expect.stringMatching(/no signed head/),
  })
  writeFileSync(path, readFileSync(join(folder, 'audit.db')))
  await expect(verifyExport(path)).rejects.toMatchObject({ code: 'audit/no-export' })
})
