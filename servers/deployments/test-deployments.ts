// A deployments server in this process, on a clock that tests set, with who calls; and its demo behind HTTP as a real backend.
import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { Failure } from '../kit/failure.ts'
import { Log } from '../kit/log.ts'
import { Metrics } from '../kit/metrics.ts'
import { COMMON, readSettings, secretsOf } from '../kit/settings.ts'
import { openState } from '../kit/state.ts'
import { type Reply, type Seen, startTestApi } from '../kit/test-api.ts'
import type { Called } from '../kit/test-client.ts'
import { Kit } from '../kit/tools.ts'
import { Environment } from './backend.ts'
import { DemoBackend } from './demo.ts'
import { deployments } from './server.ts'
import { SETTINGS } from './settings.ts'

/** A Wednesday. */
export const NOON = Date.parse('2026-03-11T12:00:00Z')
export const EVERYTHING = {
  DEPLOY_PERMISSIONS: 'deploy:dev,deploy:staging,deploy:production',
  DEPLOY_GROUPS: 'production-deployers',
}

export interface Clock {
  now: number
}

export async function open(env: Record<string, string> = {}, clock: Clock = { now: NOON }) {
  const lines: string[] = []
  const shape = { ...COMMON, ...SETTINGS }
  const settings = readSettings(shape, { STATE_FILE: ':memory:', RATE_LIMIT: '100000', ...env })
  const log = new Log('deployments', { secrets: secretsOf(shape, settings), write: line => lines.push(line) })
  const kit = new Kit({ log, metrics: new Metrics('deployments', '1'), settings })
  const made = deployments(kit, settings, { now: () => clock.now, firstDelayMs: 1 })
  const client = new Client({ name: 'test', version: '1' })
  const [a, b] = InMemoryTransport.createLinkedPair()
  await Promise.all([made.server().connect(a), client.connect(b)])
  return {
    client,
    clock,
    lines,
    async call(name: string, args: Record<string, unknown> = {}): Promise<Called> {
      const result = await client.callTool({ name, arguments: args })
      const content = result.content as Called['content']
      return { failed: result.isError === true, text: content[0]?.text ?? '', data: result.structuredContent, content }
    },
    close: async () => {
      await client.close()
      await made.close()
    },
  }
}
export type Opened = Awaited<ReturnType<typeof open>>

const SECRET = 'client-secret-77aa'
const STATUS: Record<string, number> = { not_found: 404, conflict: 409, rate_limited: 429 }

/** The demo behind the requests that the README describes, and a token service beside it. */
export async function startBackend(clock: Clock) {
  const state = openState('stand-in', { STATE_FILE: ':memory:' } as never)
  const demo = new DemoBackend(state, 10_000, () => clock.now)
  const tokens = { given: 0, lastsS: 3_600, valid: new Set<string>() }
  const token = ({ headers, body }: Seen): Reply => {
    const basic = Buffer.from(`${headers.authorization}`.replace('Basic ', ''), 'base64').toString()
    // Each half is encoded as in a form (RFC 6749, 2.3.1).
    const isKnown = basic.split(':').map(decodeURIComponent).join(':') === `gatehouse:${SECRET}`
    const isGood = isKnown && new URLSearchParams(body).get('grant_type') === 'client_credentials'
    if (!isGood) return { status: 401, body: { error: 'invalid_client' } }
    const access_token = `token-${++tokens.given}`
    tokens.valid.add(access_token)
    return { body: { access_token, token_type: 'Bearer', expires_in: tokens.lastsS } }
  }
  const api = await startTestApi(async request => {
    const { path, method, headers, body } = request
    if (path === '/token') return token(request)
    if (!tokens.valid.has(`${headers.authorization}`.replace('Bearer ', ''))) return { status: 401, body: {} }
    const [, , kind, id = ''] = path.split('/').map(decodeURIComponent)
    const isService = kind === 'services'
    try {
      if (isService && !id) return { body: { services: await demo.services() } }
      if (isService && method === 'GET') return { body: await demo.service(id) }
      if (isService) return { status: 204, body: await demo.remove(id) }
      if (method === 'PUT') {
        const { service, environment, version, kind } = JSON.parse(body) as Record<string, string>
        const order = { id, service: service!, environment: Environment.parse(environment), version: version! }
        await demo.begin({ ...order, kind: kind as 'deploy' })
        return { status: 201, body: {} }
      }
      if (method === 'DELETE') return { body: await demo.cancel(id) }
      const run = await demo.run(id)
      return run ? { body: run } : { status: 404, body: { message: 'no such deployment' } }
    } catch (error) {
      if (!(error instanceof Failure)) return { status: 500 }
      return { status: STATUS[error.kind] ?? 500, body: { message: error.message } }
    }
  })
  const env = {
    DEPLOYMENTS_URL: `${api.url}/v1/`,
    OAUTH_TOKEN_URL: `${api.url}/token`,
    OAUTH_CLIENT_ID: 'gatehouse',
    OAUTH_CLIENT_SECRET: SECRET,
  }
  return { api, demo, tokens, env, secret: SECRET }
}
