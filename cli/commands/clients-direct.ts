// `gatehouse clients direct`: servers in a client's own file, which starts them without the gateway.
import { agrees, hasTerminal } from '../ask.ts'
import { type Command, CommandError, type Input, UsageError } from '../command.ts'
import { oneLine, say, sayJson } from '../print.ts'
import { PROJECT, placeIn, sayPreview, sayWritten } from './clients.ts'

export const clientsDirect: Command = {
  synopsis: 'ID SERVER… [--project PATH] | ID --take-back [--project PATH] [--dry-run]',
  help: `Nothing holds for servers that a client starts itself, so a person writes them: in the window, Clients. Here it is only shown, with what is lost.
  --take-back   take all of them out of its file again; asks for a typed yes, or takes --yes
  --dry-run     only shows that`,
  options: { 'take-back': { type: 'boolean' }, 'dry-run': { type: 'boolean' }, ...PROJECT },
  args: [1, 101],
  async run(input) {
    const [, ...names] = input.args
    const id = placeIn(input)
    if (input.flag('take-back')) return takeBack(input, id)
    if (names.length === 0) throw new UsageError('Name the servers.', 'See `gatehouse servers list`.')
    const { call } = await input.hub()
    const all = await call.servers.list()
    const servers = names.map(name => {
      const found = all.find(one => [one.id, one.name, one.slug].includes(name))
      if (found) return found.id
      throw new CommandError(`No server is called ${oneLine(name)}.`, 'See `gatehouse servers list`.')
    })
    const preview = await call.direct.preview({ id, servers })
    if (input.json) {
      sayJson(preview)
      return 0
    }
    sayPreview(preview)
    for (const loss of preview.losses) say(oneLine(loss))
    if (preview.plain.length > 0)
      say(`The values of ${preview.plain.map(oneLine).join(', ')} would stand in the file in plain text.`)
    say('Nothing was written. Do it in the window: `gatehouse open`, then Clients.')
    return 0
  },
}

async function takeBack(input: Input, id: string): Promise<number> {
  const isLook = input.flag('dry-run')
  if (!isLook && !input.yes && !hasTerminal())
    throw new UsageError(
      'clients direct --take-back writes a config file, and there is no terminal to ask on.',
      'Look with --dry-run, then add --yes.',
    )
  const { call } = await input.hub()
  const preview = await call.direct.previewTakeBack({ id })
  if (isLook && input.json) {
    sayJson(preview)
    return 0
  }
  if (isLook || !input.yes) sayPreview(preview)
  if (isLook) return 0
  if (!input.yes && !(await agrees('Write this?')))
    throw new CommandError(`Nothing was written to ${oneLine(preview.path)}.`)
  const written = await call.direct.takeBack({ id, before: preview.before })
  if (input.json) sayJson(written)
  else sayWritten(written)
  return 0
}
