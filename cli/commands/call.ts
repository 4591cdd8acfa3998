// `gatehouse call`: one tool call through the gate, as the client `cli`: the same rules, the same record.
import { type Command, CommandError, UsageError } from '../command.ts'
import { oneLine, printableJson, say } from '../print.ts'

export const call: Command = {
  synopsis: 'SERVER TOOL [--args JSON]',
  help: '  --args JSON   its arguments, an object ({})',
  options: { args: { type: 'string' } },
  args: [2, 2],
  async run({ args: [server = '', tool = ''], text, hubStarted }) {
    const given = text('args') ?? '{}'
    checkObject(given)
    const outcome = await (await hubStarted()).call.calls.call({ server, tool, arguments: given })
    say(printableJson(outcome.result))
    if (outcome.kind === 'result') return 0
    throw new CommandError(
      outcome.kind === 'tool-error'
        ? `${oneLine(tool)} of ${oneLine(server)} answered with an error.`
        : `${oneLine(server)} refused the call of ${oneLine(tool)}.`,
      'The result above says why.',
    )
  },
}

/** The text itself goes on, so that big numbers stay what they are. */
export function checkObject(text: string): void {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  } catch {
    // Said below.
  }
  throw new UsageError('--args is not a JSON object.', `For example: --args '{"path": "notes.txt"}'`)
}
