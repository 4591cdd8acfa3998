// `gatehouse servers logs`: what a server wrote on stderr, with secrets removed.
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogLine } from '../../contract/servers.ts'
import { type Command, CommandError, UsageError } from '../command.ts'
import { nextHub } from '../next-hub.ts'
import { clock, oneLine, printableJson, say } from '../print.ts'

/** A new hub knows only what it heard itself, and all of that is new to us. */
const ALL = 5_000
const CLOSES_MS = 500

export const serversLogs: Command = {
  synopsis: 'NAME [--follow] [--last N]',
  help: `  --follow     go on with new lines until interrupted, also when the hub ends and another one starts
  --last N     how many lines to begin with (500)
With --json each line is one JSON object.`,
  options: { follow: { type: 'boolean' }, last: { type: 'string' } },
  args: [1, 1],
  endless: ({ flag }) => flag('follow'),
  async run({ args: [id = ''], json, flag, text, hub, hubIfAny }) {
    const last = Number(text('last') ?? 500)
    if (!(Number.isInteger(last) && last >= 0 && last <= ALL))
      throw new UsageError('--last takes a number from 0 to 5000.')
    const show = (line: LogLine) =>
      say(
        json
          ? printableJson(JSON.stringify(line))
          : `${clock(line.at)} ${line.stream === 'stderr' ? '' : `[${line.stream}] `}${oneLine(line.text)}`,
      )
    let connection = await hub()
    let shownTo = 0
    for (let most = last; ; most = ALL) {
      let isGone = false
      void connection.closed.then(() => {
        isGone = true
      })
      try {
        for await (const batch of await connection.call.servers.logs({ id, follow: flag('follow'), last: most }))
          for (const line of batch.filter(({ at }) => most !== ALL || at > shownTo)) {
            show(line)
            shownTo = Math.max(shownTo, line.at)
          }
        if (!isGone) return 0
      } catch (error) {
        await Promise.race([connection.closed, sleep(CLOSES_MS)])
        if (!isGone) throw error
      }
      if (!flag('follow')) throw new CommandError('The hub ended before all lines were there.', 'Try again.')
      connection = await nextHub(hubIfAny)
    }
  },
}
