// A server as the window and the command line see it, put together from the parts that each know a piece.
import type { Server } from '../../contract/servers.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Definition, Registry } from '../registry/registry.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'

/** The parts it is made from. */
export interface ServerSources {
  registry: Registry
  supervisor: Supervisor
  gateway: Gateway
}

/** The launch as one line, whole and unresolved; words with spaces or quotes are quoted for reading. */
export function commandLineOf(launch: Definition['launch']): string {
  if (launch.url) return launch.url
  return [launch.command ?? '', ...launch.args].map(quoted).join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./${}~-]+$/.test(word) ? word : JSON.stringify(word)
}

export function viewServer(definition: Definition, { registry, supervisor, gateway }: ServerSources): Server {
  const { id, name, slug, title, launch, enabled, startup, bundled } = definition
  const state = supervisor.state(id)
  const details = supervisor.details(id)
  const listing = supervisor.listing(id)
  const tools = listing ? gateway.tools(id) : null
  return {
    id,
    name,
    slug,
    title,
    launch,
    commandLine: commandLineOf(launch),
    enabled,
    trusted: registry.isTrusted(id),
    startup,
    bundled,
    state,
    agreement: state.kind === 'waiting' ? registry.agreement(id) : null,
    tools: tools ? tools.length : null,
    toolTokens: tools ? tools.reduce((sum, tool) => sum + tool.tokens, 0) : null,
    protocolVersion: details.protocolVersion,
    answeredAt: details.answeredAt,
    restarts: details.restarts,
    usage: details.usage,
    ...gateway.stats(id),
  }
}
