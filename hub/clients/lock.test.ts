// Cline's lock is a folder with its owner's name in it: it is waited for, taken the same way, and outlived when its owner died.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { freeOldLock, type LockNote, withLock } from './lock.ts'
import { takeOwned } from './owned-lock.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

function place() {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-lock-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const kept = new Map<string, string>()
  const note: LockNote = {
    get: key => kept.get(key) ?? null,
    put: (key, value) => void kept.set(key, value),
    remove: key => void kept.delete(key),
  }
  return { folder, path: join(folder, 'mcp.json'), lock: join(folder, 'mcp.json.lock'), note }
}

test('it is waited for, and held under a name of our own while we write', async () => {
  const { folder, path, lock, note } = place()
  mkdirSync(lock)
  writeFileSync(join(lock, 'owner.theirs'), '')
  let ours: string[] = []
  const done = withLock(path, 'owned', note, async () => {
    ours = readdirSync(lock)
    // They come with a rename, too: over a folder with something in it none goes.
    expect(takeOwned(lock, 'theirs')).toBe(false)
  })
  await sleep(300)
  expect(ours).toEqual([])
  rmSync(lock, { recursive: true })
  await done
  expect(ours).toEqual([expect.stringMatching(/^owner\.[0-9a-f]{16}$/)])
  expect([readdirSync(folder), note.get('client-lock')]).toEqual([[], null])
})

test('one whose owner died is taken over, with its name in it', async () => {
  const { folder, path, lock, note } = place()
  mkdirSync(lock)
  writeFileSync(join(lock, 'owner.dead'), '')
  utimesSync(lock, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000))
  expect(await withLock(path, 'owned', note, async () => readdirSync(lock))).not.toContain('owner.dead')
  expect(readdirSync(folder)).toEqual([])
})

test('what a hub that was killed held is free at the next start, and nobody else’s is', async () => {
  const { folder, lock, note } = place()
  takeOwned(lock, 'ours')
  note.put('client-lock', JSON.stringify({ folder: lock, owner: 'ours' }))
  freeOldLock(note)
  expect(readdirSync(folder)).toEqual([])
  takeOwned(lock, 'theirs')
  note.put('client-lock', JSON.stringify({ folder: lock, owner: 'ours' }))
  freeOldLock(note)
  expect(readdirSync(lock)).toEqual(['owner.theirs'])
})
