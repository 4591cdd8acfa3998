// A process that is killed in the middle of a start: the same key is the same task, and nothing is deployed twice.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startServer } from '../kit/test-client.ts'
import { startBackend } from './test-deployments.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-deployments-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const asked = { service: 'checkout', version: '2.5.0', environment: 'development', idempotencyKey: 'release-9' }

/** Starts the server by hand, asks it once, and kills it when `when` says so. */
async function killedWhile(env: Record<string, string>, when: () => boolean): Promise<void> {
  const main = join(import.meta.dirname, 'main.ts')
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const clientInfo = { name: 'test', version: '1' }
  say({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } })
  say({ method: 'notifications/initialized' })
  say({ id: 2, method: 'tools/call', params: { name: 'start_deployment', arguments: asked } })
  await expect.poll(when, { timeout: 30_000, interval: 5 }).toBe(true)
  child.kill('SIGKILL')
  await once(child, 'exit')
}

test.each([
  ['before the backend heard of it', 'silence'],
  ['after it was begun, before that was answered', 'lose-answer'],
] as const)('killed %s', async (when, fault) => {
  const backend = await startBackend({ now: Date.now() })
  const env = { ...backend.env, STATE_FILE: join(folder, `${fault}.db`) }
  const puts = () => backend.api.seen.filter(request => request.method === 'PUT')
  const { begin } = backend.demo
  let begun = 0
  let isHeld = true
  backend.demo.begin = async order => {
    if (fault === 'silence' && isHeld) return new Promise(() => {})
    await begin.call(backend.demo, order)
    begun++
    if (isHeld) await new Promise(() => {})
  }
  await killedWhile(env, () => puts().length === 1 && (fault === 'silence' || begun === 1))
  isHeld = false

  const server = await startServer('deployments', env)
  try {
    const { deployments } = (await server.call('list_deployments')).data
    expect(deployments, when).toMatchObject([{ state: 'working', version: '2.5.0' }])
    const again = await server.call('start_deployment', asked)
    expect([again.text, again.data.taskId]).toEqual([again.text, deployments[0].taskId])
    expect(new Set(puts().map(request => request.path)).size).toBe(1)
    expect(begun).toBe(1)
    const third = await server.call('start_deployment', asked)
    expect(third.data.taskId).toBe(deployments[0].taskId)
    expect(puts()).toHaveLength(fault === 'silence' ? 2 : 1)
    expect((await server.call('list_deployments')).data.deployments).toHaveLength(1)
  } finally {
    await server.client.close()
    await backend.api.close()
  }
})
