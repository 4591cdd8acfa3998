import { afterEach, expect, test } from 'vitest'
import { EVERYTHING, NOON, type Opened, open } from './test-deployments.ts'

const opened: Opened[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})
async function server(...given: Parameters<typeof open>): Promise<Opened> {
  const one = await open(...given)
  opened.push(one)
  return one
}
const checkout = { service: 'checkout', version: '2.5.0', environment: 'development' }
const REMOTE = {
  OAUTH_TOKEN_URL: 'https://example.com/token',
  OAUTH_CLIENT_ID: 'x',
  OAUTH_CLIENT_SECRET: 'y',
}
const configOf = async ({ client }: Opened, service: string) =>
  JSON.parse(
    ((await client.readResource({ uri: `deployments://config/${service}` })).contents[0] as { text: string }).text,
  )

test('a deployment: checked, started, watched to its end, in the configuration then', async () => {
  const one = await server()
  const checked = await one.call('check_deployment_prerequisites', checkout)
  expect(checked.data).toMatchObject({ proceed: true, issues: [], backend: 'demo' })
  const kinds = checked.data.passed.map((passed: { check: string }) => passed.check)
  expect(kinds).toEqual(['configuration', 'version', 'dependency', 'dependency', 'window', 'permission', 'turn'])
  const started = await one.call('start_deployment', checkout)
  expect(started.data).toMatchObject({ state: 'working', from: '2.4.0', by: 'local', backend: 'demo' })
  expect(started.text).toContain('This is a demo: nothing real is deployed.')
  const { taskId } = started.data
  const seen: [string, number][] = []
  for (let s = 0; s <= 10; s += 2) {
    one.clock.now = NOON + s * 1_000
    const { data } = await one.call('check_deployment_status', { taskId })
    seen.push([data.state, data.progress])
  }
  expect(seen).toEqual([
    ['working', 0],
    ['working', 20],
    ['working', 40],
    ['working', 60],
    ['working', 80],
    ['completed', 100],
  ])
  expect((await one.call('get_deployment_logs', { taskId })).data.log).toMatch(
    /^Demo: deploy of checkout 2\.5\.0 .*\nFetch the image: done\n/,
  )
  expect((await configOf(one, 'checkout')).environments.development).toEqual({
    version: '2.5.0',
    previous: '2.4.0',
    healthy: true,
  })
  expect((await one.call('list_deployments')).data.deployments).toMatchObject([{ taskId, state: 'completed' }])
})

test('everything that is missing is said at once, and none of it starts', async () => {
  const one = await server()
  const table: [string, object, string[]][] = [
    ['an unknown service', { ...checkout, service: 'nobody' }, ['There is no service nobody.']],
    [
      'an environment without configuration',
      { service: 'recommendations', version: '1.0.0', environment: 'production' },
      ['no configuration for production', 'needs the permission deploy:production'],
    ],
    ['a version out of range', { ...checkout, version: '3.0.0' }, ['takes >=2.0.0 <3.0.0']],
    ['the same version', { ...checkout, version: '2.4.0' }, ['already runs']],
    ['an older version', { ...checkout, version: '2.3.9' }, ['older than 2.4.0']],
    [
      'an unhealthy dependency',
      { service: 'storefront', version: '5.2.0', environment: 'staging' },
      ['recommendations, which is not healthy'],
    ],
  ]
  for (const [what, asked, said] of table) {
    const { data } = await one.call('check_deployment_prerequisites', asked as Record<string, unknown>)
    const issues = data.issues.map((issue: { message: string }) => issue.message).join('\n')
    for (const words of said)
      expect([what, data.proceed, issues]).toEqual([what, false, expect.stringContaining(words)])
    const started = await one.call('start_deployment', asked as Record<string, unknown>)
    expect([what, started.failed]).toEqual([what, true])
  }
  expect((await one.call('list_deployments')).data.deployments).toEqual([])
  for (const version of ['v2.5.0', '2.5', ' 2.5.0', '2.5.0;rm', 'latest', '=2.5.0'])
    expect((await one.call('start_deployment', { ...checkout, version })).failed).toBe(true)
  for (const service of ['../checkout', 'Checkout', 'a', 'checkout/x', 'x'.repeat(51)])
    expect((await one.call('start_deployment', { ...checkout, service })).failed).toBe(true)
})

test('prereleases do not go to production; a dependency must run in the version that is needed', async () => {
  const one = await server({ ...EVERYTHING, APPROVAL_FOR: '' })
  const pre = await one.call('start_deployment', {
    service: 'ledger',
    version: '3.2.0-rc.1',
    environment: 'production',
  })
  expect(pre.data.error).toMatchObject({ kind: 'conflict', message: expect.stringContaining('is a prerelease') })
  await one.call('start_deployment', { service: 'payments', version: '1.9.0-rc.1', environment: 'development' })
  one.clock.now += 11_000
  expect((await one.call('check_deployment_prerequisites', checkout)).data.proceed).toBe(true)
})

test.each([
  [{ DEPLOY_WINDOWS: 'production=Mon-Thu 16:00-10:00' }, 'DEPLOY_WINDOWS'],
  [{ DEPLOY_WINDOWS: 'prod=Mon 10:00-12:00' }, 'DEPLOY_WINDOWS'],
  [{ DEPLOY_WINDOWS: 'production=Thu-Mon 10:00-12:00' }, 'DEPLOY_WINDOWS'],
  [{ DEPLOY_TIME_ZONE: 'Europe/Nowhere' }, 'DEPLOY_TIME_ZONE'],
  [{ OAUTH_CLIENT_ID: 'x' }, 'go together'],
  [{ OAUTH_TOKEN_URL: 'http://example.com/token' }, 'https'],
  [{ APPROVAL_FOR: 'prod' }, 'APPROVAL_FOR'],
  [{ DEPLOY_PERMISSIONS: 'deploy:dev,deploy:prod' }, 'DEPLOY_PERMISSIONS'],
  [{ DEPLOYMENTS_URL: 'https://me:secret@example.com/' }, 'DEPLOYMENTS_URL'],
  [{ ...REMOTE, DEPLOYMENTS_URL: 'http://example.com/v1' }, 'DEPLOYMENTS_URL begins with https://'],
])('a setting that makes no sense is said at start: %o', async (env, said) => {
  await expect(open(env as unknown as Record<string, string>)).rejects.toThrow(said)
})

test('production needs its permission and its group', async () => {
  const wanted = { service: 'ledger', version: '3.1.0', environment: 'production' }
  for (const [env, missing] of [
    [{}, 'the permission deploy:production'],
    [{ DEPLOY_PERMISSIONS: 'deploy:production' }, 'the group production-deployers'],
    [{ DEPLOY_PERMISSIONS: 'deploy:dev', DEPLOY_GROUPS: 'production-deployers' }, 'the permission deploy:production'],
  ] as const) {
    const one = await server(env)
    const { data } = await one.call('start_deployment', wanted)
    expect(data.error).toMatchObject({ kind: 'permission_denied', message: expect.stringContaining(missing) })
  }
  const none = await server({ DEPLOY_PERMISSIONS: 'deploy:staging' })
  expect((await none.call('start_deployment', checkout)).data.error.kind).toBe('permission_denied')
})

test('where approval is needed it waits; what was true is checked again when it is given', async () => {
  const one = await server(EVERYTHING)
  const wanted = { service: 'ledger', version: '3.1.0', environment: 'production' }
  const { data } = await one.call('start_deployment', wanted)
  const { taskId } = data
  expect(data).toMatchObject({ state: 'waiting', progress: 0 })
  one.clock.now += 60_000
  expect((await one.call('check_deployment_status', { taskId })).data.state).toBe('waiting')
  // By the evening the window is closed.
  one.clock.now = NOON + 6 * 3_600_000
  expect((await one.call('approve_deployment', { taskId })).data.error).toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('closed'),
  })
  one.clock.now = NOON + 86_400_000
  expect((await one.call('approve_deployment', { taskId })).data).toMatchObject({
    state: 'working',
    approvedBy: 'local',
  })
  expect((await one.call('approve_deployment', { taskId })).data.error.kind).toBe('conflict')
  one.clock.now += 11_000
  expect((await one.call('check_deployment_status', { taskId })).data.state).toBe('completed')
})

test('one at a time for a service in an environment; cancelling makes room', async () => {
  const one = await server()
  const first = await one.call('start_deployment', checkout)
  const { taskId } = first.data
  const second = await one.call('start_deployment', { ...checkout, version: '2.6.0' })
  expect(second.data.error).toMatchObject({ kind: 'conflict', message: expect.stringContaining(taskId) })
  expect((await one.call('start_deployment', { ...checkout, environment: 'staging', version: '2.3.2' })).failed).toBe(
    false,
  )
  expect((await one.call('cancel_deployment', { taskId })).data.state).toBe('cancelled')
  expect((await one.call('cancel_deployment', { taskId })).data.state).toBe('cancelled')
  one.clock.now++
  expect((await one.call('start_deployment', { ...checkout, version: '2.6.0' })).failed).toBe(false)
  const all = (await one.call('list_deployments', { service: 'checkout', environment: 'development' })).data.deployments
  expect(all.map((task: { version: string; state: string }) => [task.version, task.state])).toEqual([
    ['2.6.0', 'working'],
    ['2.5.0', 'cancelled'],
  ])
  const many = await Promise.all(
    ['3.5.0', '3.6.0', '3.7.0'].map(version =>
      one.call('start_deployment', { service: 'ledger', version, environment: 'staging' }),
    ),
  )
  expect(many.filter(called => !called.failed)).toHaveLength(1)
})

test('the same key is the same deployment; with something else it is a conflict', async () => {
  const one = await server()
  const asked = { ...checkout, idempotencyKey: 'release-7' }
  const all = await Promise.all([1, 2, 3].map(() => one.call('start_deployment', asked)))
  expect(new Set(all.map(called => called.data.taskId)).size).toBe(1)
  one.clock.now += 11_000
  const later = await one.call('start_deployment', asked)
  expect(later.data).toMatchObject({ taskId: all[0]!.data.taskId, state: 'completed' })
  const other = await one.call('start_deployment', { ...asked, version: '2.6.0' })
  expect(other.data.error).toMatchObject({ kind: 'conflict', message: expect.stringContaining('another deployment') })
  expect((await one.call('list_deployments')).data.deployments).toHaveLength(1)
  // What was refused leaves the key free.
  const early = { service: 'checkout', version: '9.0.0', environment: 'staging', idempotencyKey: 'k' }
  expect((await one.call('start_deployment', early)).failed).toBe(true)
  expect((await one.call('list_deployments')).data.deployments).toHaveLength(1)
})

test('back to the version before, or to the one named; a failed one changes nothing', async () => {
  const one = await server()
  const back = await one.call('rollback_deployment', { service: 'checkout', environment: 'staging' })
  expect(back.data).toMatchObject({ kind: 'rollback', version: '2.3.0', from: '2.3.1', state: 'working' })
  one.clock.now += 11_000
  expect((await configOf(one, 'checkout')).environments.staging).toMatchObject({ version: '2.3.0', previous: '2.3.1' })
  const forward = await one.call('rollback_deployment', { service: 'checkout', environment: 'staging' })
  expect(forward.data.error).toMatchObject({ kind: 'validation_error', message: expect.stringContaining('not before') })
  const odd = await one.call('rollback_deployment', { service: 'checkout', environment: 'staging', toVersion: '1.0.0' })
  expect(odd.data.error.message).toContain('does not fit')
  const first = await one.call('rollback_deployment', { service: 'recommendations', environment: 'development' })
  expect(first.data.error.kind).toBe('not_found')
  const broken = await one.call('start_deployment', { ...checkout, version: '2.5.0-broken' })
  one.clock.now += 11_000
  const { data } = await one.call('check_deployment_status', { taskId: broken.data.taskId })
  expect(data).toMatchObject({ state: 'failed', message: 'It was not healthy after the roll-out' })
  expect((await configOf(one, 'checkout')).environments.development.version).toBe('2.4.0')
})

test('a protected environment is not rolled back and keeps its services, unless the person says so', async () => {
  const one = await server(EVERYTHING)
  const asked = { service: 'checkout', environment: 'production' }
  expect((await one.call('rollback_deployment', asked)).data.error).toMatchObject({
    kind: 'permission_denied',
    suggestion: expect.stringContaining('PROTECTED_ENVIRONMENTS'),
  })
  const all = ['development', 'staging', 'production']
  const whole = { service: 'checkout', confirmation: 'DELETE', environments: all }
  expect((await one.call('delete_service', whole)).data.error.kind).toBe('permission_denied')
  const some = { service: 'recommendations', environments: ['development', 'staging'] }
  for (const confirmation of ['delete', 'yes', true, undefined])
    expect((await one.call('delete_service', { ...some, confirmation })).text).toContain('ask the person first')
  for (const environments of [['staging'], ['production', 'staging']]) {
    const { data } = await one.call('delete_service', { ...some, confirmation: 'DELETE', environments })
    expect(data.error).toMatchObject({
      kind: 'validation_error',
      suggestion: expect.stringContaining('["development","staging"]'),
    })
  }
  expect((await one.call('list_services')).data.services).toHaveLength(5)
  const gone = await one.call('delete_service', { ...some, confirmation: 'DELETE' })
  expect(gone.data).toMatchObject({ environments: ['development', 'staging'] })
  expect((await one.call('list_services')).data.services).not.toContain('recommendations')
  const free = await server({ ...EVERYTHING, PROTECTED_ENVIRONMENTS: 'none' })
  expect((await free.call('rollback_deployment', asked)).data).toMatchObject({ state: 'working', version: '2.2.4' })
  expect((await free.call('delete_service', whole)).data.error.message).toContain('is on its way')
})

test('lists come in pages, newest first, and a task that there is not is said', async () => {
  const one = await server({ DEMO_SECONDS: '0' })
  for (const patch of [5, 6, 7, 8]) {
    one.clock.now += 1_000
    await one.call('start_deployment', { ...checkout, version: `2.${patch}.0` })
  }
  const first = await one.call('list_deployments', { limit: 3 })
  const second = await one.call('list_deployments', { limit: 3, cursor: first.data.nextCursor })
  const versions = [first, second].flatMap(called =>
    called.data.deployments.map((task: { version: string }) => task.version),
  )
  expect([versions, second.data.nextCursor]).toEqual([['2.8.0', '2.7.0', '2.6.0', '2.5.0'], undefined])
  const cursor = first.data.nextCursor
  expect((await one.call('list_deployments', { environment: 'staging', cursor })).text).toContain('of another list')
  const { data } = await one.call('check_deployment_status', { taskId: `dep-${'0'.repeat(28)}:staging:ledger@1.0.0` })
  expect(data.error).toMatchObject({ kind: 'not_found', suggestion: 'Look with list_deployments.' })
  await expect(one.client.readResource({ uri: 'deployments://config/nobody' })).rejects.toThrow(
    'There is no service nobody.',
  )
  await expect(one.client.readResource({ uri: 'deployments://config/..%2F..%2Fx' })).rejects.toThrow(
    'There is no such service.',
  )
})
