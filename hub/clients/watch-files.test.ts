import { mkdirSync, mkdtempSync, renameSync, rmSync, type watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { FileWatch } from './watch-files.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

function watched(options: ConstructorParameters<typeof FileWatch>[1] = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-watch-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'app/config.json')
  mkdirSync(join(folder, 'app'))
  writeFileSync(path, '0')
  const told: string[] = []
  const files = new FileWatch(each => told.push(each), options)
  closers.push(() => files.close())
  files.set([path])
  return { folder, path, told, files }
}
const within = { timeout: 30_000, interval: 20 }

test('a file renamed over the old one is told, again and again, and many changes at once are told once', async () => {
  const { folder, path, told } = watched()
  for (let round = 1; round <= 2; round++) {
    for (let i = 0; i < 20; i++) {
      writeFileSync(join(folder, 'new'), `${round} ${i}`)
      renameSync(join(folder, 'new'), path)
    }
    await expect.poll(() => told.length, within).toBe(round)
  }
})

test('a folder that is moved away and made anew is watched again', async () => {
  const { folder, path, told } = watched({ pollMs: 100 })
  renameSync(join(folder, 'app'), join(folder, 'old'))
  await expect.poll(() => told.length, within).toBe(1)
  mkdirSync(join(folder, 'app'))
  writeFileSync(path, '1')
  await expect.poll(() => told.length, within).toBe(2)
  await sleep(250)
  writeFileSync(path, '22')
  await expect.poll(() => told.length, within).toBe(3)
})

test('where nothing can be watched the files are looked at', async () => {
  const none = (() => {
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  }) as typeof watch
  const { path, told } = watched({ watch: none, pollMs: 100 })
  writeFileSync(path, 'more')
  await expect.poll(() => told.length, within).toBe(1)
})
