// Every bundled server over HTTP, without credentials or backend: it starts, lists its tools, and says how it is.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readExposition } from '../hub/metrics/test-exposition.ts'
import { bundledServers } from '../hub/registry/bundled.ts'
import { spawnServer, startOverHttp, type TeamServer } from '../servers/kit/test-http.ts'
import { root } from './harness.ts'

const TOKEN = 'team-0123456789abcdef0123'
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-team-'))
const env = {
  HTTP_TOKENS: JSON.stringify([{ name: 'ann', token: TOKEN, roles: ['admin'] }]),
  HOME: folder,
  XDG_STATE_HOME: folder,
}
let metrics = ''

beforeAll(() => writeFileSync(join(folder, 'note.txt'), 'one'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function clientOf(server: TeamServer): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
  const requestInit = { headers: { authorization: `Bearer ${TOKEN}` } }
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${server.port}/mcp`), { requestInit }),
  )
  return client
}

test.each(bundledServers)('%s: tools, health, readiness and numbers over HTTP', async name => {
  const server = await startOverHttp(`${name}/main.ts`, env, name === 'files' ? [folder] : [])
  const client = await clientOf(server)
  try {
    const { tools } = await client.listTools()
    expect(tools.length).toBeGreaterThan(0)
    expect(tools.filter(tool => !tool.title || !tool.outputSchema || !tool.annotations)).toEqual([])
    const health = await server.ask('/health')
    expect([health.status, health.json]).toEqual([
      200,
      { status: 'ok', version: expect.any(String), uptime: expect.any(Number) },
    ])
    const ready = await server.ask('/ready')
    expect([name, ready.status, ready.json]).toEqual([
      name,
      ready.status === 200 ? 200 : 503,
      ready.status === 200 ? { status: 'ready' } : { status: 'not ready', why: expect.any(String) },
    ])
    metrics = (await server.ask('/metrics')).text
    expect(metrics).toContain(`mcp_server_info{name="${name}",version="${health.json.version}"} 1`)
    expect((await server.rpc(null, 'tools/list')).status).toBe(401)
  } finally {
    await client.close()
    expect(await server.stop()).toBe(0)
  }
})

test('a file that is watched over HTTP: its client hears of each change', async () => {
  const server = await startOverHttp('files/main.ts', env, [folder])
  const client = await clientOf(server)
  const uri = `file://${join(folder, 'note.txt')}`
  const heard: string[] = []
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => void heard.push(params.uri))
  const subscription = await client.listen({ resourceSubscriptions: [uri, 'file:///etc/passwd'] })
  expect(subscription.honoredFilter.resourceSubscriptions).toEqual([uri])
  await expect
    .poll(
      () => {
        writeFileSync(join(folder, 'note.txt'), `two ${Math.random()}`)
        return heard
      },
      { timeout: 60_000, interval: 500 },
    )
    .toContain(uri)
  await client.close()
  // The stream of news does not keep it from ending.
  expect(await server.stop()).toBe(0)
  expect(server.log()).not.toContain('cut off')
})

test('what a server keeps to itself is said, and beside others it does not start with that', async () => {
  const said = async (name: string, args: string[] = []) => {
    const child = spawnServer(`${name}/main.ts`, ['--http', ':0', ...args], { ...env, HTTP_REPLICAS: '3' })
    let words = ''
    child.stderr!.on('data', chunk => (words += chunk))
    const [code] = await once(child, 'close')
    return [name, code, /HTTP_REPLICAS is 3, but (.*)/.exec(words)?.[1]]
  }
  const alone = [said('deployments'), said('files', [folder, '--allow-writing']), said('knowledge')]
  expect(await Promise.all([...alone, said('payments'), said('postgres')])).toEqual([
    ['deployments', 2, expect.stringMatching(/Set STATE_URL\.$/)],
    ['files', 2, expect.stringMatching(/Set FILES_TRASH to a folder of all\.$/)],
    ['knowledge', 2, expect.stringMatching(/Set it to 1; or set PINECONE_API_KEY and STATE_URL\.$/)],
    ['payments', 2, expect.stringMatching(/Set STATE_URL\.$/)],
    ['postgres', 2, expect.stringMatching(/Set DATABASE_URL\.$/)],
  ])
  const together = { ...env, HTTP_REPLICAS: '3', STATE_URL: 'redis://127.0.0.1:1' }
  const one = await startOverHttp('payments/main.ts', together)
  expect(await one.stop()).toBe(0)
  const here = await startOverHttp('postgres/main.ts', env)
  expect(here.log()).toContain('"why":"the embedded database is in each alone. Set DATABASE_URL."')
  expect(await here.stop()).toBe(0)
})

const place = join(root, 'build', 'observability')
interface Rule {
  alert?: string
  record?: string
  expr: string
  labels?: { severity: string }
  annotations?: { summary: string; description: string }
}

test('the rules and the dashboard ask only for what servers give', () => {
  const { groups } = parse(readFileSync(join(place, 'server-alerts.yml'), 'utf8')) as { groups: { rules: Rule[] }[] }
  const rules = groups.flatMap(group => group.rules)
  const dashboard = JSON.parse(readFileSync(join(place, 'server-dashboard.json'), 'utf8')) as {
    panels: { title: string; description: string; targets: { expr: string }[] }[]
  }
  const given = readExposition(metrics)
  const known = new Set([...given.types.keys()].flatMap(name => [name, `${name}_bucket`]).concat('up'))
  const asked = [...rules.map(rule => rule.expr), ...dashboard.panels.flatMap(one => one.targets.map(t => t.expr))]
  const named = asked.flatMap(query => query.match(/\b(?:mcp|process)_[a-z_]+/g) ?? [])
  expect(new Set(named).size).toBeGreaterThan(6)
  expect(named.filter(name => !known.has(name))).toEqual([])
  for (const rule of rules.filter(rule => rule.alert)) {
    expect(['critical', 'warning', 'info']).toContain(rule.labels?.severity)
    expect(rule.annotations).toEqual({ summary: expect.any(String), description: expect.any(String) })
  }
  expect(dashboard.panels.filter(one => !one.title || !one.description || one.targets.length === 0)).toEqual([])
})

const promtool = ['/usr/bin/promtool', '/usr/local/bin/promtool'].find(existsSync)

// Where it is installed, it has the last word.
if (promtool)
  test('promtool takes the rules, and they warn of what they are for alone', () => {
    execFileSync(promtool, ['check', 'rules', join(place, 'server-alerts.yml')])
    execFileSync(promtool, ['test', 'rules', join(place, 'server-alerts.test.yml')])
  })
