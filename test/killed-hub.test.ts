// The hub is killed under clients of both SDK generations, and what it left in its folder is found by the next one.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startClient } from './e2e/entry.ts'
import { addAndAgree, everything } from './e2e/stories.ts'
import { cli, freshHome, type Home, hasKeychain, isAlive, run, runJson, startHub, until } from './harness.ts'
import { startUnattended } from './unattended.ts'
import { openWindow } from './window-client.ts'

const GENERATIONS = ['1.x', '2.x'] as const

interface Situation {
  home: Home
  kill(): Promise<void>
  close(): Promise<void>
}

/** Agreements are kept with the keychain: the bridge starts the next hub, and nobody else does. */
async function withPerson(): Promise<Situation> {
  const home = freshHome()
  const hub = await startHub(home)
  const window = await openWindow(hub.web, { pin: '4711' })
  await addAndAgree(window, { every: { command: 'node', args: [everything, 'stdio'] } }, { trust: true })
  window.close()
  return {
    home,
    async kill() {
      process.kill((await runJson<{ pid: number }>(home, ['status'])).pid, 'SIGKILL')
    },
    async close() {
      await run(home, ['stop'])
      await hub.stop()
    },
  }
}

/** Such a folder's hub takes its rules from whoever starts it, so the bridge finds one that is there already. */
async function withoutPerson(): Promise<Situation> {
  let place = await startUnattended({ every: [everything, 'stdio'] })
  await until('it is listed', async () => (await place.window.call.servers.list())[0]!.tools !== null, 30_000)
  return {
    home: place.home,
    async kill() {
      process.kill(place.hub.pid, 'SIGKILL')
      place = await place.again()
    },
    close: () => place.close(),
  }
}

const SITUATIONS = hasKeychain ? { withPerson, withoutPerson } : { withoutPerson }

test.each(GENERATIONS.flatMap(generation => Object.entries(SITUATIONS).map(one => [generation, ...one] as const)))(
  'an SDK %s client (%s) goes on after kill -9 of its hub, without a new connection',
  async (generation, name, open) => {
    const { home, kill, close } = await open()
    const entry = { command: process.execPath, args: [cli, 'connect'], env: home.env as Record<string, string> }
    const client = await startClient(generation, entry, home.folder)
    const echoed = () => client.call('every_echo', { message: 'hello' })
    try {
      expect(await echoed()).toEqual({ isError: false, text: 'Echo: hello' })
      const before = await client.tools()
      for (let kills = 0; kills < 3; kills++) {
        await kill()
        const began = performance.now()
        // What was on its way when the hub died says so; nobody can know what became of it. The next one is answered.
        const answer = await echoed().catch(error => {
          expect(String(error)).toContain('may or may not have been carried out')
          return echoed()
        })
        expect(answer).toEqual({ isError: false, text: 'Echo: hello' })
        console.log(`SDK ${generation}, ${name}: ${Math.round(performance.now() - began)} ms to the next answer`)
        expect(await client.tools()).toEqual(before)
      }
    } finally {
      await client.close()
      await close()
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
})

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
  // An impostor on the path that hub.json names: it says no welcome, so it is no hub.
  const impostor = createServer(peer => peer.resume().on('error', () => {}))
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
})

test('a hub killed while it writes config.json leaves the old file or the new one, and the next hub nothing beside it', async () => {
  const home = freshHome()
  const path = join(home.data, 'config.json')
  // Large, so that a kill meets the middle of a write.
  const text = (n: number) =>
    `{\n  // ${'z'.repeat(900_000)}\n  "mcpServers": { "one": { "command": "node", "args": ["${n}"] } }\n}\n`
  mkdirSync(home.data, { recursive: true, mode: 0o700 })
  writeFileSync(path, text(0))
  let answered = 0
  let hub = await startHub(home)
  let window = await openWindow(hub.web, { pin: '4711' })
  for (let kills = 0; kills < 5 || (answered < 6 && kills < 20); kills++) {
    const { id } = (await window.call.servers.list())[0]!
    const write = async (): Promise<never> => {
      const launch = { command: 'node', args: [String(answered + 1)], env: {}, headers: {} }
      await window.call.servers.update({ id, launch })
      answered++
      return write()
    }
    const writing = write().catch(() => {})
    await new Promise(resolve => setTimeout(resolve, Math.random() * 400))
    process.kill(hub.pid, 'SIGKILL')
    await once(hub.process, 'exit')
    window.close()
    await writing
    const written = readFileSync(path, 'utf8')
    const n = Number(/"args": \["(\d+)"/.exec(written)?.[1])
    // What was answered is there; or the one after it, whose answer nobody heard.
    expect([answered, answered + 1]).toContain(n)
    expect(written).toBe(text(n))
    answered = n
    hub = await startHub(home)
    window = await openWindow(hub.web, { pin: '4711' })
    expect(window.verdict.kind).toBe('accepted')
    expect(readdirSync(home.data).filter(name => name.includes('.tmp-'))).toEqual([])
    expect((await window.call.servers.list()).map(({ name }) => name)).toEqual(['one'])
  }
  expect(answered).toBeGreaterThan(5)
  window.close()
  await hub.stop()
}, 300_000)
