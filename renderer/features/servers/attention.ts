// Which servers need a person, which are at work, and which rest: the order of every list of servers.
import type { Server } from '../../../contract/servers.ts'

export interface Groups {
  needsYou: Server[]
  active: Server[]
  atRest: Server[]
}

const byName = (a: Server, b: Server) => a.name.localeCompare(b.name)

/** Waiting before broken; at work in the order of names. */
export function groupByAttention(servers: readonly Server[]): Groups {
  const groups: Groups = { needsYou: [], active: [], atRest: [] }
  for (const server of [...servers].sort(byName)) groups[groupOf(server)].push(server)
  groups.needsYou.sort((a, b) => Number(b.state.kind === 'waiting') - Number(a.state.kind === 'waiting'))
  return groups
}

function groupOf({ state }: Server): keyof Groups {
  switch (state.kind) {
    case 'waiting':
    case 'crash-looping':
      return 'needsYou'
    case 'running':
    case 'starting':
    case 'stopping':
    case 'backing-off':
      return 'active'
    case 'sleeping':
    case 'stopped':
      return 'atRest'
  }
}

export const isBroken = ({ state }: Server): boolean => state.kind === 'crash-looping' || state.kind === 'backing-off'

/** By name or command, as typed in the filter. */
export const fits = (server: Server, filter: string): boolean =>
  filter
    .toLowerCase()
    .split(/\s+/)
    .every(word => `${server.name} ${server.commandLine} ${server.state.kind}`.toLowerCase().includes(word))

export const canStart = ({ state, enabled }: Server): boolean =>
  enabled && ['stopped', 'sleeping', 'crash-looping', 'backing-off'].includes(state.kind)

export const canStop = ({ state }: Server): boolean => ['running', 'starting', 'backing-off'].includes(state.kind)

/** What a crash loop is called: a command that cannot start at all is not tried five times. */
export const downWords = (name: string, starts: number): string =>
  starts > 1 ? `${name} stopped trying after ${starts} starts` : `${name} could not start`
