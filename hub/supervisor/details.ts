// What is known of a server beyond its state: what it said of itself, its processes, and what they use.
import type { Usage } from '../../contract/servers.ts'
import { serverInfoOf } from './era.ts'
import type { ServerActor } from './server-actor.ts'

export interface Details {
  pid: number | null
  /** Of a per-client server: children up now that each serve one client alone. */
  instances: number
  /** The leaders of all its processes. */
  pids: number[]
  restarts: number
  usage: Usage | null
  answeredAt: number | null
  protocolVersion: string | null
  serverInfo: Record<string, unknown> | null
  capabilities: Record<string, unknown> | null
}

export function detailsOf(actor: ServerActor, instances: readonly ServerActor[], usage: () => Usage | null): Details {
  const { session, listing } = actor
  const all = [actor, ...instances]
  const sessions = all.flatMap(one => one.session ?? [])
  const hello = JSON.parse(session?.upstream.initialize ?? listing?.initialize ?? '{}') as Record<
    string,
    Record<string, unknown> | string
  >
  const { capabilities } = hello
  const protocolVersion = session?.upstream.protocolVersion ?? hello.protocolVersion
  const info = serverInfoOf(
    session?.upstream.initialize ?? listing?.initialize ?? '{}',
    session?.upstream.era ?? listing?.era ?? 'legacy',
  )
  const serverInfo: unknown = info && JSON.parse(info)
  const answeredAtMs = Math.max(...sessions.map(one => one.upstream.answeredAtMs))
  return {
    pid: session?.connection.pid ?? null,
    instances: instances.filter(one => one.state.kind === 'running').length,
    pids: sessions.flatMap(one => one.connection.pid ?? []),
    restarts: all.reduce((sum, one) => sum + one.restarts, 0),
    usage: sessions.length > 0 ? usage() : null,
    answeredAt: Number.isFinite(answeredAtMs) ? Math.round(Date.now() - (performance.now() - answeredAtMs)) : null,
    protocolVersion: typeof protocolVersion === 'string' ? protocolVersion : null,
    serverInfo: typeof serverInfo === 'object' ? (serverInfo as Record<string, unknown> | null) : null,
    capabilities: typeof capabilities === 'object' ? capabilities : null,
  }
}
