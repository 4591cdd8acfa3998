import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask } from './ask.ts'
import { definitionOf, exists, openStage, type Stage, until } from './test-stage.ts'

let stage: Stage

beforeEach(async () => {
  stage = await openStage()
})
afterEach(() => stage.close())

const call = (upstream: Parameters<typeof ask>[0], args: object) =>
  ask(upstream, 'tools/call', { name: 'act', arguments: args }).then(text => JSON.parse(text))

test('a server comes up, is listed whole and raw, and is running only then', async () => {
  stage.supervisor.begin()
  const id = stage.add('normal')
  const seen: string[] = []
  stage.announcer.on('servers/changed', () => seen.push(stage.supervisor.state(id).kind))
  expect(stage.supervisor.state(id).kind).toBe('starting')
  const state = await stage.supervisor.start(id)
  expect(state).toMatchObject({ kind: 'running', tools: 2 })
  const listing = stage.supervisor.listing(id)!
  expect(listing.tools[0]).toContain('"x-unknown":9007199254740993')
  expect([listing.prompts, listing.resources, listing.resourceTemplates].map(list => list.length)).toEqual([1, 1, 0])
  expect(JSON.parse(listing.initialize)['x-kept']).toEqual({ n: 1 })
  expect(seen).toEqual(['starting', 'running'])
  expect(stage.supervisor.details(id)).toMatchObject({
    protocolVersion: '2025-11-25',
    serverInfo: { name: 'fixture' },
    restarts: 0,
  })
  await stage.supervisor.stop(id)
  expect(stage.events.map(event => event.what)).toEqual(['server/started', 'server/stopped'])
})

test('a lazy server that was listed before sleeps until a call, and its tools are known meanwhile', async () => {
  stage.supervisor.begin()
  const id = stage.add('normal')
  await stage.supervisor.start(id)
  await stage.supervisor.close()
  const again = await openStage({}, stage.folder)
  again.definitions.set(id, stage.definitions.get(id)!)
  again.supervisor.begin()
  expect(again.supervisor.state(id).kind).toBe('sleeping')
  expect(again.supervisor.listing(id)?.tools).toHaveLength(2)
  const upstream = await again.supervisor.awake(id)
  expect(await call(upstream, { do: 'pid' })).toEqual({ pid: again.supervisor.details(id).pid })
  expect(again.announced).toEqual([])
  await again.supervisor.close()
})

test('an idle lazy server goes to sleep and wakes for the next call', async () => {
  stage.supervisor.begin()
  const id = stage.add('normal', { idleStopMinutes: 0.3 / 60 })
  const { pid } = await call(await stage.supervisor.awake(id), { do: 'pid' })
  await until(
    () => stage.supervisor.state(id).kind,
    kind => kind === 'sleeping',
  )
  expect(exists(pid)).toBe(false)
  expect((await call(await stage.supervisor.awake(id), { do: 'pid' })).pid).not.toBe(pid)
})

test('a server whose start takes longer than it may idle does not fall asleep before the call that woke it', async () => {
  stage.supervisor.begin()
  const { args } = definitionOf('slow').launch
  const launch = { command: process.execPath, args, env: { SLOW_MS: '1200' }, headers: {} }
  const id = stage.add('slow', { launch, idleStopMinutes: 0.6 / 60 })
  const upstream = await stage.supervisor.awake(id)
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(await ask(upstream, 'ping', {})).toBe('{}')
})

test('a server whose resources somebody watches stays up, and sleeps once nobody does', async () => {
  stage.supervisor.begin()
  const id = stage.add('watched', { idleStopMinutes: 0.2 / 60 })
  const upstream = await stage.supervisor.awake(id)
  const { pid } = stage.supervisor.details(id)
  await ask(upstream, 'resources/subscribe', { uri: 'note://one' })
  await ask(upstream, 'resources/subscribe', { uri: 'note://no' }).catch(() => {})
  await new Promise(resolve => setTimeout(resolve, 1_000))
  expect(stage.supervisor.details(id).pid).toBe(pid)
  await ask(upstream, 'resources/unsubscribe', { uri: 'note://one' })
  await until(
    () => stage.supervisor.state(id).kind,
    kind => kind === 'sleeping',
  )
})

test('how long a server idles, and whether it starts by itself, may change while it runs', async () => {
  stage.supervisor.begin()
  const id = stage.add('normal', { idleStopMinutes: 0.2 / 60 })
  await stage.supervisor.start(id)
  await until(
    () => stage.supervisor.state(id).kind,
    kind => kind === 'sleeping',
  )
  stage.add('normal', { idleStopMinutes: 0.2 / 60, startup: 'eager' })
  const state = await until(
    () => stage.supervisor.state(id),
    one => one.kind === 'running',
  )
  await new Promise(resolve => setTimeout(resolve, 1_000))
  expect(stage.supervisor.state(id)).toEqual(state)
  // 0: it never sleeps.
  stage.add('normal', { idleStopMinutes: 0 })
  await new Promise(resolve => setTimeout(resolve, 1_000))
  expect(stage.supervisor.state(id)).toEqual(state)
})

test('a server that exits at once is tried five times and then left alone, with the reason', async () => {
  stage.supervisor.begin()
  const id = stage.add('exits-at-once')
  const state = await until(
    () => stage.supervisor.state(id),
    one => one.kind === 'crash-looping',
  )
  expect(state).toMatchObject({
    starts: 5,
    because: {
      what: 'exits-at-once ended with exit code 3 before it answered.',
      exitCode: 3,
      signal: null,
      hint: expect.stringContaining('port'),
    },
  })
  expect((state as { because: { stderr: string[] } }).because.stderr.at(-1)).toContain('EADDRINUSE')
  await expect(stage.supervisor.awake(id)).rejects.toMatchObject({ code: 'server/not-running' })
})

test('a command that does not exist is not tried again, and the reason says where it was looked for', async () => {
  stage.supervisor.begin()
  const id = stage.add('missing', {
    launch: { command: 'npx-that-is-not-there', args: ['-y', 'x'], env: { A: '${env:LOGIN_ONLY}' }, headers: {} },
  })
  expect(await stage.supervisor.start(id)).toMatchObject({
    kind: 'crash-looping',
    starts: 1,
    because: {
      what: 'missing did not start: npx-that-is-not-there was not found.',
      command: 'npx-that-is-not-there -y x',
      hint: expect.stringContaining('PATH of your login shell'),
    },
  })
})

test('a folder that does not exist is named, and not taken for a missing command', async () => {
  stage.supervisor.begin()
  const id = stage.add('normal', {
    launch: { command: process.execPath, args: [], cwd: '/nowhere/at/all', env: {}, headers: {} },
  })
  expect(await stage.supervisor.start(id)).toMatchObject({
    because: { what: 'normal did not start: its folder /nowhere/at/all does not exist.' },
  })
})

test('a call that a server dies of is answered with the reason, and the next call finds it up again', async () => {
  stage.supervisor.begin()
  const id = stage.add('exits-mid-call')
  const upstream = await stage.supervisor.awake(id)
  await expect(call(upstream, {})).rejects.toMatchObject({
    code: 'server/gone',
    message: 'exits-mid-call ended before it answered (exit code 7).',
  })
  expect((await upstream.closed).code).toBe('server/gone')
  const next = await stage.supervisor.awake(id)
  expect(next).not.toBe(upstream)
  expect(stage.supervisor.details(id).restarts).toBe(1)
})

test.each(['output', 'input'])(
  'a server that closes its %s and lives on: its callers are told, nothing of it stays, and the next call finds it up again',
  async what => {
    stage.supervisor.begin()
    const id = stage.add('cut-off')
    const upstream = await stage.supervisor.awake(id)
    const before = stage.supervisor.state(id)
    const told: unknown[] = []
    void call(upstream, { what }).catch(error => told.push(error))
    // A broken pipe shows at the next word.
    const speak = () => ask(upstream, 'ping', {}).catch(error => told.push(error))
    await until(
      () => {
        if (what === 'input') void speak()
        return told.length
      },
      count => count > 0,
    )
    for (const error of told)
      expect(error).toMatchObject({ code: 'server/gone', message: expect.stringContaining(`closed its ${what}`) })
    expect(await stage.supervisor.awake(id)).not.toBe(upstream)
    expect(stage.supervisor.state(id)).toMatchObject({ kind: 'running', tools: 1 })
    const { pid } = before as { pid: number }
    await until(
      () => exists(pid),
      isThere => !isThere,
    )
  },
)

test('half a frame before the end answers nobody, and is kept in the log', async () => {
  stage.supervisor.begin()
  const id = stage.add('half-a-frame')
  await expect(call(await stage.supervisor.awake(id), {})).rejects.toMatchObject({ code: 'server/gone' })
  expect(stage.supervisor.logs(id, 100).map(line => line.text)).toContainEqual(
    expect.stringContaining('(cut off) {"jsonrpc"'),
  )
})

test('junk on stdout is logged and harms nothing', async () => {
  stage.supervisor.begin()
  const id = stage.add('junk')
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running' })
  const junk = stage.supervisor
    .logs(id, 100)
    .filter(line => line.stream === 'stdout')
    .map(line => line.text)
  expect(junk).toEqual([
    'Starting up…',
    '{"not": "json-rpc"}',
    '[1,2]',
    '{"cut": ',
    expect.stringContaining('(not UTF-8)'),
  ])
})

test('a server that never answers fails after its patience, and nothing of it stays', async () => {
  await stage.close()
  stage = await openStage({ patienceMs: 300, delayMs: 60_000 })
  stage.supervisor.begin()
  const id = stage.add('never-answers')
  const state = await stage.supervisor.start(id)
  expect(state).toMatchObject({ kind: 'backing-off', because: { what: expect.stringContaining('no sign of life') } })
  await stage.supervisor.stop(id)
  expect(JSON.parse(readFileSync(join(stage.folder, 'ledger.json'), 'utf8')).runs).toEqual([])
})

test('a slow start is waited for as long as it shows signs of life', async () => {
  await stage.close()
  stage = await openStage({ patienceMs: 3_000 })
  stage.supervisor.begin()
  const id = stage.add('slow', {
    launch: {
      command: process.execPath,
      args: definitionOf('slow').launch.args,
      env: { SLOW_MS: '4500' },
      headers: {},
    },
  })
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running' })
})

test('however lively, a start takes no longer than its ceiling', async () => {
  await stage.close()
  stage = await openStage({ ceilingMs: 500, delayMs: 60_000 })
  stage.supervisor.begin()
  const id = stage.add('slow', {
    launch: {
      command: process.execPath,
      args: definitionOf('slow').launch.args,
      env: { SLOW_MS: '60000' },
      headers: {},
    },
  })
  expect((await stage.supervisor.start(id)).kind).toBe('backing-off')
})

test('a flood on stderr is cut, said so, and calls go on', async () => {
  stage.supervisor.begin()
  const id = stage.add('floods')
  const upstream = await stage.supervisor.awake(id)
  for (let n = 0; n < 20; n++) expect(await call(upstream, {})).toEqual({ ok: true })
  const said = await until(
    () => stage.supervisor.logs(id, 1_000).filter(line => line.stream === 'gatehouse'),
    lines => lines.some(line => /left out/.test(line.text)),
  )
  expect(said.length).toBeGreaterThan(0)
})

test('a secret reaches the environment of its server and no file, log or error', async () => {
  stage.secrets.set('TOKEN', 'hush-hush-1234')
  stage.supervisor.begin()
  const launch = {
    command: process.execPath,
    args: definitionOf('normal').launch.args,
    env: { KEY: 'v=${secret:TOKEN}', HERE: '${home}', MINE: '${env:LOGIN_ONLY}' },
    headers: {},
  }
  const id = stage.add('normal', { launch })
  const upstream = await stage.supervisor.awake(id)
  expect((await call(upstream, { do: 'env', name: 'KEY' })).value).toBe('v=hush-hush-1234')
  expect((await call(upstream, { do: 'env', name: 'MINE' })).value).toBe('from the login shell')
  const { names } = await call(upstream, { do: 'env', name: 'HERE' })
  expect(names.toSorted()).toEqual(['GATEHOUSE_RUN', 'HERE', 'HOME', 'KEY', 'MINE', 'PATH'])
  await call(upstream, { do: 'say', text: 'my key is hush-hush-1234' })
  await until(
    () => stage.supervisor.logs(id, 10),
    lines => lines.some(line => line.text === 'my key is •••'),
  )
  expect(stage.events).toContainEqual(expect.objectContaining({ what: 'secret/used', server: id, detail: 'TOKEN' }))
  await stage.supervisor.close()
  const files = readdirSync(stage.folder, { recursive: true, withFileTypes: true }).filter(one => one.isFile())
  for (const file of files)
    expect(readFileSync(join(file.parentPath, file.name)).includes('hush-hush'), file.name).toBe(false)
  expect(readdirSync(join(stage.folder, 'logs'))).toEqual([`normal-${id}.log`])
})

test('a secret that a server repeats in its tools reaches clients as it was said, and the disk without it', async () => {
  stage.secrets.set('TOKEN', 'hush-hush-1234')
  stage.supervisor.begin()
  const { args } = definitionOf('leaks').launch
  const launch = { command: process.execPath, args, env: { KEY: '${secret:TOKEN}' }, headers: {} }
  const id = stage.add('leaks', { launch })
  await stage.supervisor.start(id)
  expect(stage.supervisor.listing(id)?.tools[0]).toContain('Sends hush-hush-1234')
  await stage.supervisor.close()
  const again = await openStage({}, stage.folder)
  again.definitions.set(id, stage.definitions.get(id)!)
  again.supervisor.begin()
  expect(JSON.parse(again.supervisor.listing(id)!.tools[0]!).description).toBe('Sends •••')
  await again.supervisor.close()
  for (const file of readdirSync(stage.folder).filter(name => name.startsWith('state.db'))) {
    expect(readFileSync(join(stage.folder, file)).includes('hush-hush'), file).toBe(false)
  }
})

test('a secret that a server repeats in an error is not shown', async () => {
  stage.secrets.set('TOKEN', 'hush-hush-1234')
  stage.supervisor.begin()
  const { args } = definitionOf('leaks').launch
  const launch = { command: process.execPath, args, env: { KEY: '${secret:TOKEN}', FAIL: '1' }, headers: {} }
  const state = await stage.supervisor.start(stage.add('leaks', { launch }))
  expect(state).toMatchObject({ because: { what: expect.stringContaining('The key ••• is wrong') } })
  expect(JSON.stringify([state, stage.events])).not.toContain('hush')
})

test('a secret in an argument is refused, where every user could read it', async () => {
  stage.secrets.set('TOKEN', 'hush-hush-1234')
  stage.supervisor.begin()
  const id = stage.add('normal', {
    launch: { command: process.execPath, args: ['--key', '${secret:TOKEN}'], env: {}, headers: {} },
  })
  const state = await stage.supervisor.start(id)
  expect(state).toMatchObject({ kind: 'crash-looping', because: { hint: expect.stringContaining('env') } })
  expect(JSON.stringify(state)).not.toContain('hush')
})

test('a server whose secret cannot be read waits, and comes up once it can', async () => {
  stage.supervisor.begin()
  const launch = {
    command: process.execPath,
    args: definitionOf('normal').launch.args,
    env: { KEY: '${secret:LATER}' },
    headers: {},
  }
  const id = stage.add('normal', { launch })
  expect(await stage.supervisor.start(id)).toMatchObject({
    kind: 'waiting',
    for: 'secret',
    what: 'The secret LATER is not stored.',
  })
  await expect(stage.supervisor.awake(id)).rejects.toMatchObject({ code: 'server/waiting' })
  stage.secrets.set('LATER', 'now-it-is-here')
  stage.announcer.emit('vault/changed')
  await until(
    () => stage.supervisor.state(id).kind,
    kind => kind === 'running',
  )
})

test('what was not agreed to does not start, not even when asked to', async () => {
  const definition = definitionOf('normal')
  stage.standings.set(definition.id, { may: 'wait', for: 'agreement', what: 'Nobody has agreed to this command yet.' })
  stage.supervisor.begin()
  const id = stage.add('normal')
  for (const state of [
    stage.supervisor.state(id),
    await stage.supervisor.start(id),
    await stage.supervisor.restart(id),
  ]) {
    expect(state).toEqual({ kind: 'waiting', for: 'agreement', what: 'Nobody has agreed to this command yet.' })
  }
  stage.standings.delete(id)
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running' })
})

test('a launch that changed stops the old program before anything else, and waits', async () => {
  stage.supervisor.begin()
  const id = stage.add('normal')
  const { pid } = (await stage.supervisor.start(id)) as { pid: number }
  stage.standings.set(id, { may: 'wait', for: 'agreement', what: 'The command changed.' })
  stage.add('normal', { launch: { command: process.execPath, args: ['--version'], env: {}, headers: {} } })
  await until(
    () => stage.supervisor.state(id).kind,
    kind => kind === 'waiting',
  )
  expect(exists(pid)).toBe(false)
  expect(stage.supervisor.listing(id)).toBeNull()
})

test('a removed server is stopped and forgotten', async () => {
  stage.supervisor.begin()
  const id = stage.add('normal')
  const { pid } = (await stage.supervisor.start(id)) as { pid: number }
  stage.definitions.delete(id)
  stage.announcer.emit('config/changed')
  await until(
    () => exists(pid),
    alive => !alive,
  )
  expect(() => stage.supervisor.state(id)).toThrow('There is no server')
})

test('stopped by a person it stays so: a call does not wake it', async () => {
  stage.supervisor.begin()
  const id = stage.add('normal')
  await stage.supervisor.start(id)
  expect(await stage.supervisor.stop(id)).toEqual({ kind: 'stopped' })
  await expect(stage.supervisor.awake(id)).rejects.toMatchObject({ code: 'server/stopped' })
})

test('start, stop and restart all at once end in what was asked last', async () => {
  stage.supervisor.begin()
  const id = stage.add('normal')
  const { supervisor } = stage
  const all = [
    supervisor.start(id),
    supervisor.stop(id),
    supervisor.restart(id),
    supervisor.stop(id),
    supervisor.start(id),
  ]
  await Promise.all(all)
  expect((await supervisor.start(id)).kind).toBe('running')
  expect(JSON.parse(readFileSync(join(stage.folder, 'ledger.json'), 'utf8')).runs).toHaveLength(1)
})

test('changed lists are listed again, and announced only when they differ', async () => {
  stage.supervisor.begin()
  const id = stage.add('normal')
  const upstream = await stage.supervisor.awake(id)
  expect(stage.announced).toEqual([`listing ${id}`])
  await call(upstream, { do: 'grow', by: 0 })
  await call(upstream, { do: 'grow', by: 3 })
  await until(
    () => stage.supervisor.listing(id)!.tools.length,
    count => count === 5,
  )
  expect(stage.announced).toEqual([`listing ${id}`, `listing ${id}`])
  expect(stage.supervisor.state(id)).toMatchObject({ kind: 'running', tools: 5 })
})

test.each([
  ['3', 6, []],
  ['circle', 6, expect.arrayContaining([expect.stringContaining('circle')])],
  ['endless', 400, [expect.stringContaining('too many pages')]],
])('%s pages of tools give %i tools', async (PAGES, tools, warnings) => {
  stage.supervisor.begin()
  const id = stage.add('pages', {
    launch: { command: process.execPath, args: definitionOf('pages').launch.args, env: { PAGES }, headers: {} },
  })
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running', tools })
  expect(stage.supervisor.listing(id)?.warnings).toEqual(warnings)
})

test('no more than 10,000 tools are taken, and the cut is said', async () => {
  stage.supervisor.begin()
  const id = stage.add('pages', {
    launch: {
      command: process.execPath,
      args: definitionOf('pages').launch.args,
      env: { PAGES: '3', SIZE: '6000' },
      headers: {},
    },
  })
  expect(await stage.supervisor.start(id)).toMatchObject({ tools: 10_000 })
  expect(stage.supervisor.listing(id)?.warnings).toEqual([expect.stringContaining('more than 10000')])
})

test('CPU, memory and processes of a server are known while somebody looks', async () => {
  stage.supervisor.begin()
  const id = stage.add('grandparent')
  await stage.supervisor.start(id)
  const usage = await until(
    () => stage.supervisor.details(id).usage,
    one => one !== null,
  )
  expect(usage).toMatchObject({ processes: 2 })
  expect(usage!.memoryBytes).toBeGreaterThan(20_000_000)
})

test('a server that stops answering is noticed and started anew', async () => {
  await stage.close()
  stage = await openStage({ healthMs: 100, pingMs: 100, stableMs: 0 })
  stage.supervisor.begin()
  const id = stage.add('freezes')
  const { pid } = (await stage.supervisor.start(id)) as { pid: number }
  const state = await until(
    () => stage.supervisor.state(id),
    one => one.kind === 'running' && one.pid !== pid,
  )
  expect(state.kind).toBe('running')
  expect(exists(pid)).toBe(false)
  expect(stage.events).toContainEqual(
    expect.objectContaining({ what: 'server/exited', detail: expect.stringContaining('stopped answering') }),
  )
})

test('an odd server that never answers pings is left alone', async () => {
  await stage.close()
  stage = await openStage({ healthMs: 50, pingMs: 50 })
  stage.supervisor.begin()
  const id = stage.add('freezes', {
    launch: { command: process.execPath, args: definitionOf('freezes').launch.args, env: { PINGS: '0' }, headers: {} },
  })
  const { pid } = (await stage.supervisor.start(id)) as { pid: number }
  await new Promise(resolve => setTimeout(resolve, 800))
  expect(stage.supervisor.state(id)).toMatchObject({ kind: 'running', pid })
})
