// What a client says without waiting for an answer, on its way to servers: only where policy allows it as it is.
import { randomUUID } from 'node:crypto'
import type { ClientFrame } from './frame.ts'
import type { House } from './house.ts'
import { passLevel } from './introduce.ts'
import type { GatewayLink } from './link.ts'
import type { KnownServer } from './parts.ts'
import { type Asker, callOf } from './relay.ts'

export async function passNotification(
  house: House,
  link: GatewayLink,
  asker: Asker,
  frame: ClientFrame,
): Promise<void> {
  const { server } = link
  if (frame.method === 'notifications/initialized') return
  if (frame.method === 'notifications/roots/list_changed') {
    for (const { server: one, upstream } of house.upstreams.running(link)) {
      // Servers of the modern era are told the roots when they ask for them.
      if (upstream.era === 'legacy' && (await maySay(house, asker, frame, one))) upstream.notify(frame.text)
    }
    return
  }
  // Only one server alone gets notifications that MCP does not know, and nothing that is a request in disguise.
  if (!server || !frame.method.startsWith('notifications/')) return
  const upstream = house.upstreams.of(server, link.id)
  if (upstream && (await maySay(house, asker, frame, server))) upstream.notify(frame.text)
}

/** To all servers of the legacy era that run. */
export async function passLevelOn(
  house: House,
  link: GatewayLink,
  asker: Asker,
  frame: ClientFrame,
  correlation: string,
): Promise<void> {
  for (const { server, upstream } of house.upstreams.running()) {
    if (link.server && link.server.id !== server.id) continue
    if (house.profiles.of(link.client)?.hidesServer(server.id)) continue
    house.tap.push('Gatehouse', server.name, frame.text, { correlation })
    if (await maySay(house, asker, frame, server)) passLevel(house, upstream, frame)
  }
}

/** Policy on what waits for no answer, and so can not be asked about. */
function maySay(house: House, asker: Asker, frame: ClientFrame, server: KnownServer): Promise<boolean> {
  const argumentsText = frame.params ? frame.text.slice(frame.params.start, frame.params.end) : '{}'
  const target = { server, tool: frame.method, entry: null, argumentsText, text: frame.text, shown: frame.method }
  const flight = { abort: new AbortController(), cancelled: false, progressed: false }
  return house.guard.allows(callOf(asker, frame, target, flight, randomUUID()))
}
