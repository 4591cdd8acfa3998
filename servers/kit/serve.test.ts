import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { spawnServer, startOverHttp } from './test-http.ts'

const TOKEN = 'reader-0123456789abcdef01'
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-serve-'))
const READY_FILE = join(folder, 'ready')
const env = { READY_FILE, WIPED_FILE: join(folder, 'wiped') }
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(['its client is gone', 'SIGTERM', 'SIGINT'] as const)(
  'on stdio, %s: what runs beside is closed, and then it ends',
  async how => {
    const child = spawnServer('kit/fixtures/team.ts', [], env, 'pipe')
    let log = ''
    child.stderr!.on('data', chunk => (log += chunk))
    const ended = once(child, 'close')
    await expect.poll(() => log, { timeout: 20_000 }).toContain('"started"')
    if (how === 'its client is gone') child.stdin!.end()
    else child.kill(how)
    expect(await ended).toEqual([0, null])
    expect(log).toContain('closed what runs beside')
  },
)

test('on stdio, what is no address is listened to by nobody, and what comes after it is answered', async () => {
  const child = spawnServer('kit/fixtures/team.ts', [], env, 'pipe')
  let said = ''
  child.stdout!.on('data', chunk => (said += chunk))
  const ended = once(child, 'exit')
  const send = (id: number, method: string, params: object) =>
    child.stdin!.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
  send(1, 'subscriptions/listen', { notifications: { resourceSubscriptions: [{ toString: 1 }, 7, null] } })
  const clientInfo = { name: 'test', version: '1' }
  send(2, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo })
  await expect.poll(() => said, { timeout: 30_000 }).toContain('"id":2')
  child.stdin!.end()
  expect(await ended).toEqual([0, null])
})

test('a crash is one line without a secret, what was noted is written, and the process ends', async () => {
  writeFileSync(READY_FILE, `breaks over ${TOKEN}`)
  const HTTP_TOKENS = JSON.stringify([{ name: 'ann', token: TOKEN, roles: ['reader'] }])
  const one = await startOverHttp('kit/fixtures/team.ts', { ...env, HTTP_TOKENS })
  const ended = once(one.child, 'close')
  await one.call(TOKEN, 'look')
  await one.ask('/ready').catch(() => {})
  expect(await ended).toEqual([1, null])
  const crash = one
    .log()
    .split('\n')
    .find(line => line.includes('it crashed'))!
  expect(JSON.parse(crash)).toMatchObject({ level: 'error', server: 'team', cause: 'breaks over ‹secret›' })
  expect(one.log() + JSON.stringify(one.lines())).not.toContain(TOKEN)
  expect(one.lines()).toMatchObject([{ caller: 'ann', tool: 'look', outcome: 'ok' }])
})
