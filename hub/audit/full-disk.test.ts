// A real disk of 1 MB that is full: changing calls are refused and say why, and go on when there is room.
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { Audit } from './audit.ts'
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
