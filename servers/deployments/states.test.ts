// What a deployment may become from each of its states, whoever asks, at one replica or at two with the same state.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { EVERYTHING, NOON, type Opened, open, startBackend } from './test-deployments.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-deploy-states-'))
const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
async function server(...given: Parameters<typeof open>): Promise<Opened> {
  const one = await open(...given)
  opened.push(one)
  return one
}
const ledger = { service: 'ledger', version: '3.1.0', environment: 'production' }
const kindOf = ({ data }: { data: { state?: string; error?: { kind: string } } }) => data.state ?? data.error!.kind

test.each([
  ['waits', [], ['cancelled', 'cancelled', 'conflict', 'cancelled']],
  ['runs', ['approve_deployment'], ['cancelled', 'cancelled', 'conflict', 'cancelled']],
  ['has ended', ['approve_deployment', 'later'], ['conflict', 'conflict', 'conflict', 'completed']],
  ['was cancelled', ['cancel_deployment'], ['cancelled', 'cancelled', 'conflict', 'cancelled']],
] as const)('one that %s: cancelled, cancelled again, approved, and looked at', async (_, before, becomes) => {
  const one = await server(EVERYTHING)
  const { taskId } = (await one.call('start_deployment', ledger)).data
  for (const step of before)
    if (step === 'later') one.clock.now += 11_000
    else await one.call(step, { taskId })
  const steps = ['cancel_deployment', 'cancel_deployment', 'approve_deployment', 'check_deployment_status']
  const said: string[] = []
  for (const tool of steps) said.push(kindOf(await one.call(tool, { taskId })))
  expect(said).toEqual(becomes)
})

test('an id says where its deployment goes, of what, and stays a name; called by another it is not found', async () => {
  const one = await server(EVERYTHING)
  const long = `3.1.0+${'a'.repeat(90)}`
  for (const [version, end] of [
    ['3.1.0', '@3.1.0'],
    [long, ''],
  ]) {
    const { taskId } = (await one.call('start_deployment', { ...ledger, version })).data
    expect(taskId).toMatch(/^dep-[0-9a-f]{28}:production:ledger/)
    expect(taskId.slice(50)).toBe(end)
    for (const tool of ['approve_deployment', 'cancel_deployment']) {
      const other = taskId.replace('production', 'staging')
      expect(kindOf(await one.call(tool, { taskId: other }))).toBe('not_found')
      expect(kindOf(await one.call(tool, { taskId: taskId.slice(0, 32) }))).toBe('validation_error')
    }
    expect(kindOf(await one.call('check_deployment_status', { taskId }))).toBe('waiting')
    expect(kindOf(await one.call('cancel_deployment', { taskId }))).toBe('cancelled')
  }
  const back = (await one.call('rollback_deployment', { service: 'checkout', environment: 'staging' })).data
  expect(back.taskId).toMatch(/:staging:checkout@rollback$/)
})

test('approved by many at once it begins once; afterwards its key gives the same deployment', async () => {
  const one = await server(EVERYTHING)
  const asked = { ...ledger, idempotencyKey: 'k' }
  const { taskId } = (await one.call('start_deployment', asked)).data
  const all = await Promise.all([1, 2, 3, 4].map(() => one.call('approve_deployment', { taskId })))
  expect(all.map(kindOf).toSorted()).toEqual(['conflict', 'conflict', 'conflict', 'working'])
  expect((await one.call('start_deployment', asked)).data).toMatchObject({ taskId, state: 'working' })
  expect((await one.call('list_deployments')).data.deployments).toHaveLength(1)
})

test('back, and no further by itself: what a rollback left is gone forward to with a deployment', async () => {
  const one = await server()
  const staging = { service: 'checkout', environment: 'staging' }
  const first = await one.call('rollback_deployment', { ...staging, idempotencyKey: 'k' })
  expect((await one.call('rollback_deployment', staging)).data.error.kind).toBe('conflict')
  one.clock.now += 11_000
  expect((await one.call('rollback_deployment', { ...staging, idempotencyKey: 'k' })).data).toMatchObject({
    taskId: first.data.taskId,
    version: '2.3.0',
    state: 'completed',
  })
  expect((await one.call('rollback_deployment', staging)).data.error).toMatchObject({
    kind: 'validation_error',
    message: '2.3.1 is not before 2.3.0, which runs there.',
  })
  expect((await one.call('rollback_deployment', { ...staging, toVersion: '2.3.0' })).failed).toBe(true)
  expect((await one.call('rollback_deployment', { ...staging, toVersion: '2.2.0' })).data.version).toBe('2.2.0')
  one.clock.now += 11_000
  expect((await one.call('start_deployment', { ...staging, version: '2.3.1' })).data.state).toBe('working')
})

test('who waits for a deployment is told of each step once, and of its end as soon as it is there', async () => {
  const one = await server()
  const { taskId } = (await one.call('start_deployment', { ...ledger, version: '3.2.0', environment: 'staging' })).data
  const told: unknown[] = []
  const onprogress = ({ progress, message }: { progress: number; message?: string | undefined }) => {
    told.push([progress, message])
    const on = told.length === 1 ? 5_000 : 6_000
    // It has been looked at once more by then.
    setTimeout(() => (one.clock.now += on), 700)
  }
  const name = 'check_deployment_status'
  const waiting = { name, arguments: { taskId, waitSeconds: 25 } }
  expect((await one.client.callTool(waiting, { onprogress })).structuredContent).toMatchObject({ state: 'completed' })
  expect(told).toEqual([
    [0, 'Fetch the image'],
    [40, 'Change the database'],
    [100, 'Done'],
  ])
})

test('a list that does not wait for a slow backend does not take it for one that is down', async () => {
  const clock = { now: NOON }
  const backend = await startBackend(clock)
  opened.push(backend.api)
  const one = await server(backend.env, clock)
  for (const [service, version] of [
    ['checkout', '2.5.0'],
    ['payments', '1.6.0'],
    ['ledger', '3.2.0'],
    ['recommendations', '0.9.1'],
    ['storefront', '5.3.0'],
  ] as const)
    await one.call('start_deployment', { service, version, environment: 'development' })
  backend.api.faults.push(...Array(5).fill('silence'))
  const { data } = await one.call('list_deployments')
  expect(data.deployments.map((task: { message: string }) => task.message)).toEqual(
    Array(5).fill(expect.stringMatching(/^Last known: .* does not answer\.$/)),
  )
  // On a busy computer not all of them may have been asked.
  backend.api.faults.length = 0
  expect((await one.call('list_services')).failed).toBe(false)
})

test('a clock that is set back makes no progress less than none', async () => {
  const one = await server()
  const { taskId } = (await one.call('start_deployment', { ...ledger, version: '3.2.0', environment: 'staging' })).data
  one.clock.now = NOON - 86_400_000
  expect((await one.call('check_deployment_status', { taskId })).data).toMatchObject({ state: 'working', progress: 0 })
  expect((await one.call('get_deployment_logs', { taskId })).data.log).not.toContain('done')
  one.clock.now = NOON + 11_000
  expect((await one.call('check_deployment_status', { taskId })).data.state).toBe('completed')
})

test('two replicas: begun at one, approved and watched at the other; of starts at both, one', async () => {
  const clock = { now: NOON }
  const backend = await startBackend(clock)
  opened.push({ close: () => backend.api.close() })
  const env = { ...backend.env, ...EVERYTHING, STATE_FILE: join(folder, 'shared.db') }
  const [a, b] = [await server(env, clock), await server(env, clock)]
  const asked = { ...ledger, idempotencyKey: 'k' }
  const { taskId } = (await a.call('start_deployment', asked)).data
  expect((await b.call('start_deployment', asked)).data).toMatchObject({ taskId, state: 'waiting' })
  const approved = await Promise.all([a, b].map(one => one.call('approve_deployment', { taskId })))
  expect(approved.map(kindOf).toSorted()).toEqual(['conflict', 'working'])
  expect(kindOf(await b.call('cancel_deployment', { taskId }))).toBe('cancelled')
  expect(kindOf(await a.call('check_deployment_status', { taskId }))).toBe('cancelled')
  const versions = ['3.2.0', '3.3.0', '3.4.0', '3.5.0']
  const many = versions.map((version, n) =>
    [a, b][n % 2]!.call('start_deployment', { ...ledger, version, environment: 'staging' }),
  )
  expect((await Promise.all(many)).filter(called => !called.failed)).toHaveLength(1)
  const puts = backend.api.seen.filter(({ method }) => method === 'PUT')
  expect(new Set(puts.map(({ path }) => path)).size).toBe(2)
})

test('approved, and the process ends before the backend hears of it: lost is said, and its key goes on', async () => {
  const clock = { now: NOON }
  const backend = await startBackend(clock)
  opened.push({ close: () => backend.api.close() })
  const env = { ...backend.env, ...EVERYTHING, STATE_FILE: join(folder, 'lost.db') }
  const [a, b] = [await server(env, clock), await server(env, clock)]
  const asked = { ...ledger, idempotencyKey: 'k' }
  const { taskId } = (await a.call('start_deployment', asked)).data
  const { begin } = backend.demo
  let isHeld = true
  backend.demo.begin = async order => (isHeld ? new Promise(() => {}) : begin.call(backend.demo, order))
  const approving = a.call('approve_deployment', { taskId }).catch(() => null)
  await expect.poll(() => backend.api.seen.some(({ method }) => method === 'PUT'), { timeout: 20_000 }).toBe(true)
  expect(kindOf(await b.call('check_deployment_status', { taskId }))).toBe('working')
  clock.now += 181_000
  const lost = (await b.call('check_deployment_status', { taskId })).data
  expect(lost).toMatchObject({ state: 'failed', message: expect.stringContaining('never begun') })
  isHeld = false
  expect((await b.call('start_deployment', asked)).data).toMatchObject({
    taskId,
    state: 'working',
    approvedBy: 'local',
  })
  await a.close()
  await approving
})

test('who may deploy nowhere takes no service away, also one that is configured nowhere', async () => {
  const clock = { now: NOON }
  const backend = await startBackend(clock)
  opened.push({ close: () => backend.api.close() })
  const bare = { ...(await backend.demo.service('ledger')), environments: {} }
  backend.demo.service = async () => bare
  const asked = { service: 'ledger', confirmation: 'DELETE' }
  const some = await server({ ...backend.env, DEPLOY_PERMISSIONS: 'deploy:dev,deploy:staging' }, clock)
  expect((await some.call('delete_service', asked)).data.error.kind).toBe('permission_denied')
  const all = await server({ ...backend.env, ...EVERYTHING }, clock)
  expect((await all.call('delete_service', asked)).data).toMatchObject({ environments: [] })
})
