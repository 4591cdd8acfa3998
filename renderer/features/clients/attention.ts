// Clients by attention: what needs you first, what is connected, what was found, what is not here.
import type { Client } from '../../../contract/clients.ts'

export type Group = 'needs-you' | 'connected' | 'found' | 'not-installed'

const GROUP: Record<Client['status'], Group> = {
  dropped: 'needs-you',
  unreadable: 'needs-you',
  'no-permission': 'needs-you',
  drifted: 'needs-you',
  waiting: 'needs-you',
  written: 'needs-you',
  connected: 'connected',
  found: 'found',
  'not-installed': 'not-installed',
}

const TITLES: Record<Group, string> = {
  'needs-you': 'Needs you',
  connected: 'Connected',
  found: 'Found on this computer',
  'not-installed': 'Not installed',
}

const ORDER = Object.keys(GROUP)

// One that was linked before, and is not open now, needs nobody.
const groupOf = ({ status, linkedAt, asks }: Client): Group =>
  status === 'written' && linkedAt !== null && !asks ? 'connected' : GROUP[status]

/** Groups that have clients, in order of attention; within one, the worst first, then by name. */
export function byAttention(clients: readonly Client[]): { group: Group; title: string; clients: Client[] }[] {
  const sorted = [...clients].sort(
    (a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || a.name.localeCompare(b.name),
  )
  return (Object.keys(TITLES) as Group[])
    .map(group => ({ group, title: TITLES[group], clients: sorted.filter(c => groupOf(c) === group) }))
    .filter(g => g.clients.length > 0)
}
