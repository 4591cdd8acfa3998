// AI clients from the command line, as a person has them: real files, a real hub, and the very entry that stands in the file.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { ClientEvent, Preview } from '../contract/clients.ts'
import { ClientLine } from '../contract/command-line.ts'
import { runCli } from './testing/run-cli.ts'
import { type Served, serve } from './testing/serve.ts'

const root = mkdtempSync(join(tmpdir(), 'gh-clients-'))
const home = join(root, 'home')
const shop = join(home, 'work', 'shop')
const [desktop, cursor, inShop] = [
  join(home, '.config/Claude/claude_desktop_config.json'),
  join(home, '.cursor/mcp.json'),
  join(shop, '.cursor/mcp.json'),
]
const env = { HOME: home, XDG_CONFIG_HOME: join(home, '.config'), DISPLAY: '', WAYLAND_DISPLAY: '' }
const within = { timeout: 60_000, interval: 200 }
let hub: Served

const run = (...line: string[]) => runCli(['--data', join(root, 'data'), ...line], { env })
async function json<T>(schema: z.ZodType<T>, ...line: string[]): Promise<T> {
  const { code, out, err } = await run(...line, '--json')
  if (code !== 0) throw new Error(`${line.join(' ')}: ${code} ${err}`)
  return schema.parse(JSON.parse(out))
}
const rowOf = async (id: string) => (await json(z.array(ClientLine), 'clients', 'list')).find(one => one.id === id)
const statusOf = async (id: string) => (await rowOf(id))?.status
const entryIn = (path: string) => JSON.parse(readFileSync(path, 'utf8')).mcpServers.gatehouse

interface Started {
  /** What one more request is answered with. */
  ping(): Promise<{ result?: unknown; error?: { message: string } }>
  end(): Promise<void>
}

/** Starts what the file says, as its client would: with nothing of our environment. */
async function start(path: string): Promise<Started> {
  const { command, args, env: own } = entryIn(path)
  const child = spawn(command, args, { env: { HOME: home, ...own }, stdio: ['pipe', 'pipe', 'inherit'] })
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } }
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`)
  const lines = createInterface(child.stdout)
  const [line] = await once(lines, 'line')
  expect(JSON.parse(line)).toMatchObject({ id: 1, result: { serverInfo: { name: expect.any(String) } } })
  return {
    async ping() {
      child.stdin.write('{"jsonrpc":"2.0","id":2,"method":"ping"}\n')
      const [answer] = await once(lines, 'line', { signal: AbortSignal.timeout(30_000) })
      return JSON.parse(answer)
    },
    async end() {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

beforeAll(async () => {
  mkdirSync(join(home, '.config/Claude'), { recursive: true })
  mkdirSync(join(home, '.cursor'))
  mkdirSync(shop, { recursive: true })
  hub = await serve(join(root, 'data'), ['--policy', policyFile()], env)
})
afterAll(async () => {
  await hub?.end()
  rmSync(root, { recursive: true, force: true, maxRetries: 5 })
})

function policyFile(): string {
  const path = join(root, 'policy.json')
  writeFileSync(path, '{ "rules": [] }')
  return path
}

test('every status is one that was reached: not installed, found, waiting, connected, written, drifted, dropped', async () => {
  expect(await statusOf('zed')).toBe('not-installed')
  expect(await statusOf('claude-desktop')).toBe('found')
  await run('clients', 'connect', 'claude-desktop', '--yes')
  expect(await rowOf('claude-desktop')).toMatchObject({ status: 'waiting', evidence: expect.stringMatching(/restart/) })
  const { end } = await start(desktop)
  await expect.poll(() => statusOf('claude-desktop'), within).toBe('connected')
  await end()
  await expect.poll(() => statusOf('claude-desktop'), within).toBe('written')
  expect((await rowOf('claude-desktop'))?.evidence).toMatch(/Last linked \d\d:\d\d\./)

  const bytes = readFileSync(desktop)
  const config = JSON.parse(bytes.toString())
  config.mcpServers.gatehouse.args.push('--more')
  writeFileSync(desktop, JSON.stringify(config))
  expect(await statusOf('claude-desktop')).toBe('drifted')
  writeFileSync(desktop, '{ "mcpServers": {} }')
  expect(await statusOf('claude-desktop')).toBe('dropped')
  writeFileSync(desktop, '{ "mcpServers": {\n')
  expect(await statusOf('claude-desktop')).toBe('unreadable')
  unlinkSync(desktop)
  expect(await statusOf('claude-desktop')).toBe('dropped')
  writeFileSync(desktop, bytes)
  expect(await statusOf('claude-desktop')).toBe('written')
}, 120_000)

test('in one project: connected by its own entry, disconnected, undone; the client itself is not touched', async () => {
  const here = ['cursor', '--project', shop]
  const place = `cursor@${shop}`
  expect((await json(Preview, 'clients', 'connect', ...here, '--dry-run')).path).toBe(inShop)
  expect(existsSync(inShop)).toBe(false)
  await run('clients', 'connect', ...here, '--yes')
  expect(await statusOf(place)).toBe('written')
  const { end } = await start(inShop)
  await expect.poll(() => statusOf(place), within).toBe('connected')
  expect(await statusOf('cursor')).toBe('found')
  await end()
  expect((await json(z.array(ClientEvent), 'clients', 'history', ...here)).map(one => one.what)).toEqual(['connect'])
  await run('clients', 'undo', ...here, '--yes')
  expect([existsSync(inShop), existsSync(cursor)]).toEqual([false, false])
  expect(await run('clients', 'connect', 'claude-desktop', '--project', shop, '--yes')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/no file of its own in a project/),
  })
}, 120_000)

test('a token is replaced from the command line; the old one opens nothing, and a dry run changes nothing', async () => {
  await run('clients', 'connect', 'cursor', '--yes')
  const before = readFileSync(cursor)
  const { diff } = await json(Preview, 'clients', 'replace-token', 'cursor', '--dry-run')
  expect(diff).toContain('••• (new)')
  expect(diff).not.toContain(entryIn(cursor).env.GATEHOUSE_TOKEN)
  expect(readFileSync(cursor).equals(before)).toBe(true)
  expect(await run('clients', 'replace-token', 'cursor')).toMatchObject({ code: 2 })
  expect(await run('clients', 'replace-token', 'cursor', '--yes')).toMatchObject({ code: 0 })
  const old = join(root, 'old.json')
  writeFileSync(old, before)
  await expect(start(old)).rejects.toThrow()
  await (await start(cursor)).end()
  expect(await run('clients', 'replace-token', 'zed', '--yes')).toMatchObject({ code: 1 })
}, 120_000)

test('a link that is open ends with its token, and its client is told why; those of other clients stay', async () => {
  for (const id of ['claude-desktop', 'cursor']) await run('clients', 'connect', id, '--yes')
  const [open, other] = [await start(desktop), await start(cursor)]
  for (const one of [open, other]) expect(await one.ping()).toMatchObject({ result: {} })
  await run('clients', 'replace-token', 'claude-desktop', '--yes')
  const told = { error: { message: expect.stringMatching(/was replaced/) } }
  await expect.poll(() => open.ping(), within).toMatchObject(told)
  const again = await start(desktop)
  expect([await again.ping(), await other.ping()]).toMatchObject([{ result: {} }, { result: {} }])
  await run('clients', 'disconnect', 'claude-desktop', '--yes')
  await expect.poll(() => again.ping(), within).toMatchObject(told)
  expect(await other.ping()).toMatchObject({ result: {} })
  for (const one of [open, again, other]) await one.end()
}, 120_000)

test('keep and answer say in a dry run what they would write, and change nothing', async () => {
  await run('clients', 'connect', 'cursor', '--yes')
  const Kept = z.object({ preview: Preview.nullable() })
  expect(await json(Kept, 'clients', 'keep', 'cursor', 'on', '--dry-run')).toEqual({ preview: null })
  expect((await rowOf('cursor'))?.keep).toBe(false)
  expect(await run('clients', 'answer', 'cursor', 'back', '--dry-run')).toMatchObject({ code: 1 })
  const config = JSON.parse(readFileSync(cursor, 'utf8'))
  delete config.mcpServers.gatehouse
  writeFileSync(cursor, JSON.stringify(config))
  await expect.poll(async () => (await rowOf('cursor'))?.asks?.why, within).toBe('removed')
  const gone = readFileSync(cursor)
  for (const line of [
    ['keep', 'cursor', 'on'],
    ['answer', 'cursor', 'back'],
  ]) {
    const { preview } = await json(Kept, 'clients', ...line, '--dry-run')
    expect(preview?.diff).toMatch(/^\+.*gatehouse/m)
  }
  expect(await run('clients', 'answer', 'cursor', 'out', '--dry-run')).toMatchObject({
    out: expect.stringContaining('Nothing was changed.'),
  })
  expect(readFileSync(cursor).equals(gone)).toBe(true)
  expect((await rowOf('cursor'))?.asks?.why).toBe('removed')
  await run('clients', 'answer', 'cursor', 'back')
  expect(entryIn(cursor)).toBeDefined()
}, 120_000)
