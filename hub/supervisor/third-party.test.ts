import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask } from './ask.ts'
import { openStage, type Stage, until } from './test-stage.ts'

const EVERYTHING = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/server-everything/dist/index.js')
let stage: Stage
let server: ChildProcess | undefined
beforeEach(async () => {
  stage = await openStage({ delayMs: 60_000 })
  stage.supervisor.begin()
})
afterEach(async () => {
  await stage.close()
  server?.kill('SIGKILL')
  server = undefined
})

const echo = async (id: string) =>
  JSON.parse(await ask(await stage.supervisor.awake(id), 'tools/call', { name: 'echo', arguments: { message: 'hi' } }))

test('server-everything over stdio: all tools for our capabilities, and a call', async () => {
  const id = stage.add('everything', {
    launch: { command: process.execPath, args: [EVERYTHING], env: {}, headers: {} },
  })
  const state = await stage.supervisor.start(id)
  expect(state).toMatchObject({ kind: 'running', tools: 17 })
  expect((await echo(id)).content[0].text).toBe('Echo: hi')
})

test('server-everything over HTTP: listed, called, and its secret header never shown', async () => {
  const port = await freePort()
  server = spawn(process.execPath, [EVERYTHING, 'streamableHttp'], {
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  server.stderr?.on('data', chunk => (said += chunk))
  await until(
    () => said,
    text => text.includes('listening'),
    10_000,
  )
  stage.secrets.set('TOKEN', 'hush-hush-1234')
  const launch = {
    url: `http://127.0.0.1:${port}/mcp`,
    args: [],
    env: {},
    headers: { Authorization: 'Bearer ${secret:TOKEN}' },
  }
  const id = stage.add('remote', { launch })
  expect(await stage.supervisor.start(id)).toMatchObject({ kind: 'running', pid: null })
  expect((await echo(id)).content[0].text).toBe('Echo: hi')
  server.kill('SIGKILL')
  await expect(echo(id)).rejects.toThrow()
  expect(JSON.stringify(stage.supervisor.logs(id, 100))).not.toContain('hush')
})

test('nobody at the address: it says so, with what was tried', async () => {
  const launch = { url: `http://127.0.0.1:${await freePort()}/mcp`, args: [], env: {}, headers: {} }
  const state = await stage.supervisor.start(stage.add('remote', { launch }))
  expect(state).toMatchObject({
    kind: 'backing-off',
    because: { command: launch.url, what: expect.stringContaining('remote did not start') },
  })
})

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => listener.once('listening', resolve))
  const { port } = listener.address() as { port: number }
  await new Promise(resolve => listener.close(resolve))
  return port
}
