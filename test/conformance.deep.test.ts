import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startUnattended, type Unattended } from './unattended.ts'

// The referee of the protocol itself, in front of a real hub's HTTP gateway, behind which a server of both eras runs.

const require = createRequire(import.meta.url)
const referee = join(require.resolve('@modelcontextprotocol/conformance/package.json'), '..', 'dist/index.js')
const fixture = join(import.meta.dirname, 'fixtures/conformance-server.mjs')

let started: Unattended
let front: Server
let port: number

beforeAll(async () => {
  started = await startUnattended({ fixture: [fixture] })
  const { call } = started.window
  await call.clients.setHttpPort({ port: await freePort() })
  const { entry } = await call.clients.addOther({ name: 'referee', transport: 'http' })
  const { url, headers } = JSON.parse(entry).mcpServers.gatehouse as { url: string; headers: { Authorization: string } }
  const status = await call.hub.status()
  expect(status.http).toMatchObject({ url, problem: null })
  // The referee knows of no tokens. Everything else it sends goes on as it is.
  front = createServer((from, to) => {
    const path = '/mcp/s/fixture'
    const onward = request({
      host: '127.0.0.1',
      port: new URL(url).port,
      path,
      method: from.method,
      headers: { ...from.headers, authorization: headers.Authorization },
    })
    onward.on('response', answer => {
      to.writeHead(answer.statusCode!, answer.headers)
      to.flushHeaders()
      answer.pipe(to)
    })
    onward.on('error', () => to.destroy())
    to.on('close', () => onward.destroy())
    from.pipe(onward)
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => front.once('listening', resolve))
  port = (front.address() as AddressInfo).port
}, 120_000)

afterAll(async () => {
  front?.closeAllConnections()
  front?.close()
  await started?.close()
})

/** The referee's own server cannot pass these yet, so they do not count; ours do. */
const UNSCORED: Record<string, string[]> = {
  '2026-07-28': ['http-header-validation', 'http-custom-header-server-validation', 'json-schema-2020-12'],
  '2025-11-25': [],
}

test.each([
  ['2026-07-28', 37],
  ['2025-11-25', 30],
])('all scored server scenarios of %s pass: %i', { timeout: 180_000 }, async (revision, count) => {
  const out = mkdtempSync(join(tmpdir(), 'gatehouse-conformance-'))
  try {
    const said = await run(revision, out)
    const results = resultsIn(out)
    const verdicts = scored(revision).map(name => [name, results.get(name) ?? 'did not run'])
    expect(
      verdicts.filter(([, verdict]) => verdict !== 'passed'),
      said.slice(-3_000),
    ).toEqual([])
    expect(verdicts).toHaveLength(count)
    const beyond = UNSCORED[revision]!.map(name => [name, results.get(name) ?? 'did not run'])
    expect(beyond.filter(([, verdict]) => verdict !== 'passed')).toEqual([])
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
})

function run(revision: string, out: string): Promise<string> {
  const args = [referee, 'server', '--url', `http://localhost:${port}/mcp`, '--requirements', revision, '-o', out]
  return new Promise(resolve => {
    execFile(process.execPath, args, { timeout: 150_000, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    )
  })
}

/** The server scenarios that count for a revision, as the suite itself lists them. */
function scored(revision: string): string[] {
  const list = readFileSync(join(referee, '../../requirements', `${revision}.yaml`), 'utf8')
  const server = /^server:\n((?:\s+- .*\n|\s*#.*\n|\s*\n)+)/m.exec(list)?.[1] ?? ''
  return [...server.matchAll(/^\s+- ([\w-]+)/gm)].map(match => match[1]!)
}

/** By scenario: `passed`, or what was found wrong. A scenario without a check that passed did not really run. */
function resultsIn(out: string): Map<string, unknown> {
  return new Map(
    readdirSync(out).map(folder => {
      const checks = JSON.parse(readFileSync(join(out, folder, 'checks.json'), 'utf8')) as {
        id: string
        status: string
        errorMessage?: string
      }[]
      const failed = checks.filter(check => check.status === 'FAILURE')
      const ran = checks.some(check => check.status === 'SUCCESS')
      const words = failed.map(check => `${check.id}: ${check.errorMessage}`)
      const name = folder.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '')
      return [name, failed.length > 0 ? words : ran ? 'passed' : 'nothing was checked']
    }),
  )
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => probe.once('listening', resolve))
  const { port: free } = probe.address() as AddressInfo
  await new Promise(resolve => probe.close(resolve))
  return free
}
