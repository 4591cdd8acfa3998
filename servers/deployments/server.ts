// The deployments server: checks, starts, approves, watches and rolls back, at a demo or at a real backend.
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/server'
import { Failure } from '../kit/failure.ts'
import { Protected } from '../kit/protected.ts'
import type { Settings } from '../kit/settings.ts'
import { openState } from '../kit/state.ts'
import type { Kit } from '../kit/tools.ts'
import { type Backend, ServiceName } from './backend.ts'
import { DemoBackend } from './demo.ts'
import { addDeployTools } from './deploy-tools.ts'
import { DeployWindows } from './deploy-windows.ts'
import type { Deploying } from './deploying.ts'
import { HttpBackend } from './http-backend.ts'
import { Orders } from './orders.ts'
import { addPlanTools } from './plan-tools.ts'
import { Rights } from './rights.ts'
import { isSafe, type SETTINGS } from './settings.ts'
import { Tokens } from './token.ts'
import { addWatchTools } from './watch-tools.ts'

export const NAME = 'deployments'
export const VERSION = '0.1.0'
const JSON_TYPE = { mimeType: 'application/json' }

type All = Settings<typeof SETTINGS>

/** Other than it is, in tests. */
interface Pace {
  now?: () => number
  firstDelayMs?: number
}

/** What all connections share. */
export function deployments(kit: Kit, settings: All, { now = Date.now, ...pace }: Pace = {}) {
  const state = openState(NAME, settings)
  const backend = httpBackend(settings, now, pace) ?? new DemoBackend(state, settings.DEMO_SECONDS * 1_000, now)
  const d: Deploying = {
    backend,
    orders: new Orders(state, backend, now),
    rights: new Rights(settings.DEPLOY_PERMISSIONS, settings.DEPLOY_GROUPS),
    windows: new DeployWindows(settings.DEPLOY_WINDOWS, settings.DEPLOY_TIME_ZONE),
    guarded: new Protected('environment', 'PROTECTED_ENVIRONMENTS', settings.PROTECTED_ENVIRONMENTS),
    needsApproval: settings.APPROVAL_FOR,
    now,
  }
  return {
    server: () => serverOf(kit, d),
    local: settings.STATE_URL ? null : 'tasks and keys are in a file of each. Set STATE_URL.',
    ready: (signal: AbortSignal) => backend.services(signal),
    close: () => state.close(),
  }
}

function serverOf(kit: Kit, d: Deploying): McpServer {
  const demo = d.backend.kind === 'demo' ? ' (demo)' : ''
  const server = new McpServer({ name: NAME, title: `Deployments${demo}`, version: VERSION })
  addPlanTools(kit, server, d)
  addDeployTools(kit, server, d)
  addWatchTools(kit, server, d)
  const complete = {
    service: async (begun: string) => {
      const names = await d.backend.services(AbortSignal.timeout(2_000)).catch(() => [])
      return names.filter(name => name.startsWith(begun)).slice(0, 100)
    },
  }
  server.registerResource(
    'config',
    new ResourceTemplate('deployments://config/{service}', { list: undefined, complete }),
    { title: 'Configuration of a service', description: 'What it needs, and what runs where', ...JSON_TYPE },
    (uri, { service }, context) =>
      kit.serve('deployments://config', context, async ({ signal }) => {
        const name = ServiceName.safeParse(service)
        if (!name.success) throw new Failure('not_found', 'There is no such service.', 'Look with list_services.')
        const config = await d.backend.service(name.data, signal)
        return { contents: [{ uri: uri.href, ...JSON_TYPE, text: JSON.stringify(config, null, 2) }] }
      }),
  )
  return server
}

/** Null where none is configured. Throws an Error in words. */
function httpBackend(s: All, now: () => number, pace: Pace): Backend | null {
  const oauth = [s.OAUTH_TOKEN_URL, s.OAUTH_CLIENT_ID, s.OAUTH_CLIENT_SECRET]
  if (oauth.some(Boolean) && !oauth.every(Boolean))
    throw new Error('OAUTH_TOKEN_URL, OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET go together: set all, or none.')
  if (!s.DEPLOYMENTS_URL) {
    if (oauth.some(Boolean)) throw new Error('OAUTH_TOKEN_URL is for a real backend: set DEPLOYMENTS_URL too.')
    return null
  }
  if (oauth.some(Boolean) && !isSafe(s.DEPLOYMENTS_URL))
    throw new Error('DEPLOYMENTS_URL begins with https:// where OAUTH is set: a token is sent there.')
  const [url, clientId, clientSecret] = oauth
  const scope = s.OAUTH_SCOPE
  const tokens = url ? new Tokens({ url, clientId: clientId!, clientSecret: clientSecret!, scope }, now) : null
  return new HttpBackend({ url: s.DEPLOYMENTS_URL, tokens, ...pace })
}
