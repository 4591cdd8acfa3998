// `gatehouse approvals list`: what waits for a person. Read only: answering is the window's.
import type { Command } from '../command.ts'
import { clock, oneLine, say, sayJson, sayTable } from '../print.ts'

export const approvalsList: Command = {
  synopsis: '',
  async run({ json, hub }) {
    const { call } = await hub()
    const approvals = (await call.approvals.list()).filter(one => one.state.kind === 'waiting')
    if (json) {
      sayJson(approvals)
      return 0
    }
    sayTable(
      ['SINCE', 'CLIENT', 'SERVER', 'TOOL', 'RISK', 'UNTIL'],
      approvals.map(one => [
        clock(one.askedAt),
        one.client.title,
        one.server.name,
        one.tool,
        one.risk,
        clock(one.until),
      ]),
      'No call waits.',
    )
    for (const proposal of await call.proposals.list())
      say(
        `Proposed at ${clock(proposal.at)} by ${oneLine(proposal.from)}: ${oneLine(proposal.what)} (${oneLine(proposal.after)})`,
      )
    return 0
  },
}
