// `gatehouse tools`: what the servers offer, and what the policy says about each.
import type { ToolLine } from '../../contract/command-line.ts'
import type { Command } from '../command.ts'
import { sayJson, sayTable } from '../print.ts'

export const tools: Command = {
  synopsis: '[SERVER]',
  args: [0, 1],
  async run({ args: [server], json, hub }) {
    const found = await (await hub()).call.servers.tools(server === undefined ? {} : { server })
    const lines: ToolLine[] = found.map(tool => ({
      server: tool.server,
      name: tool.name,
      exposedAs: tool.exposedAs,
      effect: tool.effect,
    }))
    if (json) sayJson(lines)
    else
      sayTable(
        ['SERVER', 'TOOL', 'CLIENTS SEE', 'POLICY'],
        lines.map(line => [line.server, line.name, line.exposedAs, line.effect]),
        'No tools are known. A server lists them when it has run.',
      )
    return 0
  },
}
