// The log as the hub uses it: durable rows, group commit, anchors, damage, a full disk.
import { generateKeyPairSync } from 'node:crypto'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, expect, test } from 'vitest'
import type { AuditEvent, AuditRow } from '../../contract/audit.ts'
import { Announcer } from '../announce.ts'
import { Audit } from './audit.ts'
import { exportPieces } from './export.ts'
import { verifyFiles } from './verify-files.ts'

const keys = generateKeyPairSync('ed25519')
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

function tempFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'gh-audit-'))
  undo.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function keychain(open = true) {
  const it = {
    open,
    text: null as string | null,
    writes: 0,
    async read() {
      return it.text
    },
    async write(text: string) {
      it.text = text
      it.writes++
    },
  }
  return it
}

async function open(folder: string, chain = keychain(), redact = (t: string) => t) {
  const announcer = new Announcer()
  const rows: AuditRow[] = []
  announcer.on('audit/appended', more => rows.push(...more))
  const signing = () => (chain.open ? keys : null)
  const audit = await Audit.open({ folder, signing, anchor: chain, announcer, redact })
  undo.push(() => audit.close())
  return { audit, chain, rows, announcer }
}

const call = (n: number): AuditEvent => ({ kind: 'call', what: 'call/allowed', server: 'files', tool: `tool-${n}` })
const check = (folder: string, chain: { text: string | null }) =>
  verifyFiles(folder, { anchor: chain.text, publicKey: keys.publicKey })

test('a durable row is in the file when append returns, also for another process', async () => {
  const folder = tempFolder()
  const { audit } = await open(folder)
  await audit.append(call(1), { durable: true })
  const db = new Database(join(folder, 'audit.db'), { readonly: true })
  const tools = db.prepare("SELECT content ->> '$.tool' AS tool FROM audit").all()
  db.close()
  expect(tools).toEqual([{ tool: 'tool-1' }])
})

test('who records more than the log holds at once waits for it; nothing is dropped', async () => {
  const { audit } = await open(tempFolder())
  const appended = Array.from({ length: 11_000 }, (_, n) => audit.append(call(n), { durable: false }))
  await Promise.all(appended)
  expect((await audit.head()).seq).toBe(11_000)
})

test('a row of a read is written without being asked for, and append does not wait for it', async () => {
  const folder = tempFolder()
  const { audit, rows } = await open(folder)
  let turns = 0
  setImmediate(() => turns++)
  await audit.append(call(1), { durable: false })
  expect([turns, rows]).toEqual([0, []])
  await expect.poll(() => rows.length).toBe(1)
})

test('a row that cannot be made is told as lost, and takes no other one with it', async () => {
  const { audit } = await open(tempFolder())
  const broken = () => {
    throw new Error('no row')
  }
  await audit.append(broken, { durable: false })
  await audit.append(call(1), { durable: true })
  await expect(audit.append(broken, { durable: true })).rejects.toThrow('no row')
  await audit.append(call(2), { durable: true })
  const rows = (await audit.list({})).map(row => row.event?.tool ?? row.event?.what)
  expect(rows.toReversed()).toEqual(['audit/rows-lost', 'tool-1', 'tool-2'])
  expect(audit.status().writable).toBe(true)
})

test('durable rows that come together share transactions and keep their order', async () => {
  const folder = tempFolder()
  const { audit, announcer } = await open(folder)
  let batches = 0
  announcer.on('audit/appended', () => batches++)
  await Promise.all(Array.from({ length: 500 }, (_, n) => audit.append(call(n), { durable: true })))
  const rows = await audit.list({ limit: 1000 })
  expect(rows.map(r => r.event?.tool).reverse()).toEqual(Array.from({ length: 500 }, (_, n) => `tool-${n}`))
  expect(batches).toBeLessThan(20)
})

test('the anchor follows a durable row by itself, and closing leaves an intact, anchored, signed log', async () => {
  const folder = tempFolder()
  const { audit, chain } = await open(folder)
  await audit.append(call(1), { durable: true })
  await expect.poll(() => chain.text).toContain('"seq":1')
  await audit.append(call(2), { durable: true })
  await audit.close()
  expect(JSON.parse(chain.text!)).toMatchObject({ seq: 2 })
  expect(check(folder, chain)).toEqual({
    rows: 2,
    intact: true,
    anchored: true,
    signedUntil: 2,
    erased: 0,
    problems: [],
    note: null,
  })
})

test('the files are checked while the hub writes', async () => {
  const folder = tempFolder()
  const { audit, chain } = await open(folder)
  await audit.append(call(0), { durable: true })
  await expect.poll(() => chain.text).not.toBeNull()
  const writing = Promise.all(Array.from({ length: 300 }, (_, n) => audit.append(call(n), { durable: true })))
  for (let n = 0; n < 10; n++) {
    expect(check(folder, chain).problems).toEqual([])
    await new Promise(resolve => setImmediate(resolve))
  }
  await writing
})

test('without a keychain the log is kept and says it is not anchored; when it appears all is signed and anchored', async () => {
  const folder = tempFolder()
  const chain = keychain(false)
  const { audit } = await open(folder, chain)
  await audit.append(call(1), { durable: true })
  expect(audit.status()).toMatchObject({ writable: true, anchored: false, signedAt: null })
  expect(verifyFiles(folder, { anchor: null, publicKey: null })).toMatchObject({
    intact: true,
    anchored: false,
    note: expect.stringMatching(/not anchored/i),
  })
  chain.open = true
  await audit.keychainAppeared()
  expect(audit.status()).toMatchObject({ anchored: true })
  expect(check(folder, chain)).toMatchObject({ intact: true, anchored: true, signedUntil: 1 })
})

test('a keychain that does not give its anchor never has it overwritten', async () => {
  const folder = tempFolder()
  const first = await open(folder)
  await first.audit.append(call(1), { durable: true })
  await first.audit.close()
  const kept = first.chain.text
  let broken = true
  const chain = { ...first.chain, read: async () => (broken ? Promise.reject(new Error('no answer in 5 s')) : kept) }
  chain.write = async text => {
    chain.text = text
  }
  const { audit } = await open(folder, chain)
  await audit.append(call(2), { durable: true })
  await new Promise(resolve => setTimeout(resolve, 600))
  expect(chain.text).toBe(kept)
  expect(audit.status()).toMatchObject({
    writable: true,
    anchored: false,
    problem: expect.stringMatching(/no answer in 5 s/),
  })
  broken = false
  await expect.poll(() => chain.text).toContain('"seq":2')
})

test('secrets are taken out before a row is written, and long arguments are cut at 8 KB', async () => {
  const folder = tempFolder()
  const { audit } = await open(folder, keychain(), t => t.replaceAll('hunter2', '•••'))
  const text = `hunter2 ${'ü'.repeat(9000)}`
  await audit.append(
    { ...call(1), detail: 'pw hunter2', arguments: { text, bytes: 1, sha256: 'ab' } },
    { durable: true },
  )
  const [row] = await audit.list({})
  expect(row?.event?.detail).toBe('pw •••')
  expect(Buffer.byteLength(row!.event!.arguments!.text)).toBeLessThanOrEqual(8192)
  expect(row!.event!.arguments!.text.endsWith('ü…')).toBe(true)
  await audit.close()
  for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name)).includes('hunter2')).toBe(false)
})

test('rows are found by what they say, newest first', async () => {
  const { audit } = await open(tempFolder())
  for (const n of [1, 2, 3])
    await audit.append({ ...call(n), client: n === 2 ? 'cursor' : 'claude' }, { durable: false })
  await audit.append(
    { kind: 'server', what: 'server/started', server: 'files', detail: '100% of it' },
    { durable: true },
  )
  const seqs = async (filter: Parameters<typeof audit.list>[0]) => (await audit.list(filter)).map(r => r.seq)
  expect(await seqs({ client: 'claude' })).toEqual([3, 1])
  expect(await seqs({ kinds: ['server'] })).toEqual([4])
  expect(await seqs({ text: '100%' })).toEqual([4])
  expect(await seqs({ text: 'TOOL-2' })).toEqual([2])
  expect(await seqs({ before: 3, limit: 1 })).toEqual([2])
  expect(await seqs({ after: 2 })).toEqual([4, 3])
})

test('a database that fails refuses durable rows with words, keeps records of reads, and goes on when there is room', async () => {
  const folder = tempFolder()
  const { audit, announcer } = await open(folder)
  await audit.append(call(1), { durable: true })
  let changes = 0
  announcer.on('audit/changed', () => changes++)
  // A lock held by somebody else makes each write fail for as long as we want; the full disk is in full-disk.test.ts.
  const db = new Database(join(folder, 'audit.db'))
  db.exec('BEGIN IMMEDIATE')
  await expect(audit.append(call(2), { durable: true })).rejects.toMatchObject({
    code: 'audit/not-writable',
    hint: expect.stringContaining('refused'),
  })
  // What makes a row may hold a call of many MB: while the disk refuses rows, it is let go at once.
  let made = false
  const row = () => {
    made = true
    return call(3)
  }
  await audit.append(row, { durable: false })
  expect(made).toBe(true)
  expect(audit.status()).toMatchObject({ writable: false, problem: expect.stringMatching(/locked/) })
  db.exec('ROLLBACK')
  db.close()
  await audit.append(call(4), { durable: true })
  expect((await audit.list({})).map(r => r.event?.tool).sort()).toEqual(['tool-1', 'tool-3', 'tool-4'])
  expect(audit.status().writable).toBe(true)
  expect(changes).toBeGreaterThanOrEqual(2)
})

test('a damaged file is moved aside; the new log goes on after the anchored row, names it, and verify says so', async () => {
  const folder = tempFolder()
  const { audit, chain } = await open(folder)
  for (const n of [1, 2, 3]) await audit.append(call(n), { durable: true })
  await audit.close()
  const anchor = JSON.parse(chain.text!)
  writeFileSync(join(folder, 'audit.db'), 'this is no database, it was overwritten by something'.repeat(300))
  const again = await open(folder, chain)
  const rows = await again.audit.list({})
  expect(rows.map(r => [r.seq, r.event?.what])).toEqual([[4, 'audit/began-again']])
  expect(rows[0]?.event?.detail).toContain(anchor.hash)
  expect(readdirSync(folder).some(f => f.startsWith('audit.db.damaged-'))).toBe(true)
  expect(again.audit.status().problem).toContain(anchor.hash)
  await again.audit.append(call(5), { durable: true })
  await again.audit.close()
  expect(check(folder, chain)).toMatchObject({ intact: false, problems: [{ seq: 4, kind: 'cut-off' }] })
})

test('a file that is damaged while it is written is moved aside, and the row that was to be written is', async () => {
  const folder = tempFolder()
  const { audit, chain } = await open(folder)
  for (let n = 0; n < 50; n++) await audit.append({ ...call(n), detail: 'x'.repeat(2000) }, { durable: true })
  const path = join(folder, 'audit.db')
  const db = new Database(path)
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
  const bytes = readFileSync(path)
  // Every page but the first is overwritten under the hub's feet.
  writeFileSync(path, bytes.fill(0xa5, 4096), { flag: 'r+' })
  await audit.append(call(50), { durable: true })
  const rows = await audit.list({})
  expect(rows.map(row => row.event?.what)).toEqual(['call/allowed', 'audit/began-again'])
  expect(rows.map(row => row.seq)).toEqual([52, 51])
  await audit.close()
  expect(check(folder, chain)).toMatchObject({ intact: false, rows: 2, problems: [{ seq: 51, kind: 'cut-off' }] })
})

test('a log that was deleted while the hub was off is missed', async () => {
  const folder = tempFolder()
  const { audit, chain } = await open(folder)
  await audit.append(call(1), { durable: true })
  await audit.close()
  for (const name of readdirSync(folder)) rmSync(join(folder, name))
  expect(check(folder, chain)).toMatchObject({ intact: false, problems: [{ kind: 'removed' }] })
  await (await open(folder, chain)).audit.close()
  expect(check(folder, chain)).toMatchObject({ intact: false, problems: [{ seq: 2, kind: 'cut-off' }] })
})

test("yesterday's folder put back stays found after the hub went on with it", async () => {
  const folder = tempFolder()
  const yesterday = tempFolder()
  const { audit, chain } = await open(folder)
  await audit.append(call(1), { durable: true })
  await audit.close()
  cpSync(folder, yesterday, { recursive: true })
  const next = await open(folder, chain)
  await next.audit.append(call(2), { durable: true })
  await next.audit.close()
  copyFileSync(join(yesterday, 'audit.db'), join(folder, 'audit.db'))
  expect(check(folder, chain)).toMatchObject({ intact: false, problems: [{ seq: 2, kind: 'rolled-back' }] })
  const third = await open(folder, chain)
  expect(third.audit.status().problem).toMatch(/older log put back/)
  await third.audit.append(call(3), { durable: true })
  await third.audit.close()
  expect(check(folder, chain)).toMatchObject({
    intact: false,
    anchored: false,
    problems: [{ seq: 2, kind: 'rolled-back' }],
  })
})

test('a log of a newer Gatehouse is not opened and not changed', async () => {
  const folder = tempFolder()
  const db = new Database(join(folder, 'audit.db'))
  db.pragma('user_version = 99')
  db.close()
  const before = readFileSync(join(folder, 'audit.db'))
  await expect(open(folder)).rejects.toMatchObject({ code: 'audit/newer' })
  expect(() => check(folder, { text: null })).toThrow(/newer Gatehouse/)
  expect(readFileSync(join(folder, 'audit.db'))).toEqual(before)
})

test('erased content is gone from the file and the chain still holds and says so', async () => {
  const folder = tempFolder()
  const { audit, chain } = await open(folder)
  for (const n of [1, 2, 3]) await audit.append({ ...call(n), detail: `slipped-in-${n}` }, { durable: true })
  await audit.erase([{ from: 2, to: 2 }], 'window:1', 'a secret slipped in')
  await audit.close()
  expect(check(folder, chain)).toMatchObject({
    intact: true,
    anchored: true,
    erased: 1,
    note: expect.stringMatching(/1 row was erased/),
  })
  for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name)).includes('slipped-in-2')).toBe(false)
})

test('a clock that jumps back does not break the chain', async () => {
  const folder = tempFolder()
  const { audit, chain } = await open(folder)
  const now = Date.now
  undo.push(() => {
    Date.now = now
  })
  for (const jump of [0, -86_400_000, 3_600_000]) {
    Date.now = () => now() + jump
    await audit.append(call(jump), { durable: true })
  }
  await audit.close()
  expect(check(folder, chain)).toMatchObject({ intact: true, rows: 3 })
})

test('an export is whole, and a spreadsheet takes no cell for a formula', async () => {
  const folder = tempFolder()
  const { audit } = await open(folder)
  await audit.append({ ...call(1), detail: '=HYPERLINK("http://x","y")', client: '@SUM(1)' }, { durable: true })
  const lines = (format: 'csv' | 'jsonl') => [...exportPieces(folder, format, null)].join('').trimEnd().split('\n')
  const csv = lines('csv')
  expect(csv).toHaveLength(2)
  expect(csv[1]).toContain(`"'=HYPERLINK(""http://x"",""y"")"`)
  expect(csv[1]).toContain(`"'@SUM(1)"`)
  expect(lines('jsonl').map(l => JSON.parse(l))).toMatchObject(await audit.list({}))
  expect(existsSync(join(folder, 'audit.db'))).toBe(true)
})
