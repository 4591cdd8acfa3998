// Everything that waits for a person, counted in one place.
import type { Approval, Proposal } from '../../../contract/policy.ts'
import type { PersonQuestion } from '../../../contract/questions.ts'
import type { Server } from '../../../contract/servers.ts'
import { listOf, useApprovals, useProposals, useQuestions, useServers } from '../../hub.ts'

export interface Waiting {
  calls: Approval[]
  questions: PersonQuestion[]
  commands: Server[]
  proposals: Proposal[]
  count: number
}

/** What waits: calls and servers' questions oldest first, servers whose command or secret was not agreed to, loosenings asked for elsewhere. */
export function waitingOf(
  approvals: readonly Approval[],
  asked: readonly PersonQuestion[],
  servers: readonly Server[],
  proposals: readonly Proposal[],
): Waiting {
  const calls = approvals.filter(a => a.state.kind === 'waiting').sort((a, b) => a.askedAt - b.askedAt)
  const questions = asked.filter(q => q.state.kind === 'waiting').sort((a, b) => a.askedAt - b.askedAt)
  const commands = servers.filter(s => s.state.kind === 'waiting')
  const count = calls.length + questions.length + commands.length + proposals.length
  return { calls, questions, commands, proposals: [...proposals], count }
}

export function useWaiting(): Waiting {
  return waitingOf(listOf(useApprovals()), listOf(useQuestions()), listOf(useServers()), listOf(useProposals()))
}
