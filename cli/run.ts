// From an argv to an exit code: runs one command, and says in one line on stderr what went wrong.
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, type Input, UsageError } from './command.ts'
import { helpFor } from './help.ts'
import type { HubConnection } from './hub-connection.ts'
import { oneLine, say } from './print.ts'
import { type Reading, readArgv } from './read-argv.ts'
import { VERSION } from './version.ts'

const HUB_START_MS = 30_000

/** Loaded when needed: the bridge needs none of it and starts faster so. */
const connection = () => import('./hub-connection.ts')

export async function main(argv: string[]): Promise<number> {
  try {
    const reading = await readArgv(argv)
    if (reading.kind === 'version') say(VERSION)
    if (reading.kind === 'help') {
      const text = await helpFor(reading.words)
      if (text === null)
        throw new UsageError(`gatehouse ${oneLine(reading.words.join(' '))} is no command.`, 'See gatehouse --help.')
      say(text)
    }
    return reading.kind === 'run' ? await run(reading) : 0
  } catch (error) {
    const { message, hint } = error instanceof CommandError ? error : (await connection()).asCommandError(error)
    process.stderr.write(`gatehouse: ${oneLine(message)}${hint ? ` ${oneLine(hint)}` : ''}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

async function run(given: Extract<Reading, { kind: 'run' }>): Promise<number> {
  const { common, values, command } = given
  const open: HubConnection[] = []
  const kept = async (hub: Promise<HubConnection | null>) => {
    const one = await hub
    if (one) open.push(one)
    return one
  }
  const hubIfAny = async () => kept((await connection()).connectHub(common.data))
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
      const { connectOrStart } = await import('./connect-or-start.ts')
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
      `gatehouse ${given.name} got no answer within ${common.timeoutMs / 1000} s.`,
      'Give it more with --timeout, or look at `gatehouse status`.',
    )
  } finally {
    for (const hub of open) hub.close()
  }
}
