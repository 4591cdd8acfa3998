// `gatehouse servers …`: list, import, remove, start, stop, restart. Adding and logs have files of their own.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { ServerLine } from '../../contract/command-line.ts'
import type { Added, ServerState } from '../../contract/servers.ts'
import { agrees, hasTerminal, readStdin } from '../ask.ts'
import { type Command, CommandError, type Input } from '../command.ts'
import { oneLine, say, sayJson, sayTable } from '../print.ts'
import { programJson } from '../run-program.ts'
import { becauseOf, toServerLine } from '../server-state.ts'

const MOST_BYTES = 1_000_000

export const serversList: Command = {
  synopsis: '',
  async run({ data, json, hubIfAny }) {
    const hub = await hubIfAny()
    const lines = hub
      ? (await hub.call.servers.list()).map(toServerLine)
      : z.array(ServerLine).parse(await programJson('servers', ['--data', data]))
    if (json) sayJson(lines)
    else
      sayTable(
        ['NAME', 'STATE', 'TOOLS', 'WHY'],
        lines.map(line => [line.name, stateOf(line), String(line.tools), line.because ?? '']),
        'No servers yet. Add one: gatehouse servers add NAME -- COMMAND',
      )
    return 0
  },
}

export const serversImport: Command = {
  synopsis: 'FILE',
  args: [1, 1],
  async run({ args: [file = ''], json, hub }) {
    const text = file === '-' ? await readStdin(MOST_BYTES) : readText(file)
    if (text === null || text.length > MOST_BYTES)
      throw new CommandError(`${file} is larger than 1 MB.`, 'Give it the block alone.')
    const added = await (await hub()).call.servers.import({ text })
    if (json) sayJson(added)
    else sayAdded(added)
    return 0
  },
}

export const serversRemove: Command = {
  synopsis: 'NAME',
  args: [1, 1],
  async run({ args: [id = ''], json, yes, hub }) {
    const running = await hub()
    const server = await running.call.servers.get({ id })
    if (!yes && hasTerminal() && !(await agrees(`Remove ${oneLine(server.name)} and what was agreed for it?`)))
      throw new CommandError(`${oneLine(server.name)} was not removed.`)
    const removed = await running.call.servers.remove({ id: server.id })
    if (json) sayJson(removed)
    else say(`${oneLine(server.name)} is removed.`)
    return 0
  },
}

function acting(verb: 'start' | 'stop' | 'restart'): Command {
  return {
    synopsis: 'NAME',
    args: [1, 1],
    async run(input) {
      const [id = ''] = input.args
      const state = await (await input.hub()).call.servers[verb]({ id })
      return sayState(id, state, verb, input)
    },
  }
}

export const serversStart = acting('start')
export const serversStop = acting('stop')
export const serversRestart = acting('restart')

function sayState(name: string, state: ServerState, verb: 'start' | 'stop' | 'restart', { json }: Input): number {
  if (json) sayJson(state)
  const because = becauseOf(state)
  const reached = verb === 'stop' ? state.kind === 'stopped' : state.kind === 'running' || state.kind === 'sleeping'
  if (!reached) {
    const hint =
      state.kind === 'waiting'
        ? 'Do it in the window: gatehouse open'
        : `See its log: gatehouse servers logs ${oneLine(name)}`
    throw new CommandError(`${oneLine(name)} is ${state.kind}${because ? `: ${oneLine(because)}` : '.'}`, hint)
  }
  if (!json) say(`${oneLine(name)} is ${state.kind}${state.kind === 'running' ? `, ${state.tools} tools` : ''}.`)
  return 0
}

/** Where each client has a process of its own, how many there are. */
function stateOf({ state, instances }: ServerLine): string {
  return instances ? `${state}, ${instances} ${instances === 1 ? 'instance' : 'instances'}` : state
}

export function sayAdded(added: Added): void {
  for (const server of added.servers) {
    say(`${oneLine(server.name)}: ${oneLine(server.commandLine)}`)
    say(
      server.state === 'waiting'
        ? '  It waits for your agreement in the window: gatehouse open'
        : `  It is agreed to and ${server.state}.`,
    )
  }
  for (const dropped of added.dropped) say(`Left out: ${oneLine(dropped)}`)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError(
      `Cannot read ${oneLine(file)}: ${(error as NodeJS.ErrnoException).code}.`,
      'Give the path of a file with an `mcpServers` block.',
    )
  }
}
