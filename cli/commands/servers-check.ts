// `gatehouse servers check`: passages in what a server says of its tools that may be meant for the model, each with its place.
import type { TextFinding } from '../../contract/pins.ts'
import type { Command } from '../command.ts'
import { oneLine, say, sayJson } from '../print.ts'

export const serversCheck: Command = {
  synopsis: 'NAME',
  help: 'Signs, not proof; nothing is asked of a network. Exit code 1 when there are any.',
  args: [1, 1],
  async run({ args: [id = ''], json, hub }) {
    const running = await hub()
    const server = await running.call.servers.get({ id })
    const { found } = await running.call.servers.pins({ id })
    if (json) sayJson(found)
    else if (server.tools === null)
      say(`${oneLine(server.name)} has not been listed yet, so there is nothing to check.`)
    else if (found.length === 0)
      say(`Nothing in what ${oneLine(server.name)} says of its tools looks meant for the model.`)
    else
      for (const { name, findings } of found) {
        say(oneLine(name))
        sayFindings(findings)
      }
    return found.length > 0 ? 1 : 0
  },
}

export function sayFindings(findings: readonly TextFinding[]): void {
  for (const { what, field, start, end, passage } of findings) {
    say(`  ! ${oneLine(what)} (in ${oneLine(field)}, ${start}–${end})`)
    say(`    ${oneLine(passage.before)}>>${oneLine(passage.text)}<<${oneLine(passage.after)}`)
  }
}
