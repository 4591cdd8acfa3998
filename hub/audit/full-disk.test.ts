// No room: a real disk of 1 MB, and a database that may not grow. Changing calls are refused and say why, and go on when there is room.
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Announcer } from '../announce.ts'
import { Audit } from './audit.ts'
import { canonical } from './chain.ts'
import { LogWriter } from './log-writer.ts'
import { verifyFiles } from './verify-files.ts'

const disk = mkdtempSync(join(tmpdir(), 'gh-disk-'))
let mounted = false

beforeAll(() => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' })
    mounted = true
  } catch {}
})

afterAll(() => {
  if (mounted) execFileSync('umount', [disk])
  rmSync(disk, { recursive: true, force: true })
})

test('a full disk refuses durable rows, and the log is whole when there is room again', async context => {
  context.skip(!mounted, 'needs root to mount a 1 MB tmpfs')
  const keys = generateKeyPairSync('ed25519')
  let anchor: string | null = null
  const chain = {
    read: async () => anchor,
    write: async (text: string) => {
      anchor = text
    },
  }
  const audit = await Audit.open({
    folder: disk,
    signing: () => keys,
    anchor: chain,
    announcer: new Announcer(),
    redact: t => t,
  })
  const row = { kind: 'call' as const, what: 'call/allowed', detail: 'x'.repeat(2000) }
  await audit.append(row, { durable: true })
  writeFileSync(join(disk, 'ballast'), 'x'.repeat(300_000))
  let written = 1
  const fill = async () => {
    for (; written < 1000; written++) await audit.append(row, { durable: true })
  }
  await expect(fill()).rejects.toMatchObject({ code: 'audit/not-writable', message: expect.stringMatching(/full/) })
  expect(audit.status()).toMatchObject({ writable: false, problem: expect.stringMatching(/full/) })
  await expect(audit.append(row, { durable: true })).rejects.toMatchObject({ code: 'audit/not-writable' })
  expect((await audit.list({ limit: 1000 })).length).toBe(written)
  rmSync(join(disk, 'ballast'))
  await audit.append(row, { durable: true })
  expect(audit.status().writable).toBe(true)
  await audit.close()
  expect(verifyFiles(disk, { anchor, publicKey: keys.publicKey })).toMatchObject({
    intact: true,
    anchored: true,
    rows: written + 1,
  })
})

test('a database that may not grow says that it is full, keeps no half of a batch, and goes on once it may', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gh-pages-'))
  const keys = generateKeyPairSync('ed25519')
  const opened = vi.spyOn(Database.prototype, 'pragma')
  const writer = new LogWriter(folder)
  writer.open(null, keys)
  const db = opened.mock.contexts.at(-1) as InstanceType<typeof Database>
  opened.mockRestore()
  const row = { time: Date.now(), content: canonical({ kind: 'call', what: 'call/allowed', detail: 'x'.repeat(2000) }) }
  const rows = () => db.prepare('SELECT count(*) FROM audit').pluck().get()
  writer.append([row])
  const { head } = writer.append([row])
  db.pragma(`max_page_count = ${(db.pragma('page_count', { simple: true }) as number) + 3}`)
  const full = { code: 'SQLITE_FULL', message: expect.stringMatching(/full/) }
  for (let n = 0; n < 3; n++)
    expect(() => writer.append(Array.from({ length: 40 }, () => row))).toThrow(expect.objectContaining(full))
  expect(rows()).toBe(2)
  // What still fits is written: the next row follows the last one that was.
  expect(writer.append([row]).head?.seq).toBe(head!.seq + 1)
  db.pragma('max_page_count = 1000000')
  writer.append(Array.from({ length: 40 }, () => row))
  const last = writer.close()!
  const anchor = JSON.stringify({ seq: last.seq, hash: last.hash, time: last.time })
  expect(verifyFiles(folder, { anchor, publicKey: keys.publicKey })).toMatchObject({ intact: true, rows: 43 })
  rmSync(folder, { recursive: true, force: true })
})
