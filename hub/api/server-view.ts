// A server as the window and the command line see it, put together from the parts that each know a piece.
import type { Server } from '../../contract/servers.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { PinBook } from '../pins/pin-book.ts'
import type { Definition, Registry } from '../registry/registry.ts'
import { shownCommand } from '../supervisor/launch.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'

/** The parts it is made from. */
export interface ServerSources {
  registry: Registry
  supervisor: Supervisor
  gateway: Gateway
  pins: PinBook
}

export function viewServer(definition: Definition, { registry, supervisor, gateway, pins }: ServerSources): Server {
  const { id, name, slug, title, launch, enabled, startup, instance, bundled } = definition
  const state = supervisor.state(id)
  const details = supervisor.details(id)
  const agreement = state.kind === 'waiting' ? registry.agreement(id) : null
  // While nobody can say what was agreed to, nobody can say what of it was seen.
  const isUnread = agreement?.unread ?? false
  const offers = supervisor.listing(id) ? gateway.offers(id) : null
  return {
    id,
    name,
    slug,
    title,
    launch,
    commandLine: shownCommand(launch),
    enabled,
    trusted: registry.isTrusted(id),
    startup,
    instance,
    instances: details.instances,
    bundled,
    state,
    agreement,
    tools: offers ? offers.tools : null,
    toolTokens: offers ? offers.tokens : null,
    held: isUnread ? 0 : pins.count(id),
    silent: !isUnread && pins.isSilent(id),
    flagged: pins.flagged(id),
    protocolVersion: details.protocolVersion,
    answeredAt: details.answeredAt,
    restarts: details.restarts,
    usage: details.usage,
    ...gateway.stats(id),
  }
}
