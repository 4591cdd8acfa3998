// `gatehouse clients servers|take`: the servers in a client's own file, and moving them into Gatehouse.
import type { ClientServer, ClientServers, TakePreview } from '../../contract/client-move.ts'
import { agrees, hasTerminal } from '../ask.ts'
import { type Command, CommandError, type Input, UsageError } from '../command.ts'
import { oneLine, printable, say, sayJson, sayTable } from '../print.ts'
import { PROJECT, placeIn, sayPreview, sayWritten } from './clients.ts'

export const clientsServers: Command = {
  synopsis: 'ID [--project PATH]',
  options: PROJECT,
  help: 'Values are not shown: a key is named, and where it stands.',
  args: [1, 1],
  async run(input) {
    const { hub, json } = input
    const found = await (await hub()).call.moves.servers({ id: placeIn(input) })
    if (json) sayJson(found)
    else saySome(found)
    return 0
  },
}

export const clientsTake: Command = {
  synopsis: 'ID [NAME]… [--project PATH] [--dry-run]',
  help: 'Without names: all that can be taken. They become servers here that wait for you in the window; keys found in them go to the vault; the client keeps our entry alone. Shows what is written and asks for a typed yes; --yes goes ahead.',
  options: { 'dry-run': { type: 'boolean' }, ...PROJECT },
  args: [1, 501],
  async run(input) {
    const [, ...wanted] = input.args
    const id = placeIn(input)
    const isLook = input.flag('dry-run')
    if (!isLook && !input.yes && !hasTerminal())
      throw new UsageError(
        'clients take writes a config file, and there is no terminal to ask on.',
        'Look with --dry-run, then add --yes.',
      )
    const { call } = await input.hub()
    const found = await call.moves.servers({ id })
    const names = wanted.length > 0 ? wanted : found.servers.filter(one => !one.cannot).map(one => one.name)
    if (names.length === 0) {
      if (input.json) sayJson({ id, servers: [], secrets: [] })
      else say(`Nothing in ${oneLine(found.path)} can be taken.`)
      return 0
    }
    const preview = await call.moves.previewTake({ id, names })
    if (isLook && input.json) {
      sayJson(preview)
      return 0
    }
    if (isLook || !input.yes) {
      saySome({ ...found, servers: found.servers.filter(one => names.includes(one.name)), taken: [] })
      sayPreview(preview)
      sayHeld(preview.holds)
    }
    if (isLook) return 0
    if (!input.yes && !(await agrees('Take these and write this?')))
      throw new CommandError(`Nothing was written to ${oneLine(preview.path)}.`)
    await take(input, id, names, preview.before)
    return 0
  },
}

export const clientsGiveBack: Command = {
  synopsis: 'ID [NAME]… [--project PATH] [--dry-run]',
  options: { 'dry-run': { type: 'boolean' }, ...PROJECT },
  help: 'Keys would be written into the file, so a person does it: in the window, Clients. Here it is only shown.',
  args: [1, 501],
  async run(input) {
    const { args, hub, json } = input
    const [, ...wanted] = args
    const id = placeIn(input)
    const { call } = await hub()
    const { taken } = await call.moves.servers({ id })
    const names = wanted.length > 0 ? wanted : taken.map(one => one.name)
    if (names.length === 0) throw new CommandError(`Nothing was taken from ${oneLine(id)} that its file does not have.`)
    const preview = await call.moves.previewGiveBack({ id, names })
    if (json) sayJson(preview)
    else {
      sayPreview(preview)
      const keys = [...new Set(taken.flatMap(one => (names.includes(one.name) ? one.keys : [])))]
      if (keys.length > 0) say(`The values of ${keys.map(oneLine).join(', ')} would stand in the file.`)
      say('Nothing was written. Do it in the window: `gatehouse open`, then Clients.')
    }
    return 0
  },
}

async function take(input: Input, id: string, names: string[], before: string | null): Promise<void> {
  const taken = await (await input.hub()).call.moves.take({ id, names, before })
  if (input.json) {
    sayJson(taken)
    return
  }
  say(`In Gatehouse now: ${taken.servers.map(one => oneLine(one.name)).join(', ')}. They wait for you in the window.`)
  if (taken.secrets.length > 0) say(`Keys stored in the vault: ${taken.secrets.map(oneLine).join(', ')}`)
  sayWritten(taken)
}

function sayHeld(holds: TakePreview['holds']): void {
  say('In Gatehouse, waiting for your agreement:')
  for (const { name, isThere, text } of holds)
    say(isThere ? `${oneLine(name)} is here already.` : printable(text.trimEnd()))
}

function saySome({ path, servers, taken }: ClientServers): void {
  sayTable(
    ['NAME', 'STARTS', 'KEYS', 'NOTE'],
    servers.map(one => [one.name, one.line, keysOf(one), noteOf(one)]),
    `No servers but ours in ${oneLine(path)}.`,
  )
  for (const { name } of taken) say(`${oneLine(name)} was taken from there; the window can give it back.`)
}

function keysOf({ values }: ClientServer): string {
  return values
    .flatMap(one => (one.isKey ? [`${one.name}${one.tooPlain ? ' (stays: too plain)' : ''}`] : []))
    .join(', ')
}

function noteOf({ cannot, there, off, notes }: ClientServer): string {
  if (cannot) return `cannot be taken: ${cannot}`
  return [...(there ? [`is here as ${there}`] : []), ...(off ? ['switched off'] : []), ...notes].join(' ')
}
