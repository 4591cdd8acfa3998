// From an argv to a command and what it is given. Everything wrong here is wrong usage.
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { type Command, type Common, UsageError } from './command.ts'
import { COMMANDS, type Listed } from './commands.ts'
import { dataFolder } from './places.ts'
import { oneLine } from './print.ts'

const COMMON = {
  data: { type: 'string' },
  json: { type: 'boolean' },
  yes: { type: 'boolean' },
  timeout: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} satisfies ParseArgsOptionsConfig

const MOST_SECONDS = 86_400

export type Values = Record<string, string | boolean | (string | boolean)[] | undefined>

export type Reading =
  | { kind: 'help'; words: string[] }
  | { kind: 'version' }
  | { kind: 'run'; name: string; command: Command; args: string[]; rest: string[]; values: Values; common: Common }

export async function readArgv(argv: readonly string[]): Promise<Reading> {
  const end = argv.indexOf('--')
  const own = end < 0 ? [...argv] : argv.slice(0, end)
  const rest = end < 0 ? [] : argv.slice(end + 1)
  const words = parseArgs({ args: own, options: COMMON, strict: false, allowPositionals: true }).positionals
  if (own.length === 1 && (own[0] === '--version' || own[0] === '-v')) return { kind: 'version' }
  if (words[0] === 'help') return { kind: 'help', words: words.slice(1) }
  if (own.includes('--help') || own.includes('-h') || argv.length === 0)
    return { kind: 'help', words: nameWords(words) }

  const listed = find(words)
  const { name } = listed
  const command = await listed.load()
  const { values, positionals } = parse(own, name, command)
  // What follows -- is a command's own, or words that may begin with a dash.
  const more = command.takesRest ? [] : rest
  const args = [...positionals.slice(name.split(' ').length), ...more]
  const [least, most] = command.args ?? [0, 0]
  if (args.length < least || args.length > most)
    throw new UsageError(
      `gatehouse ${name} was given ${args.length + (command.takesRest ? rest.length : 0)} arguments.`,
      `Usage: gatehouse ${name} ${command.synopsis}`.trimEnd(),
    )
  return { kind: 'run', name, command, args, rest, values, common: readCommon(values) }
}

/** The longest beginning of the words that names commands. */
function nameWords(words: string[]): string[] {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ')
    if (words.length >= length && COMMANDS.some(one => one.name === name || one.name.startsWith(`${name} `)))
      return words.slice(0, length)
  }
  return words
}

function find(words: string[]): Listed {
  const two = words.slice(0, 2).join(' ')
  const found = COMMANDS.find(one => one.name === two) ?? COMMANDS.find(one => one.name === words[0])
  if (found) return found
  const more = COMMANDS.filter(one => one.name.startsWith(`${words[0]} `)).map(one => one.name.split(' ')[1])
  if (more.length > 0)
    throw new UsageError(
      `gatehouse ${oneLine(two)} is no command.`,
      `After ${words[0]} comes one of: ${more.join(', ')}.`,
    )
  throw new UsageError(`gatehouse ${oneLine(words[0] ?? '')} is no command.`, 'See gatehouse --help.')
}

function parse(argv: string[], name: string, command: Command): { values: Values; positionals: string[] } {
  try {
    return parseArgs({ args: argv, options: { ...COMMON, ...command.options }, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(
      oneLine((error as Error).message).replace(/\. To specify.*$/, '.'),
      `Usage: gatehouse ${name} ${command.synopsis}`.trimEnd(),
    )
  }
}

function readCommon(values: Values): Common {
  const seconds = Number(values.timeout ?? 60)
  if (!(seconds > 0 && seconds <= MOST_SECONDS))
    throw new UsageError('--timeout takes seconds, more than 0 and at most a day.')
  const data = values.data
  if (data === '') throw new UsageError('--data is empty.')
  return {
    data: dataFolder(typeof data === 'string' ? data : undefined),
    json: values.json === true,
    yes: values.yes === true,
    timeoutMs: seconds * 1000,
  }
}
