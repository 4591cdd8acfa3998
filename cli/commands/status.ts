// `gatehouse status`: is a hub running, since when, who is connected.
import type { StatusLine } from '../../contract/command-line.ts'
import { type Command, CommandError } from '../command.ts'
import { clock, oneLine, say, sayJson } from '../print.ts'

export const status: Command = {
  synopsis: '',
  help: 'Exit code 1 when none runs.',
  async run({ data, json, hubIfAny }) {
    const hub = await hubIfAny()
    if (!hub) {
      if (json) sayJson({ running: false, dataFolder: data } satisfies StatusLine)
      throw new CommandError(`No hub is running on ${data}.`, 'Start one with `gatehouse serve`.')
    }
    const now = await hub.call.hub.status()
    if (json) {
      sayJson({ running: true, ...now } satisfies StatusLine)
      return 0
    }
    say(
      `Gatehouse ${now.version} is running on ${oneLine(now.dataFolder)} (pid ${now.pid}) since ${clock(now.startedAt)}.`,
    )
    if (now.mode === 'unattended') say('Unattended: a policy file decides, no person is asked.')
    say(`${now.vault.file ? 'Encrypted file' : 'Keychain'}: ${oneLine(now.vault.what)}`)
    say(
      `Audit log: ${now.audit.rows} rows, ${now.audit.anchored ? 'anchored' : 'not anchored'}${now.audit.problem ? `; ${oneLine(now.audit.problem)}` : ''}`,
    )
    if (now.state.problem) say(`${oneLine(now.state.problem)} Decide in the window: gatehouse open`)
    if (now.config.problem) say(`config.json: line ${now.config.problem.line}: ${oneLine(now.config.problem.what)}`)
    if (now.http) say(oneLine(now.http.problem ?? `Clients over HTTP: ${now.http.url}`))
    if (now.links.length === 0) say('No AI client is connected.')
    for (const link of now.links)
      say(`${oneLine(link.title)}: connected since ${clock(link.since)}, ${link.calls} calls.`)
    return 0
  },
}
