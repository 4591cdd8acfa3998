// A fresh child knows nothing of what was asked of the one before: it is told which resources are watched, and how much it
// is to say. What policy does not allow now is not repeated.
import { memberAt } from '../../contract/wire.ts'
import type { Upstream } from '../supervisor/upstream.ts'
import type { Call } from './call.ts'
import type { ClientFrame } from './frame.ts'
import type { House } from './house.ts'
import { LOG_LEVELS } from './listener.ts'
import type { KnownServer } from './parts.ts'
import { ownRequest } from './upstreams.ts'

/** `client`: whose call woke it; null where none did. */
export function introduce(house: House, client: Call['client'] | null, server: KnownServer, upstream: Upstream): void {
  const may = (id: string, method: string, params: Record<string, unknown>) => {
    const who = { id, title: client?.title ?? id, says: client?.says ?? null }
    const facts = { client: who, server, method, tool: method, entry: null }
    return house.guard.decide({ ...facts, argumentsText: JSON.stringify(params) }).effect === 'allow'
  }
  for (const [uri, listeners] of house.upstreams.subscriptions.of(upstream.scope)) {
    // As those may who watch it, whoever's call it was that woke the server.
    const allowed = [...listeners].some(one => may(one.client, 'resources/subscribe', { uri }))
    if (!allowed) for (const one of [...listeners]) house.upstreams.subscriptions.remove(upstream.scope, uri, one)
    else if (upstream.era === 'legacy')
      void upstream.request(ownRequest('resources/subscribe', { uri })).catch(() => {})
  }
  if (upstream.era === 'modern') void house.upstreams.listen(upstream)
  if (client && may(client.id, 'logging/setLevel', {})) passLevel(house, upstream)
}

/** Those who watch a server's resources go on doing so when it came back by itself, before anybody calls it. */
export function watchAgain(house: House, servers: readonly KnownServer[]): void {
  for (const server of servers) {
    const isWatched = house.upstreams.subscriptions.of(server.id).length > 0
    if (!isWatched || house.upstreams.isAttached(server.id)) continue
    if (house.supervisor.state(server.id).kind !== 'running') continue
    const again = (upstream: Upstream) => {
      if (house.upstreams.attach(server, upstream)) introduce(house, null, server, upstream)
    }
    void house.supervisor.awake(server.id).then(again, () => {})
  }
}

const ASKED_LEVEL = new WeakMap<Upstream, number>()

/** A legacy server knows one level for all its requests: the most verbose that any modern request wanted stays. */
export function askForLevel(house: House, call: Call, upstream: Upstream, level: number): void {
  if ((ASKED_LEVEL.get(upstream) ?? Number.POSITIVE_INFINITY) <= level) return
  const { client, server } = call
  const facts = { client, server, method: 'logging/setLevel', tool: 'logging/setLevel', entry: null }
  if (house.guard.decide({ ...facts, argumentsText: '{}' }).effect !== 'allow') return
  ASKED_LEVEL.set(upstream, level)
  passLevel(house, upstream)
}

/** The server sends the most that any client wants; each gets what it asked for. `asked`: by whom it is asked for just now. */
export function passLevel(house: House, upstream: Upstream, asked?: ClientFrame): void {
  const level = Math.min(house.mostVerbose() ?? LOG_LEVELS.length, ASKED_LEVEL.get(upstream) ?? LOG_LEVELS.length)
  const isOfUse = upstream.era === 'legacy' && memberAt(upstream.initialize, ['capabilities', 'logging'])
  if (level === LOG_LEVELS.length || !isOfUse) return
  const own = asked?.value.level === LOG_LEVELS[level] ? asked?.text : undefined
  void upstream.request(own ?? ownRequest('logging/setLevel', { level: LOG_LEVELS[level] })).catch(() => {})
}
