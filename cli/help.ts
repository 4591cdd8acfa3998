// The help texts, made from the table of commands.
import type { Command } from './command.ts'
import { COMMANDS, type Listed } from './commands.ts'

const COMMON = `Every command takes
  --data DIR     the data folder (GATEHOUSE_HOME, or the system's place)
  --json         print JSON
  --yes          never ask
  --timeout S    give up after so many seconds (60)
  --help
Exit codes: 0 fine, 1 it failed, 2 wrong usage.`

/** All commands, or those that begin with these words. Null when there are none. */
export async function helpFor(words: readonly string[]): Promise<string | null> {
  const wanted = words.join(' ')
  const some = COMMANDS.filter(one => wanted === '' || one.name === wanted || one.name.startsWith(`${wanted} `))
  const [only] = some
  if (!only) return null
  return some.length === 1 ? helpForOne(only, await only.load()) : `${listing(some)}\n\n${COMMON}`
}

function helpForOne({ name, summary }: Listed, { synopsis, help }: Command): string {
  return [`gatehouse ${name} ${synopsis}`.trim(), `  ${summary}`, ...(help ? ['', help] : []), '', COMMON].join('\n')
}

function listing(commands: readonly Listed[]): string {
  const width = Math.max(...commands.map(one => one.name.length))
  return ['gatehouse COMMAND …', ...commands.map(one => `  ${one.name.padEnd(width)}  ${one.summary}`)].join('\n')
}
