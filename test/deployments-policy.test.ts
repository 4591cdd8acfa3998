// The deployments server behind the policy: whatever reaches production names it, so that a person is asked and types it.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askedTyped } from './asked-typed.ts'
import { addAndAgree } from './e2e/stories.ts'
import { freshHome, type RunningHub, startHub, until } from './harness.ts'
import { type RawPeer, startBridge } from './raw-peer.ts'
import { openWindow, type WindowClient } from './window-client.ts'

let hub: RunningHub
let window: WindowClient
let peer: RawPeer

beforeAll(async () => {
  const home = freshHome()
  hub = await startHub(home)
  window = await openWindow(hub.web, { pin: '4711' })
  const env = {
    STATE_FILE: join(home.folder, 'deployments.db'),
    DEPLOY_PERMISSIONS: 'deploy:dev,deploy:staging,deploy:production',
    DEPLOY_GROUPS: 'production-deployers',
    DEPLOY_WINDOWS: 'none',
    PROTECTED_ENVIRONMENTS: 'none',
    APPROVAL_FOR: 'staging,production',
    DEMO_SECONDS: '3600',
  }
  await addAndAgree(window, { deployments: { command: 'gatehouse:deployments', args: [], env } }, { trust: true })
  await until(
    'it is listed',
    async () => ((await window.call.servers.get({ id: 'deployments' })).tools ?? 0) > 0,
    60_000,
  )
  peer = startBridge(home).peer
  await peer.initialize()
}, 120_000)
afterAll(async () => {
  peer?.end()
  window?.close()
  await hub?.stop()
})

const asked = (tool: string, args: object, kind: 'allow' | 'deny' = 'allow') =>
  askedTyped(window, peer, { tool: `deployments_${tool}`, args, kind })
const status = async (taskId: unknown) => {
  const { result } = await peer.call('deployments_check_deployment_status', { taskId })
  return (result as unknown as { structuredContent: { state: string } }).structuredContent.state
}
const IN_PRODUCTION = {
  typed: 'production',
  reasons: expect.stringMatching(/production is in your protected environments/),
}

test('what goes to production is allowed with that typed, at each step; what goes to staging without', async () => {
  const ledger = { service: 'ledger', version: '3.1.0' }
  const staging = { environment: 'staging' }
  const first = await asked('start_deployment', { ...ledger, ...staging })
  expect(first).toMatchObject({ typed: null, data: { state: 'waiting' } })
  const { taskId: other } = first.data
  expect(await asked('approve_deployment', { taskId: other })).toMatchObject({
    typed: null,
    data: { state: 'working' },
  })
  const production = { environment: 'production' }
  const started = await asked('start_deployment', { ...ledger, ...production })
  expect(started).toMatchObject({ ...IN_PRODUCTION, data: { state: 'waiting' } })
  const { taskId } = started.data
  // Under another name nothing is typed, and it does nothing.
  const renamed = String(taskId).replace('production', 'staging')
  for (const tool of ['approve_deployment', 'cancel_deployment'])
    expect(await asked(tool, { taskId: renamed })).toMatchObject({
      typed: null,
      data: { error: { kind: 'not_found' } },
    })
  expect(await asked('approve_deployment', { taskId }, 'deny')).toMatchObject(IN_PRODUCTION)
  expect(await status(taskId)).toBe('waiting')
  expect(await asked('approve_deployment', { taskId })).toMatchObject(IN_PRODUCTION)
  expect(await status(taskId)).toBe('working')
  expect(await asked('cancel_deployment', { taskId })).toMatchObject(IN_PRODUCTION)
  expect(await status(taskId)).toBe('cancelled')
  const back = await asked('rollback_deployment', { service: 'ledger', ...production })
  expect(back).toMatchObject({ ...IN_PRODUCTION, risk: 'destroys', data: { state: 'working' } })
})

test('a service that is also in production cannot be deleted by a call that does not say so', async () => {
  const checkout = { service: 'checkout', confirmation: 'DELETE' }
  const some = await asked('delete_service', { ...checkout, environments: ['development', 'staging'] })
  expect(some).toMatchObject({
    typed: null,
    failed: true,
    text: expect.stringContaining('for development, staging, production'),
  })
  const environments = ['development', 'staging', 'production']
  const gone = await asked('delete_service', { ...checkout, environments })
  expect(gone).toMatchObject({ ...IN_PRODUCTION, risk: 'destroys', data: { service: 'checkout' } })
})
