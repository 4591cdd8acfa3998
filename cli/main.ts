// The `gatehouse` command: reads the argv, runs one command, and ends with its exit code.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, CommandError, type Common, type Input, UsageError } from './command.ts'
import { VERSION } from './dial.ts'
import { helpFor } from './help.ts'
import { asCommandError, connectHub, type HubConnection } from './hub-connection.ts'
import { oneLine, say } from './print.ts'
import { readArgv, type Values } from './read-argv.ts'
import { connectOrStart } from './start-hub.ts'

const HUB_START_MS = 30_000

// `gatehouse … | head` ends us quietly.
process.stdout.on('error', error => process.exit((error as NodeJS.ErrnoException).code === 'EPIPE' ? 0 : 1))

process.exitCode = await main(process.argv.slice(2))
// Sockets and pipes of the command may still be open; what was written must go out first.
await Promise.all([flushed(process.stdout), flushed(process.stderr)])
process.exit()

async function main(argv: string[]): Promise<number> {
  try {
    const reading = readArgv(argv)
    if (reading.kind === 'version') say(VERSION)
    if (reading.kind === 'help') {
      const text = helpFor(reading.words)
      if (text === null)
        throw new UsageError(`gatehouse ${oneLine(reading.words.join(' '))} is no command.`, 'See gatehouse --help.')
      say(text)
    }
    return reading.kind === 'run' ? await run(reading.command, reading) : 0
  } catch (error) {
    const { message, hint } = asCommandError(error)
    process.stderr.write(`gatehouse: ${oneLine(message)}${hint ? ` ${oneLine(hint)}` : ''}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

async function run(
  command: Command,
  given: { args: string[]; rest: string[]; values: Values; common: Common },
): Promise<number> {
  const { common, values } = given
  const open: HubConnection[] = []
  const kept = async (hub: Promise<HubConnection | null>) => {
    const one = await hub
    if (one) open.push(one)
    return one
  }
  const hubIfAny = () => kept(connectHub(common.data))
  const input: Input = {
    ...common,
    args: given.args,
    rest: given.rest,
    flag: name => values[name] === true,
    text: name => (typeof values[name] === 'string' ? values[name] : undefined),
    texts: name => (Array.isArray(values[name]) ? values[name].map(String) : []),
    hubIfAny,
    async hub() {
      const hub = await hubIfAny()
      if (hub) return hub
      throw new CommandError(`No hub is running on ${common.data}.`, 'Start one with `gatehouse serve`.')
    },
    async hubStarted() {
      return (await kept(connectOrStart(common.data, Math.min(HUB_START_MS, common.timeoutMs))))!
    },
  }
  try {
    const done = command.run(input)
    if (command.endless?.(input)) return (await done) ?? 0
    const late = sleep(common.timeoutMs, 'late' as const)
    const first = await Promise.race([done, late])
    if (first !== 'late') return first ?? 0
    done.catch(() => {})
    throw new CommandError(
      `gatehouse ${command.name} got no answer within ${common.timeoutMs / 1000} s.`,
      'Give it more with --timeout, or look at `gatehouse status`.',
    )
  } finally {
    for (const hub of open) hub.close()
  }
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => (stream.writable ? stream.write('', () => resolve()) : resolve()))
}
