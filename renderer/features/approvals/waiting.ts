// Everything that waits for a person, counted in one place.
import type { Approval, Proposal } from '../../../contract/policy.ts'
import type { Server } from '../../../contract/servers.ts'
import { listOf, useApprovals, useProposals, useServers } from '../../hub.ts'

export interface Waiting {
  calls: Approval[]
  commands: Server[]
  proposals: Proposal[]
  count: number
}

/** What waits: calls oldest first, servers whose command or secret was not agreed to, loosenings asked for elsewhere. */
export function waitingOf(
  approvals: readonly Approval[],
  servers: readonly Server[],
  proposals: readonly Proposal[],
): Waiting {
  const calls = approvals.filter(a => a.state.kind === 'waiting').sort((a, b) => a.askedAt - b.askedAt)
  const commands = servers.filter(s => s.state.kind === 'waiting')
  return { calls, commands, proposals: [...proposals], count: calls.length + commands.length + proposals.length }
}

export function useWaiting(): Waiting {
  return waitingOf(listOf(useApprovals()), listOf(useServers()), listOf(useProposals()))
}
