import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { ask } from './ask.ts'
import { reapLeftovers } from './ledger.ts'
import { processes } from './processes.ts'
import { exists, openStage, tempFolder, until } from './test-stage.ts'

const folders: string[] = []
const started: number[] = []
afterEach(() => {
  for (const pid of started.splice(0)) if (exists(pid)) process.kill(pid, 'SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

interface Hub {
  hub: ChildProcess
  folder: string
  pids: number[]
  sentry: number
}

async function hubWith(...names: string[]): Promise<Hub> {
  const folder = tempFolder()
  folders.push(folder)
  const hub = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/test-hub.ts'), folder, ...names], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(hub.pid!)
  const [line] = (await once(createInterface({ input: hub.stdout! }), 'line')) as [string]
  const said = JSON.parse(line) as { pids: number[]; sentry: number }
  started.push(...said.pids, said.sentry)
  return { hub, folder, ...said }
}

const alive = (pids: number[]) => pids.filter(pid => exists(pid) && !isZombie(pid))
const isZombie = (pid: number) => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

// Within 2 s, as the bench shows.
test('a hub killed by SIGKILL leaves no process behind', async () => {
  // One ignores EOF and SIGTERM, one has a grandchild that ignores SIGTERM, one has a child in a session of its own.
  const { hub, pids, sentry } = await hubWith('normal', 'stubborn', 'grandparent')
  expect(alive(pids)).toHaveLength(5)
  hub.kill('SIGKILL')
  await until(
    () => alive(pids),
    left => left.length === 0,
  )
  await until(
    () => alive([sentry]),
    left => left.length === 0,
  )
})

test('hub and sentry both killed: the next start ends what the ledger names, before it says ready', async () => {
  const { hub, pids, sentry, folder } = await hubWith('normal', 'stubborn', 'grandparent')
  process.kill(sentry, 'SIGKILL')
  hub.kill('SIGKILL')
  await until(
    () => alive([hub.pid!, sentry]),
    left => left.length === 0,
  )
  // Those that follow the end of their input go by themselves; the others are still there.
  expect(alive(pids).length).toBeGreaterThanOrEqual(3)
  const reaped = await reapLeftovers(folder)
  expect(reaped.map(({ run, left }) => [run.server, left])).toEqual([
    ['srv_normal000000', []],
    ['srv_stubborn0000', []],
    ['srv_grandparent0', []],
  ])
  expect(alive(pids)).toEqual([])
})

test('the children of single clients end with a killed hub, too', async () => {
  const { hub, pids } = await hubWith('greets')
  expect(alive(pids)).toHaveLength(4)
  hub.kill('SIGKILL')
  await until(
    () => alive(pids),
    left => left.length === 0,
    30_000,
  )
})

test('a sentry that was killed is replaced, and the new one knows the servers', async () => {
  const { hub, pids, sentry } = await hubWith('stubborn')
  process.kill(sentry, 'SIGKILL')
  const next = await until(
    () => childrenOf(hub.pid!).filter(pid => pid !== sentry && commandOf(pid).includes('sentry.ts')),
    found => found.length === 1,
  )
  started.push(...next)
  // It is seen before the hub's own turn goes on and tells it. Killed in between, the servers are the ledger's, at the next
  // start. Its program has to be loaded before it can listen; what it is told meanwhile waits in the pipe.
  await new Promise(resolve => setTimeout(resolve, 1_000))
  hub.kill('SIGKILL')
  await until(
    () => alive(pids),
    left => left.length === 0,
    20_000,
  )
})

test('a pid that is somebody else now is never ended', async () => {
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' })
  started.push(stranger.pid!)
  const folder = tempFolder()
  folders.push(folder)
  const { startTime } = (await processes.one(stranger.pid!))!
  const run = {
    pid: stranger.pid,
    startTime: String(Number(startTime) - 1),
    mark: 'a'.repeat(24),
    server: 'srv_x',
    command: 'x',
  }
  writeFileSync(join(folder, 'ledger.json'), JSON.stringify({ bootId: processes.bootId(), runs: [run] }))
  expect(await reapLeftovers(folder)).toHaveLength(1)
  expect(exists(stranger.pid!)).toBe(true)
  // The same ledger with the true start time does end it, so the test can fail.
  writeFileSync(
    join(folder, 'ledger.json'),
    JSON.stringify({ bootId: processes.bootId(), runs: [{ ...run, startTime }] }),
  )
  await reapLeftovers(folder)
  await until(
    () => exists(stranger.pid!),
    there => !there,
  )
})

test('a ledger from before the last boot ends nobody', async () => {
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' })
  started.push(stranger.pid!)
  const folder = tempFolder()
  folders.push(folder)
  const { startTime } = (await processes.one(stranger.pid!))!
  const run = { pid: stranger.pid, startTime, mark: 'a'.repeat(24), server: 'srv_x', command: 'x' }
  writeFileSync(join(folder, 'ledger.json'), JSON.stringify({ bootId: 'another', runs: [run] }))
  expect(await reapLeftovers(folder)).toEqual([])
  expect(exists(stranger.pid!)).toBe(true)
})

test('a hub killed in the middle of a spawn told nobody a pid: sentry and next start know the child by its mark', async () => {
  const underMark = (mark: string) => {
    const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], {
      detached: true,
      stdio: 'ignore',
      env: { GATEHOUSE_RUN: mark },
    })
    started.push(child.pid!)
    return child.pid!
  }
  const [first, second, failed] = ['1', '2', '3'].map(digit => underMark(digit.repeat(24)))
  await until(
    () =>
      [first!, second!, failed!].every(pid => readFileSync(`/proc/${pid}/environ`, 'utf8').includes('GATEHOUSE_RUN')),
    loaded => loaded,
  )
  const sentry = spawn(process.execPath, [join(import.meta.dirname, 'sentry.ts')], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  started.push(sentry.pid!)
  sentry.stdin.end(`?${'3'.repeat(24)}\n?${'1'.repeat(24)}\n!${'3'.repeat(24)}\n`)
  await once(sentry, 'exit')
  expect(alive([first!, second!, failed!])).toEqual([second, failed])

  const folder = tempFolder()
  folders.push(folder)
  const starting = [{ mark: '2'.repeat(24), server: 'srv_x', command: 'x' }]
  writeFileSync(join(folder, 'ledger.json'), JSON.stringify({ bootId: processes.bootId(), starting, runs: [] }))
  expect(await reapLeftovers(folder)).toMatchObject([{ run: { pid: second, server: 'srv_x' }, left: [] }])
  expect(alive([second!, failed!])).toEqual([failed])
})

test.each(['stubborn', 'grandparent', 'deaf', 'normal'])('%s: a stop leaves no process of it', async name => {
  const stage = await openStage()
  stage.supervisor.begin()
  const id = stage.add(name)
  const { pid } = (await stage.supervisor.start(id)) as { pid: number }
  const upstream = await stage.supervisor.awake(id)
  const pids = [pid]
  if (name === 'grandparent') pids.push(JSON.parse(await ask(upstream, 'tools/call', {})).grandchild)
  const far = { name: 'act', arguments: { do: 'spawn', detached: true } }
  if (name === 'normal') pids.push(JSON.parse(await ask(upstream, 'tools/call', far)).pid)
  started.push(...pids)
  expect(alive(pids)).toEqual(pids)
  expect(await stage.supervisor.stop(id)).toEqual({ kind: 'stopped' })
  expect(alive(pids)).toEqual([])
  await stage.close()
})

test('a server that dies takes what it had started along', async () => {
  const stage = await openStage({ delayMs: 60_000 })
  stage.supervisor.begin()
  const id = stage.add('grandparent')
  const { pid } = (await stage.supervisor.start(id)) as { pid: number }
  const { grandchild } = JSON.parse(await ask(await stage.supervisor.awake(id), 'tools/call', {}))
  started.push(pid, grandchild)
  process.kill(pid, 'SIGKILL')
  await until(
    () => stage.supervisor.state(id),
    state => state.kind === 'backing-off',
  )
  expect(stage.supervisor.state(id)).toMatchObject({
    because: { what: 'grandparent was ended by SIGKILL.', signal: 'SIGKILL' },
  })
  await until(
    () => alive([grandchild]),
    left => left.length === 0,
  )
  await stage.close()
})

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text ? text.split(' ').map(Number) : []
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}
