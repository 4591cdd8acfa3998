// The hub is killed under clients of both SDK generations, and what it left in its folder is found by the next one.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type AiClient, startClient } from './e2e/entry.ts'
import { cli, freshHome, isAlive, run, runJson, startHub, until } from './harness.ts'
import { startUnattended, type Unattended } from './unattended.ts'

let place: Unattended | undefined
afterEach(() => place?.close())

const LIMIT_MS = 30_000

const ECHO = ['node_modules/@modelcontextprotocol/server-everything/dist/index.js', 'stdio']

test.each(['1.x', '2.x'] as const)(
  'an SDK %s client goes on after kill -9 of its hub, without a new connection',
  async generation => {
    place = await startUnattended({
      every: ECHO.map((arg, n) => (n === 0 ? join(import.meta.dirname, '..', arg) : arg)),
    })
    const { home, window } = place
    await until('it is listed', async () => (await window.call.servers.list())[0]!.tools !== null, LIMIT_MS)
    const entry = { command: process.execPath, args: [cli, 'connect'], env: home.env as Record<string, string> }
    const client: AiClient = await startClient(generation, entry, home.folder)
    try {
      const echoed = () => client.call('every_echo', { message: 'hello' })
      expect(await echoed()).toMatchObject({ isError: false, text: expect.stringContaining('hello') })
      const before = await client.tools()
      process.kill(place.hub.pid, 'SIGKILL')
      place = await place.again()
      const began = performance.now()
      expect(await echoed()).toMatchObject({ isError: false, text: expect.stringContaining('hello') })
      console.log(`SDK ${generation}: first call after the next hub: ${Math.round(performance.now() - began)} ms`)
      expect(await client.tools()).toEqual(before)
    } finally {
      await client.close()
    }
  },
  120_000,
)

test('hub.json of a dead hub whose process id is another program’s now misleads nobody, and that program lives on', async () => {
  const home = freshHome()
  const other = spawn('sleep', ['600'], { stdio: 'ignore' })
  try {
    mkdirSync(home.data, { recursive: true, mode: 0o700 })
    const stale = { pid: other.pid, socket: join(home.data, 'gone.sock'), token: 'x', version: '0.1.0', startedAt: 1 }
    writeFileSync(join(home.data, 'hub.json'), JSON.stringify(stale))
    expect(await run(home, ['status'])).toMatchObject({ code: 1, stderr: expect.stringContaining('No hub is running') })
    expect(await run(home, ['stop'])).toMatchObject({ stderr: expect.not.stringContaining('Error') })
    const found = await runJson<{ id: string; what: string }[]>(home, ['doctor'])
    expect(found.find(one => one.id === 'hub')?.what).toBe('No hub is running.')
    const hub = await startHub(home)
    expect(await runJson(home, ['status'])).toMatchObject({ running: true, pid: hub.pid })
    await hub.stop()
    expect(isAlive(other.pid!)).toBe(true)
  } finally {
    other.kill('SIGKILL')
  }
}, 60_000)

test('a socket that nobody listens on any more, and one where somebody else does', async () => {
  const home = freshHome()
  const first = await startHub(home)
  const { socket } = JSON.parse(readFileSync(join(home.data, 'hub.json'), 'utf8'))
  process.kill(first.pid, 'SIGKILL')
  await once(first.process, 'exit')
  // Its socket and hub.json stay behind; the next hub takes their place.
  const second = await startHub(home)
  expect(await runJson(home, ['status'])).toMatchObject({ pid: second.pid })
  await second.stop()
  // An impostor on the path that hub.json names: it says no welcome, so it is no hub, and learns no token by being asked.
  const heard: string[] = []
  const impostor = createServer(peer => peer.on('data', chunk => heard.push(String(chunk))).on('error', () => {}))
  const path = join(home.folder, 'impostor.sock')
  await new Promise<void>(resolve => impostor.listen(path, resolve))
  writeFileSync(
    join(home.data, 'hub.json'),
    JSON.stringify({ pid: 1, socket: path, token: 't', version: '0', startedAt: 1 }),
  )
  expect(await run(home, ['status'])).toMatchObject({ code: 1, stderr: expect.stringContaining('No hub is running') })
  impostor.close()
  expect(socket).not.toBe(path)
  expect(readdirSync(home.data)).toContain('hub.json')
}, 60_000)
