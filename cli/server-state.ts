// A server's state in words, and what a script gets of it.
import type { ServerLine } from '../contract/command-line.ts'
import type { Server, ServerState } from '../contract/servers.ts'

/** Why it is not running, where there is something to say. */
export function becauseOf(state: ServerState): string | undefined {
  switch (state.kind) {
    case 'waiting':
      return state.what
    case 'backing-off':
    case 'crash-looping':
      return [state.because.what, state.because.hint].filter(Boolean).join(' ')
    case 'stopped':
    case 'sleeping':
    case 'starting':
    case 'running':
    case 'stopping':
      return undefined
  }
}

export function toServerLine(server: Server): ServerLine {
  const because = becauseOf(server.state)
  const { id, name, title, state, tools, instance, instances } = server
  return {
    id,
    name,
    title,
    state: state.kind,
    tools: tools ?? 0,
    ...(because ? { because } : {}),
    ...(instance === 'per-client' ? { instances } : {}),
  }
}
