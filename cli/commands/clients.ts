// `gatehouse clients …`: the AI clients on this machine, and writing our entry into their configs.
import { resolve } from 'node:path'
import { z } from 'zod'
import type { MovePreview } from '../../contract/client-move.ts'
import { ClientAction, inProject, Preview, type Written } from '../../contract/clients.ts'
import { ClientLine } from '../../contract/command-line.ts'
import { agrees, hasTerminal } from '../ask.ts'
import { type Command, CommandError, type Input, UsageError } from '../command.ts'
import { oneLine, printable, say, sayJson, sayTable } from '../print.ts'
import { programJson } from '../run-program.ts'

/** Of each command that takes a client in one project. */
export const PROJECT = { project: { type: 'string' } } as const

/** The client that is meant: its id, in the project where one is named. */
export function placeIn({ args: [id = ''], text }: Input): string {
  const project = text('project')
  return project === undefined ? id : inProject(id, resolve(project))
}

export const clientsList: Command = {
  synopsis: '',
  async run({ data, json, hubIfAny }) {
    const hub = await hubIfAny()
    const clients = hub ? await hub.call.clients.list() : await programJson('clients', ['list', '--data', data])
    const lines = z.array(ClientLine).parse(clients)
    if (json) sayJson(lines)
    else
      sayTable(
        ['ID', 'NAME', 'STATUS', 'CONFIG FILE'],
        lines.map(line => [line.id, line.name, standing(line), line.path ?? '']),
        'No AI client is known for this system.',
      )
    if (!json)
      for (const { id, asks } of lines)
        if (asks) say(`${oneLine(asks.text)} gatehouse clients answer ${oneLine(id)} back|out`)
    return 0
  },
}

function standing({ status, direct }: ClientLine): string {
  return direct.length > 0 ? `${status} · past the gate: ${direct.join(', ')}` : status
}

export const clientsPreview: Command = {
  synopsis: 'ID [--project PATH] [--action connect|disconnect|undo|token]',
  options: { action: { type: 'string' }, ...PROJECT },
  args: [1, 1],
  async run(input) {
    const preview = await previewOf(input, placeIn(input), toAction(input.text('action') ?? 'connect'))
    if (input.json) sayJson(preview)
    else sayPreview(preview)
    return 0
  },
}

async function previewOf(input: Input, id: string, action: ClientAction): Promise<Preview> {
  const hub = await input.hubIfAny()
  if (hub) return hub.call.clients.preview({ id, action })
  return Preview.parse(await programJson('clients', ['preview', id, '--action', action, '--data', input.data]))
}

function toAction(text: string): ClientAction {
  const action = ClientAction.safeParse(text)
  if (action.success) return action.data
  throw new UsageError(`--action ${oneLine(text)} is not known.`, 'It is connect, disconnect, undo or token.')
}

function writing(action: ClientAction, word: string = action): Command {
  return {
    synopsis: 'ID [--project PATH] [--dry-run]',
    help: `Shows what is written and asks for a typed yes; --yes goes ahead. Without a terminal --yes is needed.
  --project PATH   in that project alone, for clients that read files of a project
  --dry-run        only shows it (also without a hub)`,
    options: { 'dry-run': { type: 'boolean' }, ...PROJECT },
    args: [1, 1],
    async run(input) {
      const id = placeIn(input)
      if (input.flag('dry-run')) {
        const preview = await previewOf(input, id, action)
        if (input.json) sayJson(preview)
        else sayPreview(preview)
        return 0
      }
      if (!input.yes && !hasTerminal())
        throw new UsageError(
          `clients ${word} writes a config file, and there is no terminal to ask on.`,
          'Look with --dry-run, then add --yes.',
        )
      const { call } = await input.hub()
      const preview = await call.clients.preview({ id, action })
      if (!preview.changes && !input.json) {
        say(`${oneLine(preview.path)} is already as it would be. Nothing was written.`)
        return 0
      }
      if (!input.yes) {
        sayPreview(preview)
        if (!(await agrees('Write this?'))) throw new CommandError(`Nothing was written to ${oneLine(preview.path)}.`)
      }
      const write = { id, before: preview.before }
      const written = await (action === 'token' ? call.clients.replaceToken(write) : call.clients[action](write))
      if (input.json) sayJson(written)
      else sayWritten(written)
      return 0
    },
  }
}

export const clientsConnect = writing('connect')
export const clientsDisconnect = writing('disconnect')
export const clientsUndo = writing('undo')
export const clientsReplaceToken = writing('token', 'replace-token')

export const clientsAdd: Command = {
  synopsis: 'NAME [--http]',
  help: 'For a client that Gatehouse does not know: prints an entry to paste, with a token of its own. Asks for a typed yes, or takes --yes.',
  options: { http: { type: 'boolean' } },
  args: [1, 1],
  async run(input) {
    const [name = ''] = input.args
    if (!input.yes && !hasTerminal())
      throw new UsageError('clients add opens the gate to a client, and there is no terminal to ask on.', 'Add --yes.')
    const question = `Let ${oneLine(name)} use what Gatehouse offers, under the rules for clients it does not know?`
    if (!input.yes && !(await agrees(question))) throw new CommandError('No client was added.')
    const { call } = await input.hub()
    const added = await call.clients.addOther({ name, transport: input.flag('http') ? 'http' : 'stdio' })
    if (input.json) sayJson(added)
    else {
      say(printable(added.entry))
      say('Paste this into its settings. The token in it is shown this once; `gatehouse clients remove` takes it back:')
      say(`  gatehouse clients remove ${oneLine(added.id)}`)
    }
    return 0
  },
}

export const clientsRemove: Command = {
  synopsis: 'ID',
  help: 'Only for clients that were added with `clients add`. Its token opens nothing any more.',
  args: [1, 1],
  async run(input) {
    const [id = ''] = input.args
    const { call } = await input.hub()
    const removed = await call.clients.removeOther({ id })
    if (input.json) sayJson(removed)
    else say(`Removed: ${oneLine(id)}`)
    return 0
  },
}

export function sayWritten(written: Written): void {
  say(`${written.sha256 === null ? 'Removed' : 'Written'}: ${oneLine(written.path)}`)
  if (written.backup) say(`The file as it was: ${oneLine(written.backup)}`)
  if (written.afterWriting) say(oneLine(written.afterWriting))
}

export function sayPreview(preview: MovePreview): void {
  say(oneLine(preview.path))
  say(printable(preview.diff.trimEnd()))
  say(oneLine(preview.summary))
  for (const warning of preview.warnings) say(`Note: ${oneLine(warning)}`)
  for (const reader of preview.alsoReadBy) say(`Also read by ${oneLine(reader)}.`)
}
