// Everything that waits for a person, counted in one place.
import type { Approval, Proposal } from '../../../contract/policy.ts'
import type { PersonQuestion } from '../../../contract/questions.ts'
import type { Server } from '../../../contract/servers.ts'
import { listOf, useApprovals, useProposals, useQuestions, useServers } from '../../hub.ts'

export interface Waiting {
  calls: Approval[]
  questions: PersonQuestion[]
  commands: Server[]
  /** Servers with tools that nobody has seen. */
  held: Server[]
  proposals: Proposal[]
  count: number
}

/** What waits: calls and servers' questions oldest first, servers whose command or secret was not agreed to, tools nobody has seen, loosenings asked for elsewhere. */
export function waitingOf(
  approvals: readonly Approval[],
  asked: readonly PersonQuestion[],
  servers: readonly Server[],
  proposals: readonly Proposal[],
): Waiting {
  const calls = approvals.filter(a => a.state.kind === 'waiting').sort((a, b) => a.askedAt - b.askedAt)
  const questions = asked.filter(q => q.state.kind === 'waiting').sort((a, b) => a.askedAt - b.askedAt)
  const commands = servers.filter(s => s.state.kind === 'waiting')
  const held = servers.filter(s => s.held > 0)
  const count = calls.length + questions.length + commands.length + held.length + proposals.length
  return { calls, questions, commands, held, proposals: [...proposals], count }
}

/** Calls of one tool by one client. */
export interface CallGroup {
  key: string
  calls: Approval[]
}

/** Waiting calls by client, server and tool; groups and calls oldest first. */
export function grouped(calls: readonly Approval[]): CallGroup[] {
  const groups = Map.groupBy(calls, one => JSON.stringify([one.client.id, one.server.id, one.tool]))
  return [...groups].map(([key, of]) => ({ key, calls: of }))
}

export function useWaiting(): Waiting {
  return waitingOf(listOf(useApprovals()), listOf(useQuestions()), listOf(useServers()), listOf(useProposals()))
}
