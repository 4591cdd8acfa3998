// Over HTTP what may be done is in each caller's token, and nobody approves what they started themselves.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApi, type TestApi } from '../kit/test-api.ts'
import { startOverHttp, type TeamServer } from '../kit/test-http.ts'
import { EVERYTHING } from './test-deployments.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-deploy-team-'))
const FIXED = 'fixed-token-0123456789abcdef'
let issuer: TestApi
let server: TeamServer
let sign: (name: string, roles: string[], groups: string[]) => Promise<string>

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const key = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }
  issuer = await startTestApi(() => ({ body: { keys: [key] } }))
  sign = (name, roles, groups) =>
    new SignJWT({ roles, groups })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(issuer.url)
      .setAudience('deployments')
      .setSubject(name)
      .setExpirationTime('1h')
      .sign(privateKey)
  server = await startOverHttp('deployments/main.ts', {
    JWT_JWKS_URL: `${issuer.url}/keys`,
    JWT_ISSUER: issuer.url,
    JWT_AUDIENCE: 'deployments',
    HTTP_TOKENS: JSON.stringify([{ name: 'ci', token: FIXED, roles: ['deployer', 'deploy:dev'] }]),
    HTTP_ROLES: '{"deployer":["*"],"deploy:dev":[]}',
    DEPLOY_WINDOWS: 'none',
    STATE_FILE: join(folder, 'state.db'),
    // Of this computer's user: it must count for nobody who calls.
    ...EVERYTHING,
  })
})
afterAll(async () => {
  await server?.stop()
  await issuer?.close()
  rmSync(folder, { recursive: true, force: true })
})

const wanted = { service: 'ledger', version: '3.1.0', environment: 'production' }
const said = async (token: string, tool: string, args: object) => {
  const { json } = await server.call(token, tool, args)
  const { isError = false, structuredContent: data } = json.result
  return { isError, data, why: data.error?.message as string | undefined }
}

test('the permission and the group are the caller’s own', async () => {
  const table: [string[], string[], string | undefined][] = [
    [['deployer'], ['production-deployers'], 'Deploying to production needs the permission deploy:production.'],
    [['deployer', 'deploy:production'], [], 'Deploying to production needs the group production-deployers.'],
    [
      ['deployer', 'deploy:staging', 'deploy:dev'],
      ['production-deployers'],
      'Deploying to production needs the permission deploy:production.',
    ],
  ]
  for (const [roles, groups, why] of table)
    expect(await said(await sign('eve', roles, groups), 'start_deployment', wanted)).toMatchObject({
      isError: true,
      why,
    })
  expect((await said(FIXED, 'start_deployment', wanted)).isError).toBe(true)
  const dev = { ...wanted, version: '3.2.0', environment: 'development' }
  expect((await said(FIXED, 'start_deployment', dev)).data).toMatchObject({ by: 'ci', state: 'working' })
})

test('somebody else approves; a key is its caller’s own', async () => {
  const may = [['deployer', 'deploy:production'], ['production-deployers']] as const
  const [ann, bob] = await Promise.all(['ann', 'bob'].map(name => sign(name, [...may[0]], [...may[1]])))
  const eve = await sign('eve', ['deployer'], [])
  const { data } = await said(ann!, 'start_deployment', { ...wanted, idempotencyKey: 'k' })
  const { taskId } = data
  expect(data).toMatchObject({ state: 'waiting', by: 'ann' })
  expect((await said(ann!, 'approve_deployment', { taskId })).why).toBe(
    'Whoever started a deployment cannot approve it.',
  )
  expect((await said(eve, 'approve_deployment', { taskId })).why).toContain('needs the permission')
  expect((await said(eve, 'cancel_deployment', { taskId })).why).toContain('needs the permission')
  // Bob's key of the same name is another one.
  expect((await said(bob!, 'start_deployment', { ...wanted, idempotencyKey: 'k' })).data.error.kind).toBe('conflict')
  expect((await said(ann!, 'start_deployment', { ...wanted, idempotencyKey: 'k' })).data).toMatchObject({ taskId })
  expect((await said(bob!, 'approve_deployment', { taskId })).data).toMatchObject({
    state: 'working',
    approvedBy: 'bob',
  })
})

test('who is asked nothing may look, and deploy nothing', async () => {
  const open = await startOverHttp('deployments/main.ts', { STATE_FILE: ':memory:', ...EVERYTHING })
  try {
    expect((await open.call(null, 'list_services')).json.result.structuredContent.total).toBe(5)
    const { json } = await open.call(null, 'start_deployment', { ...wanted, environment: 'development' })
    expect(json.result.structuredContent.error.kind).toBe('permission_denied')
    expect((await open.ask('/ready')).status).toBe(200)
  } finally {
    await open.stop()
  }
})
