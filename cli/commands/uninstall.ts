// `gatehouse uninstall`: everything Gatehouse put on this computer goes, but for its own program.
import { UninstallLine } from '../../contract/command-line.ts'
import { agrees, hasTerminal } from '../ask.ts'
import { type Command, CommandError, type Input, UsageError } from '../command.ts'
import { oneLine, printable, say, sayJson } from '../print.ts'
import { programJson } from '../run-program.ts'
import { stopHub } from './stop.ts'

export const uninstall: Command = {
  synopsis: '[--dry-run] [--erase-data] [--forget-servers]',
  help: `Takes our entry out of every AI client's file, gives back the servers that were taken from there, and removes the keychain entries. Stops the hub first. Shows it all and asks for a typed yes; --yes goes ahead. Exit code 1 when something could not be undone; it is named.
  --dry-run          only shows it
  --erase-data       the data folder goes too: log, rules, servers, copies of clients' files
  --forget-servers   also when servers were taken from clients together with their keys: those are lost`,
  options: {
    'dry-run': { type: 'boolean' },
    'erase-data': { type: 'boolean' },
    'forget-servers': { type: 'boolean' },
  },
  async run(input) {
    const isLook = input.flag('dry-run')
    if (!isLook && !input.yes && !hasTerminal())
      throw new UsageError(
        'uninstall writes clients’ files and removes keys, and there is no terminal to ask on.',
        'Look with --dry-run, then add --yes.',
      )
    if (isLook || !input.yes) {
      const plan = await run(input, ['--look', 'yes'])
      if (isLook && input.json) sayJson(plan)
      else sayLine(plan)
      if (isLook) return 0
      if (!(await agrees('Do all this?'))) throw new CommandError('Nothing was done.')
    }
    const linked = await stopRunning(input)
    const line = await run(input, [])
    line.left.push(...linked.map(name => `${name} was linked just now. Quit it, so that its session ends, too.`))
    if (input.json) sayJson(line)
    else sayLine(line)
    return line.left.length > 0 ? 1 : 0
  },
}

async function run({ data, flag }: Input, words: string[]): Promise<UninstallLine> {
  const erase = flag('erase-data') ? ['--erase', 'yes'] : []
  const forget = flag('forget-servers') ? ['--forget', 'yes'] : []
  return UninstallLine.parse(await programJson('uninstall', ['--data', data, ...words, ...erase, ...forget]))
}

/** The names of the clients that were linked. */
async function stopRunning(input: Input): Promise<string[]> {
  const hub = await input.hubIfAny()
  if (!hub) return []
  const { links } = await hub.call.hub.status()
  await stopHub(input.data, hub)
  return [...new Set(links.map(link => link.title))]
}

function sayLine(line: UninstallLine): void {
  for (const { path, diff } of line.clients) {
    say(`${line.done ? 'Taken out of' : 'Our entry goes out of'} ${oneLine(path)}`)
    if (!line.done) say(printable(diff.trimEnd()))
  }
  if (line.clients.length === 0) say('No client’s file holds our entry.')
  for (const { client, name } of line.givenBack)
    say(`${oneLine(name)} ${line.done ? 'went' : 'goes'} back into the file of ${oneLine(client)}.`)
  for (const path of line.copies) say(`${line.done ? 'Removed' : 'To remove'}, a copy for undo: ${oneLine(path)}`)
  const entries = line.keychain.length === 1 ? '1 keychain entry' : `${line.keychain.length} keychain entries`
  if (line.keychain.length > 0)
    say(`${entries} ${line.done ? 'removed' : 'to remove'}: ${line.keychain.map(oneLine).join(', ')}`)
  if (line.data === 'erased') say(`${line.done ? 'Erased' : 'To erase'}: ${oneLine(line.dataFolder)}`)
  if (line.data === 'kept')
    say(`${oneLine(line.dataFolder)} stays, with the log. With --erase-data it ${line.done ? 'goes' : 'goes too'}.`)
  for (const one of line.left) say(`Note: ${oneLine(one)}`)
}
