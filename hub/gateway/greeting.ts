// What a client is told at initialize: made up for the aggregate, the server's own for one server alone.

import { VERSION } from '../../contract/version.ts'
import { memberAt, splice } from '../../contract/wire.ts'
import { MODERN_VERSIONS } from '../supervisor/era.ts'
import type { Era } from '../supervisor/upstream.ts'
import { type ClientFrame, isObject } from './frame.ts'
import { discoveryFrom, initializeFrom } from './greeting-across.ts'
import { LEGACY_VERSIONS, SERVER_INFO_KEY, TASKS_EXTENSION } from './modern.ts'
import type { KnownServer } from './parts.ts'

const NEWEST = LEGACY_VERSIONS[0]!
const INSTRUCTIONS_CHARS = 16_000

export function negotiated(frame: ClientFrame, newest: string = NEWEST): string {
  const asked = frame.value.protocolVersion
  const known = typeof asked === 'string' && LEGACY_VERSIONS.includes(asked)
  return known && asked < newest ? asked : newest
}

export function aggregateGreeting(
  version: string,
  servers: readonly { server: KnownServer; initialize: string }[],
): string {
  const parts = servers.flatMap(({ server, initialize }) => {
    const said = instructionsOf(initialize)
    return said ? [`[${server.name}: names that begin with ${server.slug}_] ${said}`] : []
  })
  return JSON.stringify({
    protocolVersion: version,
    capabilities: {
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      completions: {},
      logging: {},
    },
    serverInfo: { name: 'gatehouse', title: 'Gatehouse', version: VERSION },
    ...(parts.length > 0 ? { instructions: parts.join('\n\n') } : {}),
  })
}

/** A server's greeting as it wrote it. */
export interface Greeting {
  initialize: string
  era: Era
}

/** The server's own result; only the version may be an older one that the client asked for. */
export function singleGreeting(frame: ClientFrame, { initialize, era }: Greeting): string {
  if (era === 'modern') return initializeFrom(negotiated(frame), initialize)
  const at = memberAt(initialize, ['protocolVersion'])
  if (!at) return initialize
  const own: unknown = JSON.parse(initialize.slice(at.start, at.end))
  const newest = typeof own === 'string' && LEGACY_VERSIONS.includes(own) ? own : NEWEST
  return splice(initialize, [{ ...at, text: JSON.stringify(negotiated(frame, newest)) }])
}

/** What a client of the modern era is told of all servers together. */
export function aggregateDiscovery(servers: readonly { server: KnownServer; initialize: string }[]): string {
  const { protocolVersion: _, ...said } = JSON.parse(aggregateGreeting(NEWEST, servers)) as Record<string, unknown>
  const { capabilities, serverInfo, ...others } = said
  return JSON.stringify({
    resultType: 'complete',
    supportedVersions: MODERN_VERSIONS,
    capabilities: { ...(capabilities as object), extensions: extensionsOf(servers) },
    ...others,
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { [SERVER_INFO_KEY]: serverInfo },
  })
}

/** What any of them can beyond the protocol; pages of tools go through here whoever sends them. */
function extensionsOf(servers: readonly { initialize: string }[]): Record<string, unknown> {
  const all: Record<string, unknown> = { 'io.modelcontextprotocol/ui': {}, [TASKS_EXTENSION]: {} }
  for (const { initialize } of servers) {
    const at = memberAt(initialize, ['capabilities', 'extensions'])
    const own: unknown = at && JSON.parse(initialize.slice(at.start, at.end))
    if (isObject(own)) for (const key of Object.keys(own)) all[key] ??= {}
  }
  return all
}

/** The server's own result; made of what it said at `initialize` where it is of the legacy era. */
export function singleDiscovery({ initialize, era }: Greeting): string {
  return era === 'modern' ? initialize : discoveryFrom(initialize)
}

function instructionsOf(initialize: string): string | undefined {
  const at = memberAt(initialize, ['instructions'])
  const said: unknown = at && JSON.parse(initialize.slice(at.start, at.end))
  if (typeof said !== 'string' || said.trim() === '') return undefined
  return said.length > INSTRUCTIONS_CHARS ? `${said.slice(0, INSTRUCTIONS_CHARS)} … (cut by Gatehouse)` : said
}
