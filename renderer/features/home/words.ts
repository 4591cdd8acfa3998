// The sentence a colleague would say about the state of things, and the one after it.
import type { Client } from '../../../contract/clients.ts'
import type { Server } from '../../../contract/servers.ts'
import { count, plural, spelled } from '../../ui/numbers.ts'

export interface Standing {
  calls: number
  /** Names of the servers that ask something. */
  asking?: readonly string[]
  proposals: number
  /** No server may run. */
  stopped?: boolean
  servers: readonly Server[]
  clients: readonly Client[]
}

/** "Two calls wait for you, and postgres is down." Nothing wrong: "All quiet. …" */
export function sentence({ calls, asking = [], proposals, stopped = false, servers }: Standing): string {
  const parts: string[] = []
  const commands = servers.filter(server => server.state.kind === 'waiting')
  if (calls > 0) parts.push(`${calls === 1 ? 'one call waits' : `${spelled(calls).toLowerCase()} calls wait`} for you`)
  else if (asking.length > 0)
    parts.push(new Set(asking).size === 1 ? `${asking[0]} asks you something` : 'servers ask you something')
  else if (commands.length > 0)
    parts.push(
      commands.length === 1
        ? `${commands[0]!.name} waits for you`
        : `${spelled(commands.length).toLowerCase()} servers wait for you`,
    )
  else if (proposals > 0)
    parts.push(
      proposals === 1 ? 'one change waits for you' : `${spelled(proposals).toLowerCase()} changes wait for you`,
    )
  const down = servers.filter(server => server.state.kind === 'crash-looping').map(server => server.name)
  if (stopped) parts.push('everything is stopped')
  else if (down.length > 0) parts.push(`${listed(down)} ${down.length === 1 ? 'is' : 'are'} down`)
  if (parts.length === 0) return quiet(servers)
  const whole = parts.join(', and ')
  const named = servers.some(server => whole.startsWith(`${server.name} `) || whole.startsWith(`${server.name},`))
  return `${named ? whole : capital(whole)}.`
}

function quiet(servers: readonly Server[]): string {
  const running = servers.filter(server => server.state.kind === 'running').length
  const calls = servers.reduce((sum, server) => sum + server.calls.reduce((a, b) => a + b, 0), 0)
  const answer =
    running === 0 ? 'No server runs now' : running === 1 ? 'One server answers' : `${spelled(running)} servers answer`
  return `All quiet. ${answer}, ${calls === 0 ? 'no calls' : plural(calls, 'call')} in the last hour.`
}

/** Nothing waits, nothing is down: the sentence says it all. */
export const isQuiet = (standing: Standing): boolean => sentence(standing).startsWith('All quiet')

/** What else is so: who answers, who is starting, which client lost its entry. */
export function aside({ servers, clients }: Standing): string {
  const of = (kind: Server['state']['kind']) =>
    servers.filter(server => server.state.kind === kind).map(server => server.name)
  const running = of('running').length
  const parts = [
    running > 0 ? `${spelled(running)} ${running === 1 ? 'server answers' : 'servers answer'}` : 'No server runs now',
    ...of('starting').map(name => `${name} is starting`),
    ...of('backing-off').map(name => `${name} tries again by itself`),
  ]
  const lost = clients.filter(client => client.status === 'dropped').map(client => client.name)
  return `${parts.join(', ')}.${lost.length > 0 ? ` ${listed(lost)} lost ${lost.length === 1 ? 'its entry' : 'their entries'}.` : ''}`
}

function listed(names: readonly string[]): string {
  if (names.length > 3) return `${names.slice(0, 2).join(', ')} and ${count(names.length - 2)} others`
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
