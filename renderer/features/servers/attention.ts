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

/** Why it waits, in our words. */
export function waitingWords({ name, state, agreement }: Server): string {
  if (state.kind !== 'waiting') return ''
  if (state.for === 'secret') return secretWords(name, agreement?.secrets ?? []) ?? state.what
  if (state.for !== 'agreement') return state.what
  if (agreement?.unread)
    return 'What you agreed to is locked away with the keychain. It starts as soon as that is open.'
  return agreement?.before
    ? 'Its command was changed. It starts again once you have read what is new.'
    : 'Never started. It will run this command as you, once you have read it.'
}

function secretWords(name: string, secrets: readonly { name: string; stored: boolean; granted: boolean }[]) {
  const missing = secrets.filter(secret => !secret.stored).map(secret => secret.name)
  if (missing.length > 0)
    return `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not stored yet. ${name} names ${missing.length === 1 ? 'it' : 'them'} in its settings and cannot start without.`
  const held = secrets.filter(secret => !secret.granted).map(secret => secret.name)
  return held.length > 0 ? `${held.join(' and ')} is stored, but was not given to ${name} yet.` : null
}

/** What a server wrote before it went down. */
export const lastWords = ({ state }: Server): readonly string[] =>
  state.kind === 'crash-looping' || state.kind === 'backing-off' ? (state.because.stderr ?? []) : []

/** The line of stderr that says most: what one of ours calls wrong, the first that speaks of an error, else the last that is not a stack. */
export function telling(stderr: readonly string[] | undefined): string | undefined {
  const lines = (stderr ?? []).filter(line => /\S/.test(line))
  const wrong = lines.findLastIndex(line => line.endsWith(': These settings are wrong.'))
  if (wrong >= 0) return lines[wrong + 1]?.trim()
  return (
    lines.find(line => /\b(error|fatal|panic|exception|refused|denied|cannot|failed)\b|E[A-Z]{4,}/i.test(line)) ??
    lines.findLast(line => !/^\s/.test(line)) ??
    lines.at(-1)
  )
}
