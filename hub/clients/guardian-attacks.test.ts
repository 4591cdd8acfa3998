// What is done to a guarded file on purpose: links, pipes, floods of writes, another Gatehouse, clocks, kills, and secrets to give away.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { guardMachine, hasOurs, ID, newest, SECRET, shown, takenOut, within } from './fixtures/guard-machine.ts'
import { GuardMemory } from './guard-memory.ts'
import { Guardian } from './guardian.ts'
import type { Sight } from './sight.ts'
import { KNOWN_CLIENTS } from './table.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})
const machine = () => guardMachine(close => closers.push(close))
const noTemps = (path: string) => readdirSync(dirname(path)).filter(name => name.endsWith('.tmp'))

test('a file swapped for a link between look and write: nothing is written, neither there nor here', async () => {
  const { home, path, open } = machine()
  const clients = open()
  const victim = join(home, 'victim.json')
  copyFileSync(path, victim)
  const before = readFileSync(victim, 'utf8')
  const ready = async () => {
    rmSync(path)
    symlinkSync(victim, path)
  }
  const change = { take: ['mine'], put: new Map() }
  await expect(
    clients.moving.move(ID, change, { connect: true, by: 'window', before: undefined, ready }),
  ).rejects.toMatchObject({ code: 'clients/changed-meanwhile' })
  expect([readFileSync(victim, 'utf8'), readFileSync(path, 'utf8')]).toEqual([before, before])
  expect([...noTemps(path), ...noTemps(victim)]).toEqual([])
  expect(clients.undoGivesBack(ID)).toBe(false)
})

test('a client that rewrites its file ten times a second is noticed, put back at most three times, and then asked about', async () => {
  const { path, open, rows } = machine()
  const clients = open()
  await clients.connect(ID)
  clients.guarding.keep(ID, true, 'window')
  const script = `const fs = require('node:fs'); let n = 0; setInterval(() => {
    fs.writeFileSync(${JSON.stringify(`${path}.app`)}, JSON.stringify({ n: n++ })); fs.renameSync(${JSON.stringify(`${path}.app`)}, ${JSON.stringify(path)}) }, 100)`
  const app = spawn(process.execPath, ['-e', script], { stdio: 'ignore' })
  closers.push(() => app.kill('SIGKILL'))
  await expect
    .poll(async () => (await shown(clients)).asks?.why, { ...within, timeout: 90_000 })
    .toMatch(/fight|failed/)
  app.kill('SIGKILL')
  await once(app, 'exit')
  await clients.guarding.settled()
  expect(rows.filter(row => row.what === 'client/connect' && row.outcome === 'ok').length).toBeLessThanOrEqual(4)
  expect(rows.length).toBeLessThan(80)
  expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveProperty('n')
  expect(noTemps(path)).toEqual([])
}, 120_000)

test('two Gatehouses on one file: what one wrote the other never replaces, nor puts its own in when that is dropped', async () => {
  const { path, open, openAnother, replace, home } = machine()
  const mine = open()
  await mine.connect(ID)
  mine.guarding.keep(ID, true, 'window')
  const other = openAnother()
  await other.connect(ID)
  const theirs = readFileSync(path, 'utf8')
  expect(theirs).toContain(join(home, 'other'))
  await expect.poll(() => newest(mine)?.words, within).toContain('another Gatehouse')
  for (const write of [() => mine.replaceToken(ID), () => mine.disconnect(ID), () => mine.undo(ID)])
    await expect(write()).rejects.toMatchObject({ code: 'clients/not-ours' })
  await expect(
    mine.moving.move(ID, { take: ['mine'], put: new Map() }, { connect: true, by: 'window', before: undefined }),
  ).rejects.toMatchObject({ code: 'clients/not-ours' })
  expect(mine.othersEntry(ID)).toBe(join(home, 'other'))
  expect(readFileSync(path, 'utf8')).toBe(theirs)

  replace('{ "theme": "gone" }')
  await expect.poll(() => newest(mine)?.words, within).toContain('which stood in the place of ours')
  await mine.guarding.settled()
  expect(readFileSync(path, 'utf8')).toBe('{ "theme": "gone" }')
  other.guarding.keep(ID, true, 'window')
  await expect.poll(() => readFileSync(path, 'utf8'), within).toContain(join(home, 'other'))
  await mine.guarding.settled()
  await expect.poll(async () => (await shown(mine)).status, within).toBe('drifted')
  expect(mine.guarding.history(ID).map(each => each.what)).not.toContain('restored')
})

test('a file that is too large, or is no file, is said to be so and left alone; nobody waits for a pipe', async () => {
  const { path, open } = machine()
  const clients = open()
  await clients.connect(ID)
  clients.guarding.keep(ID, true, 'window')
  truncateSync(path, 65 * 1024 * 1024)
  await expect.poll(async () => (await shown(clients)).status, within).toBe('unreadable')
  expect((await shown(clients)).problem?.what).toContain('larger than 64 MB')
  rmSync(path)
  const { status } = await new Promise<{ status: number | null }>(resolve =>
    spawn('mkfifo', [path]).on('close', code => resolve({ status: code })),
  )
  expect(status).toBe(0)
  await expect.poll(async () => (await shown(clients)).problem?.what, within).toContain('is not a file')
  await expect(clients.connect(ID)).rejects.toMatchObject({ code: 'clients/no-config' })
  rmSync(path)
  mkdirSync(path)
  await expect.poll(async () => (await shown(clients)).problem?.what, within).toContain('is not a file')
  await clients.guarding.settled()
})

test('a history of a large file stays small', async () => {
  const { path, open, replace, query } = machine()
  const clients = open()
  const filler = Array.from({ length: 60_000 }, (_, n) => `    "k${n}": "${n}"`).join(',\n')
  replace(`{\n  "filler": {\n${filler}\n  }\n}\n`)
  await clients.connect(ID)
  replace(takenOut(path))
  await expect.poll(() => newest(clients)?.what, within).toBe('removed')
  const [kept] = query("SELECT sum(length(value)) AS size FROM kv WHERE key LIKE 'client-%'") as { size: number }[]
  expect(kept?.size).toBeLessThan(150_000)
})

// Root may do everything, so it puts that down for a moment.
test.skipIf(process.platform === 'win32')(
  'a file that may not be read for a while is left alone, and kept again after',
  async () => {
    const { home, path, open, replace, whats } = machine()
    const clients = open()
    await clients.connect(ID)
    clients.guarding.keep(ID, true, 'window')
    await clients.guarding.settled()
    const isRoot = process.getuid!() === 0
    chmodSync(home, 0o755)
    replace('{ "theme": "hidden" }')
    chmodSync(path, isRoot ? 0o600 : 0)
    if (isRoot) process.seteuid!(65534)
    try {
      await expect.poll(async () => (await shown(clients)).status, within).toBe('no-permission')
      await sleep(800)
      await clients.guarding.settled()
      expect(await shown(clients)).toMatchObject({ status: 'no-permission', asks: null })
    } finally {
      if (isRoot) process.seteuid!(0)
      chmodSync(path, 0o600)
    }
    await expect.poll(() => hasOurs(path), within).toBe(true)
    expect(JSON.parse(readFileSync(path, 'utf8')).theme).toBe('hidden')
    expect(whats()).toEqual(['client/guard-on', 'client/entry-dropped'])
  },
)

test('an answer from a shell holds for this once, and the person is asked again', async () => {
  const { path, open, replace } = machine()
  const clients = open()
  await clients.connect(ID)
  for (let time = 1; time <= 2; time++) {
    replace(takenOut(path))
    await expect.poll(async () => (await shown(clients)).asks?.why, within).toBe('removed')
    await clients.guarding.answer(ID, 'back', 'cli')
    expect(hasOurs(path)).toBe(true)
  }
  expect((await shown(clients)).keep).toBe(false)
})

test('a question ends when what it asks about is no longer so', async () => {
  const { path, open, replace } = machine()
  const clients = open()
  await clients.connect(ID)
  const ours = readFileSync(path, 'utf8')
  replace(takenOut(path))
  await expect.poll(async () => (await shown(clients)).asks?.why, within).toBe('removed')
  replace('{ not json')
  await expect.poll(async () => (await shown(clients)).status, within).toBe('unreadable')
  expect((await shown(clients)).asks).toBeNull()
  replace(ours)
  await expect.poll(async () => (await shown(clients)).status, within).toBe('waiting')
  await clients.guarding.settled()
  expect((await shown(clients)).asks).toBeNull()
})

test('killed between intent and rename, the next start puts the entry back, once, and nothing lies about', async () => {
  const { home, path, open, replace } = machine()
  const clients = open()
  await clients.connect(ID)
  clients.guarding.keep(ID, true, 'window')
  await clients.guarding.settled()
  clients.close()
  replace('{ "theme": "killed" }')
  for (let time = 1; time <= 2; time++) {
    const hub = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/guard-and-die.ts'), home], {
      stdio: 'ignore',
    })
    closers.push(() => hub.kill('SIGKILL'))
    const [, signal] = await once(hub, 'exit')
    expect(signal).toBe('SIGKILL')
    expect(readFileSync(path, 'utf8')).toBe('{ "theme": "killed" }')
  }
  const later = open()
  await later.guarding.settled()
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ theme: 'killed', mcpServers: { gatehouse: {} } })
  expect(noTemps(path)).toEqual([])
  expect(readdirSync(dirname(path)).filter(name => name.endsWith('.lock'))).toEqual([])
  expect(later.guarding.history(ID).filter(each => each.what === 'restored')).toHaveLength(1)
  expect(await shown(later)).toMatchObject({ asks: null, keep: true })
})

test('no secret of the file, wherever it stands, is kept or told by what the guardian remembers', async () => {
  const { path, open, replace, query, rows } = machine()
  const clients = open()
  const secrets = Array.from({ length: 6 }, (_, n) => `sk-live-${n}Zx81mQp0LrT5uVw9Ab3d`)
  const config = (theme: string, entry?: unknown) =>
    JSON.stringify(
      {
        theme,
        mcpServers: {
          a: { command: 'x', args: ['--token', secrets[0], `--api-key=${secrets[1]}`], env: { PLAIN: secrets[2] } },
          b: {
            url: `https://me:${secrets[3]}@x.example/?key=${secrets[4]}`,
            headers: { Authorization: `Bearer ${secrets[5]}` },
          },
          ...(entry ? { gatehouse: entry } : {}),
        },
      },
      null,
      2,
    )
  replace(config('dark'))
  await clients.connect(ID)
  const { gatehouse } = JSON.parse(readFileSync(path, 'utf8')).mcpServers
  replace(config('dark'))
  await expect.poll(() => newest(clients)?.what, within).toBe('removed')
  replace(config('light', gatehouse))
  await expect.poll(() => newest(clients)?.what, within).toBe('returned')
  replace(config('light', { ...gatehouse, args: ['other', SECRET] }))
  await expect.poll(() => newest(clients)?.what, within).toBe('drifted')
  replace('{}')
  await expect.poll(() => newest(clients)?.what, within).toBe('dropped')
  const kept = JSON.stringify([query('SELECT * FROM kv'), rows, clients.guarding.history(ID), await clients.list([])])
  for (const secret of [...secrets, SECRET, gatehouse.env.GATEHOUSE_TOKEN]) expect(kept).not.toContain(secret.slice(8))
})

test('a clock that jumps lets it neither fight on nor give up for a year', async () => {
  const client = KNOWN_CLIENTS.find(each => each.id === ID)!
  const kv = new Map<string, string>()
  const memory = new GuardMemory({
    get: key => kv.get(key) ?? null,
    put: (key, value) => void kv.set(key, value),
    remove: key => void kv.delete(key),
  })
  const sight = { client, kind: 'dropped', foreign: null, now: null, path: null, write: null } as unknown as Sight
  let now = Date.UTC(2026, 10, 21)
  let restored = 0
  const guardian = new Guardian({
    memory,
    tell: () => {},
    changed: () => {},
    see: () => sight,
    runs: async () => false,
    restore: async () => {
      restored++
      memory.change(ID, { kind: null })
    },
    retire: () => {},
    now: () => now,
  })
  closers.push(() => guardian.close())
  memory.change(ID, { keep: true })
  const drops = async (times: number) => {
    restored = 0
    for (let time = 0; time < times; time++) {
      memory.change(ID, { kind: null })
      guardian.notice(client)
      await guardian.settled()
    }
    return restored
  }
  expect(await drops(10)).toBe(3)
  now -= 365 * 86_400_000
  expect(await drops(10)).toBe(3)
  now += 366 * 86_400_000
  expect(await drops(10)).toBe(3)
  now += 60_000
  expect(await drops(10)).toBe(0)
})
