// `gatehouse call`: one tool call through the gate, as the client `cli`: the same rules, the same record.

import { type Command, CommandError, UsageError } from '../command.ts'
import type { HubConnection } from '../hub-connection.ts'
import { oneLine, printableJson, say } from '../print.ts'

export const call: Command = {
  synopsis: 'SERVER TOOL [--args JSON]',
  help: '  --args JSON   its arguments, an object ({})',
  options: { args: { type: 'string' } },
  args: [2, 2],
  async run({ args: [server = '', tool = ''], text, hubStarted }) {
    const given = text('args') ?? '{}'
    checkObject(given)
    const hub = await hubStarted()
    const over = new AbortController()
    await sayWhenAsked(hub, over.signal)
    const outcome = await hub.call.calls.call({ server, tool, arguments: given }).finally(() => over.abort())
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

/** A server may ask something meanwhile: that is answered in the window, and said here. Resolves once it listens. */
async function sayWhenAsked(hub: HubConnection, signal: AbortSignal): Promise<void> {
  const lists = (await hub.call.questions.watch(undefined, { signal }))[Symbol.asyncIterator]()
  // What waits already is asked for another call.
  const first = await lists.next()
  const told = new Set(first.done ? [] : first.value.map(one => one.id))
  const listen = async () => {
    for (let next = await lists.next(); !next.done; next = await lists.next()) {
      for (const { id, server, clients, state } of next.value) {
        if (told.has(id) || state.kind !== 'waiting' || !clients.some(client => client.id === 'cli')) continue
        told.add(id)
        process.stderr.write(`${oneLine(server.name)} asks you something. Answer in the window: gatehouse open\n`)
      }
    }
  }
  // The call's own end says what matters when the hub goes.
  void listen().catch(() => {})
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
