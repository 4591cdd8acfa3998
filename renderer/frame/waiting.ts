// Everything that waits for a person, as the one number the amber pill shows.
import { listOf, useApprovals, useProposals, useServers } from '../hub.ts'

export function useWaiting(): number {
  const calls = listOf(useApprovals()).filter(approval => approval.state.kind === 'waiting').length
  const servers = listOf(useServers()).filter(server => server.state.kind === 'waiting').length
  return calls + servers + listOf(useProposals()).length
}
