// The same rules at a real backend over HTTP: the demo behind the requests of the README, with a token service, and faults.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Failure } from '../kit/failure.ts'
import { HttpBackend } from './http-backend.ts'
import { EVERYTHING, NOON, type Opened, open, startBackend } from './test-deployments.ts'
import { Tokens } from './token.ts'

const clock = { now: NOON }
let backend: Awaited<ReturnType<typeof startBackend>>
const opened: Opened[] = []
beforeEach(async () => {
  clock.now = NOON
  backend = await startBackend(clock)
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  await backend.api.close()
})
async function server(env: Record<string, string> = {}): Promise<Opened> {
  const one = await open({ ...backend.env, ...env }, clock)
  opened.push(one)
  return one
}
/** The client alone, in a hurry. */
function direct(more: { timeoutMs?: number } = {}) {
  const { OAUTH_TOKEN_URL: url, DEPLOYMENTS_URL } = backend.env
  const tokens = new Tokens({ url, clientId: 'gatehouse', clientSecret: backend.secret }, () => clock.now)
  return new HttpBackend({ url: DEPLOYMENTS_URL, tokens, firstDelayMs: 1, ...more })
}
const signal = () => AbortSignal.timeout(20_000)
const asked = (path: string) => backend.api.seen.filter(request => request.path === path)
const checkout = { service: 'checkout', version: '2.5.0', environment: 'development' }

test('a deployment from its check to its end, and nothing is called a demo', async () => {
  const one = await server(EVERYTHING)
  const listed = await one.call('list_services')
  expect(listed.data).toMatchObject({ total: 5, backend: 'http' })
  const started = await one.call('start_deployment', checkout)
  expect(started.data).toMatchObject({ state: 'working', from: '2.4.0', backend: 'http' })
  expect(started.text).not.toContain('demo')
  const { taskId } = started.data
  expect(asked(`/v1/deployments/${encodeURIComponent(taskId)}`)[0]).toMatchObject({
    method: 'PUT',
    headers: { authorization: 'Bearer token-1' },
  })
  clock.now += 5_000
  expect((await one.call('check_deployment_status', { taskId })).data).toMatchObject({ state: 'working', progress: 40 })
  clock.now += 6_000
  expect((await one.call('check_deployment_status', { taskId })).data.state).toBe('completed')
  expect((await one.call('get_deployment_logs', { taskId })).data.log).toContain('Roll out: done')
  expect((await one.call('rollback_deployment', { ...checkout, version: undefined })).data.version).toBe('2.4.0')
  const gone = await one.call('delete_service', {
    service: 'recommendations',
    confirmation: 'DELETE',
    environments: ['development', 'staging'],
  })
  expect(gone.failed).toBe(false)
  expect(await backend.demo.services()).not.toContain('recommendations')
})

test('a token is fetched once for many, kept until shortly before its end, and fetched anew when it is not taken', async () => {
  const client = direct()
  await Promise.all([1, 2, 3, 4].map(() => client.services(signal())))
  expect(backend.tokens.given).toBe(1)
  clock.now += 3_569_000
  await client.services(signal())
  expect(backend.tokens.given).toBe(1)
  clock.now += 2_000
  await client.services(signal())
  expect(backend.tokens.given).toBe(2)
  backend.tokens.valid.clear()
  await client.services(signal())
  expect(backend.tokens.given).toBe(3)
  // Taken by nobody: said, rather than tried for ever.
  backend.tokens.valid.add = function (this: Set<string>) {
    return this
  }
  backend.tokens.valid.clear()
  await expect(client.services(signal())).rejects.toMatchObject({ kind: 'permission_denied' })
  expect(backend.tokens.given).toBe(4)
})

test('a token service that refuses is said; one that fails is asked again; the secret is in no answer and no log', async () => {
  const one = await server({ OAUTH_CLIENT_SECRET: 'wrong-secret-5521' })
  const refused = await one.call('list_services')
  expect(refused.data.error).toMatchObject({
    kind: 'permission_denied',
    suggestion: expect.stringContaining('OAUTH_CLIENT_SECRET'),
  })
  expect(JSON.stringify(refused) + one.lines).not.toContain('wrong-secret-5521')
  backend.api.faults.push({ status: 503 }, 'drop', 'garbage')
  await expect(direct().services(signal())).rejects.toMatchObject({
    message: 'What the token service answered is no token.',
  })
  backend.api.faults.push({ status: 503 }, 'drop')
  expect(await direct().services(signal())).toHaveLength(5)
})

test('refusals in words: what may not, what is in the way, what there is not', async () => {
  const client = direct()
  await client.services(signal())
  for (const [status, kind, said] of [
    [403, 'permission_denied', 'This server’s account may not do this at the deployment backend: only on weekdays.'],
    [409, 'conflict', 'The deployment backend is doing something else there: only on weekdays.'],
    [404, 'not_found', 'knows nothing of that name'],
    [422, 'validation_error', 'refuses this'],
  ] as const) {
    const before = backend.api.seen.length
    backend.api.faults.push({ status, body: { message: 'only on weekdays.' } })
    await expect(client.service('checkout', signal())).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(said),
    })
    expect(backend.api.seen.length - before).toBe(1)
  }
  for (const body of [
    '<html>',
    { name: '../x' },
    { ...(await backend.demo.service('ledger')), environments: { moon: 1 } },
  ]) {
    backend.api.faults.push({ body })
    await expect(client.service('checkout', signal())).rejects.toThrow('answered something else than expected')
  }
})

test('what may pass is asked again, three times; after five failures it is left alone', async () => {
  const client = direct({ timeoutMs: 3_000 })
  await client.services(signal())
  backend.api.faults.push({ status: 500 }, 'silence', 'cut')
  expect(await client.services(signal())).toHaveLength(5)
  const before = backend.api.seen.length
  backend.api.faults.push(...Array(20).fill({ status: 503 }))
  await expect(client.services(signal())).rejects.toMatchObject({ kind: 'upstream_error' })
  expect(backend.api.seen.length - before).toBe(4)
  await expect(client.services(signal())).rejects.toThrow('left alone for a minute')
  expect(backend.api.seen.length - before).toBe(5)
})

test('a backend that says a lot is understood; what it says of credentials is taken out', async () => {
  const one = await server()
  const { taskId } = (await one.call('start_deployment', checkout)).data
  const secrets = ['token-1', 'hunter2hunter2', `ghp_${'a'.repeat(36)}`]
  const lines = Array.from({ length: 12_000 }, (_, n) => `line ${n}`)
  lines.push(`Authorization: Bearer token-1, DB_PASSWORD=${secrets[1]} ${secrets[2]}`, 'y'.repeat(20_000))
  const run = { state: 'running', progress: 120, message: `${secrets[2]} ${'x'.repeat(5_000)}`, lines }
  backend.api.faults.push(
    { body: run },
    { body: run },
    { status: 403, body: { message: `No: token-1, password=${secrets.slice(1).join(' ')}` } },
  )
  const status = await one.call('check_deployment_status', { taskId })
  expect(status.data).toMatchObject({ state: 'working', progress: 100, message: expect.stringMatching(/… \(cut\)$/) })
  const logs = await one.call('get_deployment_logs', { taskId })
  expect(logs.data.log).toMatch(/^\(2002 lines before these are left out\)\nline 2002\n/)
  expect(logs.data.log).toContain(`${'y'.repeat(10_000)}… (cut)`)
  const refused = await one.call('get_deployment_logs', { taskId })
  expect(refused.data.error.message).toContain('may not do this at the deployment backend: No:')
  const said = JSON.stringify([status, logs, refused]) + one.lines
  expect(secrets.filter(secret => said.includes(secret))).toEqual([])
  const before = backend.api.seen.length
  backend.api.faults.push({ body: Buffer.alloc(10_100_000, 32) })
  expect((await one.call('get_deployment_logs', { taskId })).data.error.message).toContain('more than 10 MB')
  expect(backend.api.seen.length - before).toBe(1)
})

test('a list does not wait for a backend, or its token service, that is silent', async () => {
  const one = await server()
  const { taskId } = (await one.call('start_deployment', checkout)).data
  backend.tokens.valid.clear()
  backend.api.faults.push({ status: 401 }, 'silence')
  const { data } = await one.call('list_deployments')
  expect(data.deployments).toMatchObject([
    { taskId, state: 'working', message: expect.stringMatching(/^Last known: .* does not answer\.$/) },
  ])
})

test('refused, and nobody can say whether it was begun before: it stays in the list', async () => {
  const one = await server()
  await one.call('list_services')
  backend.demo.begin = async () => {
    backend.api.faults.push(...Array(4).fill('drop'))
    throw new Failure('conflict', 'The cluster is being upgraded', '')
  }
  const { data } = await one.call('start_deployment', checkout)
  expect(data.error).toMatchObject({
    kind: 'conflict',
    suggestion: expect.stringContaining('It may have begun'),
    details: { taskId: expect.any(String) },
  })
  expect((await one.call('list_deployments')).data.deployments).toMatchObject([{ taskId: data.error.details.taskId }])
})

test('begun, and the backend fails or forgets: nobody says it was not, and its key deploys nothing again', async () => {
  const one = await server()
  const wanted = { ...checkout, idempotencyKey: 'k' }
  const { run } = backend.demo
  backend.demo.run = async () => {
    throw new Error('Out of memory')
  }
  const { error } = (await one.call('start_deployment', wanted)).data
  const { taskId } = error.details
  expect(error.suggestion).toContain(`It may have begun: look at ${taskId}`)
  backend.demo.run = async () => null
  clock.now += 86_400_000
  const forgotten = { taskId, state: 'failed', message: expect.stringContaining('knows nothing of it any more') }
  expect((await one.call('check_deployment_status', { taskId })).data).toMatchObject(forgotten)
  expect((await one.call('start_deployment', wanted)).data).toMatchObject(forgotten)
  expect(backend.api.seen.filter(({ method }) => method === 'PUT')).toHaveLength(1)
  backend.demo.run = run
  expect((await one.call('check_deployment_status', { taskId })).data.state).toBe('completed')
})

test('a service whose deletion is answered only the second time is deleted', async () => {
  const client = direct()
  await client.services(signal())
  backend.api.faults.push('lose-answer')
  await client.remove('recommendations', signal())
  expect(asked('/v1/services/recommendations')).toHaveLength(2)
  expect(await backend.demo.services()).not.toContain('recommendations')
})

test('an answer that is lost does not deploy twice', async () => {
  const one = await server()
  await one.call('list_services')
  const order = { id: `dep-${'a'.repeat(28)}`, kind: 'deploy', ...checkout, environment: 'development' } as const
  const client = direct()
  await client.services(signal())
  backend.api.faults.push('lose-answer')
  await client.begin(order, signal())
  expect(asked(`/v1/deployments/${order.id}`)).toHaveLength(2)
  const lines = (await client.run(order.id, signal()))!.lines
  expect(lines.filter(line => line.startsWith('Demo: deploy'))).toHaveLength(1)
})

test('a backend that is asked too often has begun nothing: the same key may try again at once', async () => {
  const one = await server()
  const wanted = { ...checkout, idempotencyKey: 'k' }
  const { begin } = backend.demo
  backend.demo.begin = async () => {
    throw new Failure('rate_limited', 'Too fast', '')
  }
  const { error } = (await one.call('start_deployment', wanted)).data
  expect(error).toMatchObject({ kind: 'rate_limited' })
  backend.demo.begin = order => begin.call(backend.demo, order)
  expect(backend.api.seen.filter(({ method }) => method === 'PUT')).toHaveLength(4)
  expect((await one.call('list_deployments')).data.deployments).toEqual([])
  expect((await one.call('start_deployment', wanted)).data.state).toBe('working')
})

test('what the backend refuses leaves nothing behind; the same key may try again', async () => {
  const one = await server()
  await one.call('check_deployment_prerequisites', checkout)
  const wanted = { ...checkout, idempotencyKey: 'k' }
  const realPut = backend.demo.begin.bind(backend.demo)
  backend.demo.begin = async () => {
    throw new Failure('conflict', 'The cluster is being upgraded', '')
  }
  const refused = await one.call('start_deployment', wanted)
  expect(refused.data.error).toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('The cluster is being upgraded'),
  })
  expect((await one.call('list_deployments')).data.deployments).toEqual([])
  backend.demo.begin = realPut
  expect((await one.call('start_deployment', wanted)).data.state).toBe('working')
})

test('a backend that fails while it is told: nobody says it has not begun; it is seen, gone on with, or cancelled', async () => {
  const one = await server({ CALL_TIMEOUT_MS: '20000' })
  const { begin } = backend.demo
  // Of two deployments one was begun and one was not, and both answers are lost.
  for (const [environment, version, isBegun] of [
    ['development', '2.5.0', true],
    ['staging', '2.3.2', false],
  ] as const) {
    backend.demo.begin = async order => {
      if (isBegun) await begin.call(backend.demo, order)
      throw new Error('Out of memory')
    }
    const wanted = { service: 'checkout', environment, version, idempotencyKey: environment }
    const { data } = await one.call('start_deployment', wanted)
    const { taskId } = data.error.details
    expect(data.error).toMatchObject({
      kind: 'upstream_error',
      suggestion: expect.stringContaining('It may have begun'),
    })
    backend.demo.begin = order => begin.call(backend.demo, order)
    expect((await one.call('check_deployment_status', { taskId })).data.state).toBe('working')
    expect((await one.call('start_deployment', { ...wanted, idempotencyKey: 'other' })).data.error.kind).toBe(
      'conflict',
    )
    if (isBegun) expect((await one.call('start_deployment', wanted)).data).toMatchObject({ taskId, state: 'working' })
    expect((await one.call('cancel_deployment', { taskId })).data.state).toBe('cancelled')
    expect((await backend.demo.run(taskId))?.state).toBe(isBegun ? 'cancelled' : undefined)
  }
  await backend.api.close()
  const { deployments } = (await one.call('list_deployments')).data
  expect(deployments).toHaveLength(2)
})
