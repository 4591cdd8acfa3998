import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Redactor } from '../vault/redactor.ts'
import { Logs } from './logs.ts'
import { tempFolder } from './test-stage.ts'

let folder: string
beforeEach(() => {
  folder = join(tempFolder(), 'logs')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

test('three files of a megabyte at most, the newest last, for the owner alone', async () => {
  const logs = new Logs(folder, 'a.log', text => text)
  for (let n = 0; n < 60; n++) {
    for (let m = 0; m < 14; m++) logs.add('gatehouse', `${n} ${'x'.repeat(7_000)}`)
    await logs.close()
  }
  const files = readdirSync(folder).toSorted()
  expect(files).toEqual(['a.log', 'a.log.1', 'a.log.2'])
  for (const file of files) {
    expect(statSync(join(folder, file)).size).toBeLessThanOrEqual(1_000_000)
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
  }
  expect(readFileSync(join(folder, 'a.log'), 'utf8')).toContain(' gatehouse 59 x')
})

test('a private key that a server says line by line is nowhere, also when its beginning was too much to keep', async () => {
  const key = (mark: string) => [
    '-----BEGIN PRIVATE KEY-----',
    ...Array.from({ length: 10 }, (_, n) => `${mark}${'MIIEvQIBADANBg'.repeat(4)}${n}`),
    '-----END PRIVATE KEY-----',
  ]
  const logs = new Logs(folder, 'a.log', text => new Redactor().redact(text))
  for (const line of key('a')) logs.add('stderr', line)
  for (let n = 0; n < 1_100; n++) logs.add('stdout', 'flood')
  const [begin, ...rest] = key('b')
  logs.add('stderr', begin!)
  await new Promise(resolve => setTimeout(resolve, 1_100))
  for (const line of rest) logs.add('stderr', line)
  logs.add('stderr', 'ready')
  await logs.close()
  const kept = readFileSync(join(folder, 'a.log'), 'utf8')
  expect(kept).not.toContain('MIIEvQ')
  expect(kept).toMatch(/stderr \[removed secret\]\n.*stderr ready/)
})

test('a secret across the place where a long line is cut is redacted before the cut', async () => {
  const secret = 'hush'.repeat(50)
  const logs = new Logs(folder, 'a.log', text => text.replaceAll(secret, '•••'))
  logs.add('stderr', 'x'.repeat(7_990) + secret)
  await logs.close()
  expect(readFileSync(join(folder, 'a.log'), 'utf8')).not.toContain('hush')
  expect(logs.last(1)[0]?.text).not.toContain('hush')
})

test('a thousand lines in memory, all of a burst, a few of a flood, and how many were left out', async () => {
  const logs = new Logs(folder, 'a.log', text => text)
  const heard: string[] = []
  const unfollow = logs.follow(line => heard.push(line.text))
  for (let n = 0; n < 5_000; n++) logs.add('stderr', `line ${n}`)
  await logs.close()
  unfollow()
  logs.add('gatehouse', 'unheard')
  expect(heard.length).toBeLessThan(1_100)
  expect(heard.at(-1)).toMatch(/^[34]\d{3} lines were left out/)
  expect(logs.last(5_000).length).toBeLessThanOrEqual(1_500)
  expect(logs.last(2).map(line => line.text)).toEqual([heard.at(-1), 'unheard'])
  expect(logs.last(0)).toEqual([])
})
