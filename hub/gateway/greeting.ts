// What a client is told at initialize: made up for the aggregate, the server's own for one server alone.

import { VERSION } from '../../contract/version.ts'
import { memberAt, splice } from '../../contract/wire.ts'
import { type ClientFrame, isObject } from './frame.ts'
import type { KnownServer } from './parts.ts'
import { RpcError } from './route.ts'

/** Newest first. */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']
const NEWEST = LEGACY_VERSIONS[0]!
const MODERN_KEY = 'io.modelcontextprotocol/protocolVersion'
const UNSUPPORTED_VERSION = -32022
const INSTRUCTIONS_CHARS = 16_000

/** A request of the era without `initialize` gets the list of versions we speak; SDK clients in `auto` then initialize. */
export function refuseModern(frame: ClientFrame): void {
  const meta = frame.value._meta
  const asked = isObject(meta) ? meta[MODERN_KEY] : undefined
  if (frame.method !== 'server/discover' && asked === undefined) return
  const requested = typeof asked === 'string' ? asked : ''
  const what = `Gatehouse speaks MCP ${NEWEST} and older, which begin with initialize.`
  throw new RpcError(UNSUPPORTED_VERSION, what, { supported: LEGACY_VERSIONS, requested })
}

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

/** The server's own result; only the version may be an older one that the client asked for. */
export function singleGreeting(frame: ClientFrame, initialize: string): string {
  const at = memberAt(initialize, ['protocolVersion'])
  if (!at) return initialize
  const own: unknown = JSON.parse(initialize.slice(at.start, at.end))
  const newest = typeof own === 'string' && LEGACY_VERSIONS.includes(own) ? own : NEWEST
  return splice(initialize, [{ ...at, text: JSON.stringify(negotiated(frame, newest)) }])
}

function instructionsOf(initialize: string): string | undefined {
  const at = memberAt(initialize, ['instructions'])
  const said: unknown = at && JSON.parse(initialize.slice(at.start, at.end))
  if (typeof said !== 'string' || said.trim() === '') return undefined
  return said.length > INSTRUCTIONS_CHARS ? `${said.slice(0, INSTRUCTIONS_CHARS)} … (cut by Gatehouse)` : said
}
