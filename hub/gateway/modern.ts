// Requests of the era without `initialize`: each says in `_meta` which version it speaks and what its client can do.
// https://modelcontextprotocol.io/specification/2026-07-28/basic
import { memberAt } from '../../contract/wire.ts'
import { ENVELOPE, MODERN_VERSIONS } from '../supervisor/era.ts'
import { BAD_PARAMS, type ClientFrame, isObject, METHOD_NOT_FOUND } from './frame.ts'
import { RpcError } from './route.ts'

export const LOG_LEVEL_KEY = 'io.modelcontextprotocol/logLevel'
export const SUBSCRIPTION_KEY = 'io.modelcontextprotocol/subscriptionId'
export const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo'
/** Newest first. */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']

const UNSUPPORTED_VERSION = -32022
const REMOVED = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'tasks/list',
  'tasks/result',
])
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks'

/** What one request says of its client. */
export interface Envelope {
  version: string
  capabilities: Record<string, unknown>
  clientInfo: unknown
  logLevel: string | null
}

/** Extensions as they can be offered from one era to the other. */
export function withoutTasks({ [TASKS_EXTENSION]: _, ...others }: Record<string, unknown>): Record<string, unknown> {
  return others
}

/** Null: a request of the legacy era. Throws RpcError for an envelope that will not do. */
export function envelopeOf(frame: ClientFrame): Envelope | null {
  const meta = frame.value._meta
  const asked = isObject(meta) ? meta[ENVELOPE.version] : undefined
  if (asked === undefined) {
    if (frame.method !== 'server/discover' && frame.method !== 'subscriptions/listen') return null
    throw new RpcError(BAD_PARAMS, `"_meta" must name the version: "${ENVELOPE.version}".`)
  }
  if (typeof asked !== 'string' || !MODERN_VERSIONS.includes(asked)) {
    const what = `Gatehouse speaks MCP ${[...MODERN_VERSIONS, ...LEGACY_VERSIONS].join(', ')}.`
    throw new RpcError(UNSUPPORTED_VERSION, what, {
      supported: MODERN_VERSIONS,
      requested: typeof asked === 'string' ? asked : '',
    })
  }
  const {
    [ENVELOPE.capabilities]: capabilities,
    [ENVELOPE.clientInfo]: clientInfo,
    [LOG_LEVEL_KEY]: level,
  } = meta as Record<string, unknown>
  if (!isObject(capabilities))
    throw new RpcError(BAD_PARAMS, `"_meta" must say "${ENVELOPE.capabilities}", {} for none.`)
  if (REMOVED.has(frame.method)) throw new RpcError(METHOD_NOT_FOUND, `${frame.method} is not part of MCP ${asked}.`)
  return { version: asked, capabilities, clientInfo, logLevel: typeof level === 'string' ? level : null }
}

export function isAcknowledged(text: string): boolean {
  const method = memberAt(text, ['method'])
  return method !== undefined && text.slice(method.start, method.end) === '"notifications/subscriptions/acknowledged"'
}
