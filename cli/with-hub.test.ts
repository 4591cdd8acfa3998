// The command line against the real hub: one without a person (rules decide), one with.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { AuditHead, AuditRow, Verification } from '../contract/audit.ts'
import { ClientLine, Finding, ServerLine, ToolLine } from '../contract/command-line.ts'
import { HubStatus } from '../contract/hub.ts'
import { Approval, Decision, Policy, PolicyEffect } from '../contract/policy.ts'
import { Secret } from '../contract/secrets.ts'
import { type Ran, runCli } from './testing/run-cli.ts'
import { type Served, serve } from './testing/serve.ts'

const root = mkdtempSync(join(tmpdir(), 'gh-with-hub-'))
const home = join(root, 'home')
const env = { HOME: home, XDG_CONFIG_HOME: join(home, '.config'), DISPLAY: '', WAYLAND_DISPLAY: '' }
const require = createRequire(import.meta.url)
const everything = join(
  dirname(require.resolve('@modelcontextprotocol/server-everything/package.json')),
  'dist',
  'index.js',
)

mkdirSync(join(home, '.cursor'), { recursive: true })
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))

function on(data: string) {
  const run = (line: string[], input?: string): Promise<Ran> =>
    runCli(['--data', data, ...line], { env, ...(input === undefined ? {} : { input }) })
  const json = async <T>(schema: z.ZodType<T>, ...line: string[]): Promise<T> => {
    const { code, out, err } = await run([...line, '--json'])
    if (code !== 0) throw new Error(`${line.join(' ')}: ${code} ${err}`)
    return schema.parse(JSON.parse(out))
  }
  return { run, json }
}

describe('without a person', () => {
  const data = join(root, 'unattended')
  const { run, json } = on(data)
  let hub: Served

  beforeAll(async () => {
    const policy = join(root, 'policy.json')
    writeFileSync(
      policy,
      JSON.stringify({
        rules: [
          { effect: 'allow', tool: 'echo' },
          { effect: 'deny', tool: 'get-sum' },
        ],
      }),
    )
    hub = await serve(data, ['--policy', policy], env)
  })
  afterAll(() => hub?.end())

  test('a server is added, starts, is listed with its tools, is called, logs, stops and goes', async () => {
    const added = await run(['servers', 'add', 'every', '--env', 'A=b', '--', process.execPath, everything, 'stdio'])
    expect(added.code).toBe(0)
    expect(added.err).toContain(`${everything} stdio\n  with A=b\n`)
    const started = await run(['servers', 'start', 'every'])
    expect(started).toMatchObject({ code: 0, out: expect.stringMatching(/^every is (running|sleeping)/) })

    const servers = await json(z.array(ServerLine), 'servers', 'list')
    expect(servers).toMatchObject([{ title: 'every', state: 'running' }])
    const tools = await json(z.array(ToolLine), 'tools', 'every')
    expect(tools).toContainEqual({ server: 'every', name: 'echo', exposedAs: 'every_echo', effect: 'allow' })
    expect(servers[0]?.tools).toBe(tools.length)

    const called = await run(['call', 'every', 'echo', '--args', '{"message":"\\u202e hi"}'])
    expect(called.code).toBe(0)
    expect(called.out).not.toContain('\u202e')
    expect(JSON.parse(called.out)).toMatchObject({
      content: [{ type: 'text', text: expect.stringContaining('\u202e hi') }],
    })
    const denied = await run(['call', 'every', 'get-sum', '--args', '{"a":1,"b":2}'])
    expect(denied).toMatchObject({ code: 1, err: expect.stringMatching(/^gatehouse: .*\n$/) })
    expect(JSON.parse(denied.out)).toMatchObject({ isError: true })

    const rows = await json(z.array(AuditRow), 'audit', 'list', '--tool', 'echo')
    expect(rows.map(row => row.event?.kind)).toContain('call')
    const sum = await json(z.array(AuditRow), 'audit', 'list', '--tool', 'get-sum')
    const { seq } = sum.find(row => row.event?.what === 'call/denied')!
    const why = await json(AuditRow, 'policy', 'explain', '--row', String(seq))
    expect(why.event?.decision).toMatchObject({ effect: 'deny', ruleText: 'Deny get-sum' })
    const words = (await run(['policy', 'explain', '--row', String(seq)])).out
    expect(words).toMatch(/^deny \(risk: \w+\), decided by \S+\n- Rule \S+ denies get-sum\.\n/)
    expect(words).toMatch(/Rule \S+ then said: Deny get-sum\n/)
    expect(await json(Decision, 'policy', 'explain', 'every', 'get-sum')).toMatchObject({ effect: 'deny' })
    expect((await run(['policy', 'explain', 'every', 'echo'])).out).toMatch(/^allow .*\n- Rule \S+ allows echo\./)
    expect((await run(['servers', 'logs', 'every'])).code).toBe(0)
    expect(await run(['servers', 'stop', 'every'])).toMatchObject({ code: 0, out: 'every is stopped.\n' })
    expect(await run(['servers', 'remove', 'every'])).toMatchObject({ code: 0 })
    expect(await json(z.array(ServerLine), 'servers', 'list')).toEqual([])
  })

  test('logs --follow goes on until it is ended, also when the hub is killed and another one starts', async () => {
    const script =
      'process.stdin.on("end", process.exit).resume(); process.stderr.write("first\\u001b[31m\\n"); let n = 0; setInterval(() => process.stderr.write(`more ${process.pid} ${++n}\\n`), 100)'
    await run(['servers', 'add', 'noisy', '--', process.execPath, '-e', script])
    void run(['servers', 'start', 'noisy'])
    const main = join(import.meta.dirname, 'main.ts')
    const child = spawn(process.execPath, [main, 'servers', 'logs', 'noisy', '--follow', '--data', data])
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
    })
    const said = () => [...out.matchAll(/more (\d+) (\d+)/g)].map(([, pid, n]) => `${pid} ${n}`)
    const runs = () => new Set(said().map(line => line.split(' ')[0])).size
    await expect.poll(() => said().length, { timeout: 20_000 }).toBeGreaterThan(3)
    hub.child.kill('SIGKILL')
    await expect.poll(() => err, { timeout: 20_000 }).toContain('The hub ended. Waiting for the next one')
    hub = await serve(data, ['--policy', join(root, 'policy.json')], env)
    void run(['servers', 'start', 'noisy'])
    await expect.poll(runs, { timeout: 20_000 }).toBe(2)
    child.kill('SIGTERM')
    await once(child, 'close')
    expect(new Set(said()).size).toBe(said().length)
    expect(out).not.toContain('\u001b')
    await run(['servers', 'remove', 'noisy', '--yes'])
  })

  test('doctor names the cause that was found when a server fell', async () => {
    const script = 'process.stderr.write("Error: connect ECONNREFUSED 127.0.0.1:5432\\n"); process.exit(3)'
    await run(['servers', 'add', 'falls', '--', process.execPath, '-e', script])
    await run(['servers', 'start', 'falls'])
    // Between two falls it is being started anew, which is no finding.
    const finding = async () => (await json(z.array(Finding), 'doctor')).find(one => one.id === 'server falls')
    await expect.poll(finding).toEqual({
      id: 'server falls',
      level: 'warn',
      what: 'falls ended with exit code 3 before it answered.',
      fix: expect.stringContaining('connection refused'),
    })
    await run(['servers', 'remove', 'falls', '--yes'])
  })
})

describe('with a person', () => {
  const data = join(root, 'person')
  const { run, json } = on(data)
  let hub: Served

  beforeAll(async () => {
    hub = await serve(data, [], env)
  })
  afterAll(() => hub?.end())

  test('status tells the pid and the folder', async () => {
    const status = await json(HubStatus, 'status')
    expect(status).toMatchObject({ pid: hub.pid, dataFolder: data, mode: 'person', links: [] })
    expect((await run(['status'])).out).toContain(`(pid ${hub.pid})`)
  })

  test('a second serve on the same folder says so and ends with 1', async () => {
    const { code, out, err } = await run(['serve'])
    expect({ code, out, err }).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/^gatehouse: A hub is already running.*\n$/),
    })
  })

  test('an added server waits for the window, --yes or not, and cannot be started from here', async () => {
    const added = await run(['servers', 'add', 'evil', '--yes', '--', 'touch', join(root, 'ran')])
    expect(added).toMatchObject({ code: 0, out: expect.stringContaining('waits for your agreement in the window') })
    expect(await run(['servers', 'start', 'evil'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('gatehouse open'),
    })
    expect(await run(['servers', 'restart', 'evil'])).toMatchObject({ code: 1 })
    expect(await run(['call', 'evil', 'x'])).toMatchObject({ code: 1 })
    expect(existsSync(join(root, 'ran'))).toBe(false)
    expect(await json(z.array(ServerLine), 'servers', 'list')).toMatchObject([
      { title: 'evil', state: 'waiting', because: expect.any(String) },
    ])
    const block = '{"mcpServers":{"other":{"command":"node","trust":true}}}'
    const imported = await run(['servers', 'import', '-'], block)
    expect(imported).toMatchObject({
      code: 0,
      out: expect.stringMatching(/other: node\n.*waits[\s\S]*Left out: .*trust/),
    })
    expect(await run(['servers', 'import', join(root, 'none.json')])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/Cannot read .*ENOENT/),
    })
  })

  test('what is not known is named, with what is', async () => {
    expect(await run(['servers', 'stop', 'frob'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no server .frob/),
    })
    expect(await run(['tools', 'frob'])).toMatchObject({ code: 1 })
    expect(await run(['policy', 'explain', 'frob', 'x'])).toMatchObject({ code: 1 })
  })

  test('policy and approvals can be read', async () => {
    expect(await json(Policy, 'policy', 'list')).toMatchObject({ readOnly: false })
    expect(
      await json(Decision, 'policy', 'explain', 'evil', 'delete_all', '--args', '{"n":9007199254740993}'),
    ).toMatchObject({ effect: 'ask' })
    expect(await json(z.array(Approval), 'approvals', 'list')).toEqual([])
    expect((await run(['approvals', 'list'])).out).toBe('No call waits.\n')
  })

  test('the policy is tightened at once, loosened in the window only, and a rule shows its effect first', async () => {
    const effect = await json(PolicyEffect, 'policy', 'add', 'deny', '--tool', 'delete_*', '--dry-run')
    expect(effect).toMatchObject({ denied: 0, isCut: false })
    expect((await json(Policy, 'policy', 'list')).rules).toEqual([])
    const say = async (...line: string[]) => (await run(['policy', ...line])).out.trim()
    const waits = 'This loosens the policy, so it waits for you in the window, under Approvals.'
    const added = ['add', 'deny', '--server', 'evil', '--tool', 'delete_*', '--where', 'n=1', '--where', 'ns=prod*']
    expect(await say(...added)).toBe('In force.')
    const [rule] = (await json(Policy, 'policy', 'list')).rules
    expect(rule).toMatchObject({
      arguments: [
        { path: 'n', equals: 1 },
        { path: 'ns', glob: 'prod*' },
      ],
    })
    expect(await say('protect', 'namespaces', 'payments')).toBe('In force.')
    expect(await say('folder', '/work')).toBe('In force.')
    expect(await say('limit', '30', '--tool', 'delete_*')).toBe('In force.')
    for (const line of [
      ['add', 'allow'],
      ['remove', rule!.id],
      ['preset', 'balanced'],
      ['protect', 'branches', 'main', '--off'],
      ['folder', '/work', '--off'],
      ['limit', 'none', '--tool', 'delete_*'],
    ])
      expect([line, await say(...line)]).toEqual([line, waits])
    const now = await json(Policy, 'policy', 'list')
    expect(now).toMatchObject({ preset: 'careful', folders: ['/work'] })
    expect(now.protected.branches).toContain('main')
    expect(now.protected.namespaces).toContain('payments')
    expect(await run(['policy', 'preset', 'loose'])).toMatchObject({ code: 2 })
    expect(await run(['policy', 'explain', '--row', '1'])).toMatchObject({ code: 1 })
  })

  test('a client is previewed, connected, disconnected; undo gives the same bytes back', async () => {
    const path = join(home, '.cursor', 'mcp.json')
    const bytes = '{\n\t"mcpServers" : { "mine": {"command":"x"} }\n}'
    writeFileSync(path, bytes)
    const preview = await run(['clients', 'preview', 'cursor'])
    expect(preview.out).toContain('+')
    expect(readFileSync(path, 'utf8')).toBe(bytes)
    expect(await run(['clients', 'connect', 'cursor'])).toMatchObject({ code: 2 })
    const dry = async (action: string) => {
      const before = readFileSync(path, 'utf8')
      const told = await run(['clients', action, 'cursor', '--dry-run'])
      const { diff } = await json(z.object({ diff: z.string() }), 'clients', action, 'cursor', '--dry-run')
      expect(readFileSync(path, 'utf8')).toBe(before)
      expect(told).toMatchObject({ code: 0, out: expect.stringContaining(diff.trimEnd()) })
      return diff.split('\n').flatMap(line => (/^[+-](?![+-])/.test(line) ? [line] : []))
    }
    expect(await run(['clients', 'undo', 'cursor', '--dry-run'])).toMatchObject({ code: 1 })
    const added = await dry('connect')
    expect(await run(['clients', 'connect', 'cursor', '--yes'])).toMatchObject({ code: 0 })
    expect(readFileSync(path, 'utf8')).toContain('"connect", "--client", "cursor"')
    const flipped = added.map(line => (line.startsWith('+') ? '-' : '+') + line.slice(1)).sort()
    for (const action of ['undo', 'disconnect']) expect((await dry(action)).sort()).toEqual(flipped)
    expect((await json(z.array(ClientLine), 'clients', 'list')).find(one => one.id === 'cursor')?.status).toBe(
      'written',
    )
    expect(await run(['clients', 'undo', 'cursor', '--yes'])).toMatchObject({ code: 0 })
    expect(readFileSync(path, 'utf8')).toBe(bytes)
    expect(await run(['clients', 'disconnect', 'cursor', '--yes'])).toMatchObject({ code: expect.any(Number) })
    expect(readFileSync(path, 'utf8')).toBe(bytes)
  })

  test('a secret goes in by stdin and never comes out; without a keychain it is refused with a reason', async () => {
    const { vault } = await json(HubStatus, 'status')
    const set = await run(['secrets', 'set', 'TOKEN'], 's3cr3t-value-0123456789\n')
    const list = await run(['secrets', 'list', '--json'])
    z.array(Secret).parse(JSON.parse(list.out))
    expect(set.out + set.err + list.out).not.toContain('s3cr3t')
    if (vault.kind !== 'open') return expect(set).toMatchObject({ code: 1, err: expect.stringMatching(/keychain/i) })
    expect(set.code).toBe(0)
    expect(await run(['secrets', 'set', 'TOKEN'], 'another')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/set already/),
    })
    expect(await run(['secrets', 'remove', 'TOKEN'])).toMatchObject({ code: 0 })
  })

  test('an empty secret is refused', async () => {
    expect(await run(['secrets', 'set', 'EMPTY'], '\n')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/is empty/),
    })
  })

  test('the audit log is listed, verified, exported; its head is the newest row', async () => {
    const rows = await json(z.array(AuditRow), 'audit', 'list', '--limit', '5')
    expect(rows.length).toBeGreaterThan(2)
    expect(await json(Verification, 'audit', 'verify')).toMatchObject({ intact: true, problems: [] })
    const head = await json(AuditHead, 'audit', 'head')
    const csv = await run(['audit', 'export', '--format', 'csv'])
    expect(csv.out.trim().split('\n').at(-1)).toContain(head.hash)
    expect(csv.out.trim().split('\n')).toHaveLength(head.seq + 1)
  })

  test('open --print makes a link that needs no browser; without a display it is printed anyway', async () => {
    const printed = await run(['open', '--print'])
    expect(printed).toMatchObject({ code: 0, out: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#pair=\S+\n$/) })
    expect(await run(['open'])).toMatchObject({ code: 0, out: expect.stringContaining('#pair=') })
  })

  test('the hub’s socket and hub.json are private, and a wrong token gets no answer but a reason', async () => {
    const path = join(data, 'hub.json')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const file = readFileSync(path, 'utf8')
    writeFileSync(path, JSON.stringify({ ...JSON.parse(file), token: 'wrong' }))
    const { code, err } = await run(['status'])
    writeFileSync(path, file)
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^gatehouse: The token is not this hub.*\n$/) })
  })

  test('--timeout ends a call that takes longer', async () => {
    const { code, err } = await run(['status', '--timeout', '0.001'])
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/no answer within 0\.001 s/) })
  })

  test('stop ends it in order, serve ends with 0', async () => {
    expect(await run(['stop'])).toMatchObject({ code: 0, out: 'The hub has stopped.\n' })
    expect(existsSync(join(data, 'hub.json'))).toBe(false)
    if (hub.child.exitCode === null) await once(hub.child, 'exit')
    expect(hub.child.exitCode).toBe(0)
    expect(await run(['status'])).toMatchObject({ code: 1 })
  })
})

describe('who ends whom', () => {
  test('serve and its hub end when their parent goes, as npm does without passing signals on', async () => {
    const data = join(root, 'orphan')
    const main = join(import.meta.dirname, 'main.ts')
    const shell = spawn('sh', ['-c', `"${process.execPath}" "${main}" serve --data "${data}"; true`], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(shell.stdout.setEncoding('utf8'), 'data')
    const { pid } = JSON.parse(line)
    shell.kill('SIGKILL')
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false)
    expect(existsSync(join(data, 'hub.json'))).toBe(false)
  })

  test('serve killed with SIGKILL takes the hub with it; the bridge starts another one and goes on', async () => {
    const data = join(root, 'bridge')
    const hub = await serve(data, [], env)
    const main = join(import.meta.dirname, 'main.ts')
    const bridge = spawn(process.execPath, [main, 'connect', '--data', data], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const answers: Record<string, unknown>[] = []
    let rest = ''
    bridge.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      answers.push(...lines.map(line => JSON.parse(line)))
    })
    const ask = async (id: number, method: string, params: object) => {
      bridge.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
      await expect.poll(() => answers.find(one => one.id === id), { timeout: 40_000 }).toBeDefined()
      return answers.find(one => one.id === id)
    }
    const clientInfo = { name: 'test', version: '1' }
    const hello = await ask(0, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo })
    expect(hello).toMatchObject({ result: { serverInfo: {} } })
    bridge.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
    expect(await ask(1, 'tools/list', {})).toMatchObject({ result: { tools: expect.any(Array) } })

    hub.child.kill('SIGKILL')
    await expect.poll(() => isAlive(hub.pid), { timeout: 15_000 }).toBe(false)
    expect(await ask(2, 'tools/list', {})).toMatchObject({ result: { tools: expect.any(Array) } })
    expect(answers.filter(one => one.id === 0)).toHaveLength(1)

    bridge.stdin.end()
    expect((await once(bridge, 'exit'))[0]).toBe(0)
    expect(await on(data).run(['stop'])).toMatchObject({ code: 0 })
  }, 120_000)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
