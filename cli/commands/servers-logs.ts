// `gatehouse servers logs`: what a server wrote on stderr, with secrets removed.
import { type Command, UsageError } from '../command.ts'
import { clock, oneLine, printableJson, say } from '../print.ts'

export const serversLogs: Command = {
  synopsis: 'NAME [--follow] [--last N]',
  help: `  --follow     go on with new lines until interrupted
  --last N     how many lines to begin with (500)
With --json each line is one JSON object.`,
  options: { follow: { type: 'boolean' }, last: { type: 'string' } },
  args: [1, 1],
  endless: ({ flag }) => flag('follow'),
  async run({ args: [id = ''], json, flag, text, hub }) {
    const last = Number(text('last') ?? 500)
    if (!(Number.isInteger(last) && last >= 0 && last <= 5000))
      throw new UsageError('--last takes a number from 0 to 5000.')
    const lines = await (await hub()).call.servers.logs({ id, follow: flag('follow'), last })
    for await (const batch of lines)
      for (const line of batch)
        say(
          json
            ? printableJson(JSON.stringify(line))
            : `${clock(line.at)} ${line.stream === 'stderr' ? '' : `[${line.stream}] `}${oneLine(line.text)}`,
        )
    return 0
  },
}
