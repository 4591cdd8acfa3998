// Numbers for Prometheus from a whole hub: asked for on the command line, allowed in the window, counted from real calls.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectHub, type HubConnection } from '../cli/hub-connection.ts'
import { runCli } from '../cli/testing/run-cli.ts'
import { type Hub, openHub } from '../hub/hub.ts'
import { readExposition, valueIn } from '../hub/metrics/test-exposition.ts'
import { openWindow, type WindowClient } from './window-client.ts'

const EVERYTHING = new URL(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js')).pathname
const folder = mkdtempSync(join(tmpdir(), 'gh-numbers-'))
const data = join(folder, 'data')
let hub: Hub
let cli: HubConnection
let window: WindowClient
let port: number

beforeAll(async () => {
  const policy = join(folder, 'rules.json')
  writeFileSync(
    policy,
    JSON.stringify({
      rules: [
        { effect: 'allow', tool: 'echo' },
        { effect: 'deny', tool: 'get-sum' },
        { effect: 'ask', tool: 'get-env' },
      ],
    }),
  )
  hub = await openHub({ data, policy })
  window = await openWindow(await hub.newLink(), { pin: '4711' })
  cli = (await connectHub(data))!
  port = await freePort()
  await window.call.servers.add({
    name: 'every',
    launch: { command: process.execPath, args: [EVERYTHING, 'stdio'], env: {}, headers: {} },
  })
})
afterAll(async () => {
  window?.close()
  cli?.close()
  await hub?.close()
})

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise(resolve =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    }),
  )
}

const run = (...line: string[]) => runCli(['--data', data, ...line], {})

async function scrape() {
  const { url, tokenFile } = await window.call.metrics.status()
  const headers = { authorization: `Bearer ${readFileSync(tokenFile!, 'utf8').trim()}` }
  return readExposition(await (await fetch(url!, { headers })).text())
}

test('the command line may ask for them, and only a window lets them on', async () => {
  expect((await run('metrics', 'status')).out).toContain('Metrics are off.')
  const asked = await run('metrics', 'on', '--port', String(port), '--json')
  expect(JSON.parse(asked.out)).toMatchObject({ applied: false })
  expect(await window.call.metrics.status()).toMatchObject({ on: false, url: null })
  const [proposal] = await window.call.proposals.list()
  expect(proposal).toMatchObject({
    from: 'cli',
    what: 'Give numbers to Prometheus',
    before: 'no',
    after: `yes, on port ${port} of this machine`,
  })
  await window.call.proposals.accept({ id: proposal!.id })
  const { out } = await run('metrics', 'status')
  expect(out).toContain(`http://127.0.0.1:${port}/metrics`)
  expect(out).toContain('credentials_file:')
  expect((await run('metrics', 'on', '--port', 'x')).code).toBe(2)
})

test('real calls, a refused one and a failed one are in the numbers', async () => {
  const call = (tool: string, args: object) =>
    cli.call.calls.call({ server: 'every', tool, arguments: JSON.stringify(args) })
  await call('echo', { message: 'a' })
  await call('echo', { message: 'b' })
  await call('echo', { wrong: true })
  await call('get-sum', { a: 1, b: 2 })
  const found = await scrape()
  const of = { server: 'every', client: 'cli' }
  expect(valueIn(found, 'mcp_tool_calls_total', { ...of, tool: 'echo', decision: 'allowed' })).toBe(3)
  expect(valueIn(found, 'mcp_tool_calls_total', { ...of, tool: 'get-sum', decision: 'denied' })).toBe(1)
  expect(valueIn(found, 'mcp_tool_duration_seconds_count', { server: 'every', tool: 'echo' })).toBe(3)
  const errors = found.samples.filter(one => one.name === 'mcp_tool_errors_total')
  expect(errors.reduce((sum, one) => sum + one.value, 0)).toBe(1)
  expect(valueIn(found, 'gatehouse_server_state', { server: 'every', state: 'running' })).toBe(1)
  expect(valueIn(found, 'gatehouse_audit_writable')).toBe(1)
  expect(valueIn(found, 'gatehouse_info', { mode: 'unattended' })).toBe(1)
})

test('a question to a person is in them while it waits, and how it ended', async () => {
  const asked = cli.call.calls.call({ server: 'every', tool: 'get-env', arguments: '{}' })
  const waiting = async () => (await window.call.approvals.list()).find(one => one.state.kind === 'waiting')
  await expect.poll(waiting, { timeout: 30_000 }).toBeDefined()
  const before = await scrape()
  expect(valueIn(before, 'gatehouse_approvals_waiting')).toBe(1)
  expect(valueIn(before, 'gatehouse_approvals_asked_total')).toBe(1)
  await window.call.approvals.answer({ id: (await waiting())!.id, answer: { kind: 'deny' } })
  await asked
  const after = await scrape()
  expect(valueIn(after, 'gatehouse_approvals_waiting')).toBe(0)
  expect(valueIn(after, 'gatehouse_approvals_ended_total', { outcome: 'denied' })).toBe(1)
  expect(valueIn(after, 'mcp_tool_calls_total', { tool: 'get-env', decision: 'denied-by-person' })).toBe(1)
})

test('turning them off works at once from the command line', async () => {
  const { url } = await window.call.metrics.status()
  expect((await run('metrics', 'off')).out).toContain('Metrics are off.')
  await expect(fetch(url!)).rejects.toThrow()
  const rows = await window.call.audit.list({ kinds: ['policy'], limit: 10 })
  expect(rows.map(row => row.event?.detail)).toContainEqual(
    expect.stringMatching(/^Give numbers to Prometheus: yes, on port \d+ of this machine → no$/),
  )
})
