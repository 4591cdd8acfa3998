import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Audit } from './audit.ts'
import { Log } from './log.ts'
import { startOverHttp, type TeamServer } from './test-http.ts'

const READER = 'reader-0123456789abcdef01'
const ADMIN = 'admin-0123456789abcdef012'
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'))
const started: TeamServer[] = []
let sink: Server
let isUp = true
let got: Record<string, unknown>[] = []

beforeAll(async () => {
  writeFileSync(join(folder, 'ready'), 'up')
  sink = createServer((req, res) => {
    let text = ''
    req.on('data', chunk => (text += chunk))
    req.on('end', () => {
      if (isUp)
        got.push(
          ...text
            .trim()
            .split('\n')
            .map(line => JSON.parse(line)),
        )
      res.writeHead(isUp ? 204 : 500).end()
    })
  })
  sink.listen(0, '127.0.0.1')
  await once(sink, 'listening')
})
afterAll(async () => {
  for (const one of started) await one.stop()
  sink.close()
  rmSync(folder, { recursive: true, force: true })
})

async function team(env: Record<string, string>): Promise<TeamServer> {
  const one = await startOverHttp('kit/fixtures/team.ts', {
    ...{ READY_FILE: join(folder, 'ready'), WIPED_FILE: join(folder, 'wiped'), RATE_LIMIT: '1000' },
    HTTP_TOKENS: JSON.stringify([
      { name: 'ann', token: READER, roles: ['reader'] },
      { name: 'root', token: ADMIN, roles: ['admin'] },
    ]),
    ...env,
  })
  started.push(one)
  return one
}

test('every call has a line: denied, destructive and production ones at once, the rest together', async () => {
  const texts: string[] = []
  const audit = new Audit(async text => void texts.push(text), { log: new Log('x'), most: 100, batchMs: 60_000 })
  audit.note({ n: 1 }, { atOnce: false })
  audit.note({ n: 2 }, { atOnce: false })
  expect(texts).toEqual([])
  audit.note({ n: 3 }, { atOnce: true })
  await expect.poll(() => texts.join('').match(/"n":\d/g)).toEqual(['"n":1', '"n":2', '"n":3'])
  audit.note({ n: 4 }, { atOnce: false })
  await audit.close(1_000)
  expect(texts.join('')).toContain('"n":4')

  const file = join(folder, 'audit.log')
  const one = await team({ AUDIT_TO: file })
  await one.call(READER, 'look', { environment: 'Production' })
  await one.call(READER, 'wipe_all', { password: 'hunter2-hunter2' })
  await one.call(ADMIN, 'wipe_all')
  await one.call(ADMIN, 'slow', { ms: 'wrong' })
  await one.call(null, 'look')
  await one.stop()
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(lines.map(line => [line.caller, line.tool, line.outcome])).toEqual([
    ['ann', 'look', 'ok'],
    ['ann', 'wipe_all', 'denied'],
    ['root', 'wipe_all', 'ok'],
    ['root', 'slow', 'validation_error'],
    [undefined, undefined, 'denied'],
  ])
  const hash = expect.stringMatching(/^[0-9a-f]{64}$/)
  expect(lines[0]).toMatchObject({ server: 'team', from: '127.0.0.1', roles: ['reader'], argumentsHash: hash })
  expect(JSON.stringify(lines)).not.toContain('hunter2')
  expect(new Set(lines.map(line => line.id)).size).toBe(5)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('while nothing can be written lines wait; at the bound calls are refused; then all are there, in order', async () => {
  const one = await team({
    AUDIT_TO: `http://127.0.0.1:${(sink.address() as AddressInfo).port}/lines`,
    AUDIT_MOST: '12',
  })
  isUp = false
  got = []
  for (let n = 0; n < 12; n++) expect((await one.call(n % 2 ? ADMIN : READER, 'look')).status).toBe(200)
  const refused = await one.call(ADMIN, 'wipe_all')
  expect([refused.status, refused.json.error.message]).toEqual([503, expect.stringContaining('none is run')])
  expect((await one.ask('/ready')).json).toEqual({ status: 'not ready', why: 'The audit cannot be written.' })
  expect((await one.ask('/metrics')).text).toContain('mcp_audit_waiting 12')
  for (let n = 0; n < 20; n++) expect((await one.call(null, 'look')).status).toBe(503)
  await expect.poll(one.log, { timeout: 20_000 }).toContain('the audit cannot be written; its lines wait')
  isUp = true
  await expect.poll(async () => (await one.call(ADMIN, 'look')).status, { timeout: 60_000 }).toBe(200)
  await one.stop()
  expect(got.slice(0, 12).map(line => line.caller)).toEqual(
    Array.from({ length: 12 }, (_, n) => (n % 2 ? 'root' : 'ann')),
  )
  expect(got).toHaveLength(13)
  expect(one.log()).toContain('the audit is written again')
})

test('a server that ends while nothing can be written hands its lines to its log', async () => {
  const one = await team({ AUDIT_TO: join(folder, 'no', 'such', 'folder') })
  await one.call(READER, 'look')
  expect(await one.stop()).toBe(0)
  expect(one.log()).toMatch(/"tool":"look".*"outcome":"ok"/)
})
