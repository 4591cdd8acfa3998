// `gatehouse servers catalog`: the servers that come with Gatehouse; and how `servers add gatehouse:NAME` makes one of them.
import { type BundledServer, bundledOf, launchOf, missingIn, sentence } from '../../contract/catalog.ts'
import type { Launch } from '../../contract/servers.ts'
import { type Command, CommandError, UsageError } from '../command.ts'
import type { HubConnection } from '../hub-connection.ts'
import { oneLine, say, sayJson, sayTable } from '../print.ts'

export const serversCatalog: Command = {
  synopsis: '[NAME]',
  help: 'With a NAME: all its settings. One is added with gatehouse servers add gatehouse:NAME.',
  args: [0, 1],
  async run({ args: [name], json, hub }) {
    const all = await (await hub()).call.catalog.list()
    if (name === undefined) {
      if (json) sayJson(all)
      else
        sayTable(
          ['NAME', 'NEEDS', 'DOES'],
          all.map(one => [one.name, needsOf(one).join(', ') || '–', one.does]),
          '',
        )
      return 0
    }
    const one = find(all, bundledOf(name) ?? name)
    if (json) sayJson(one)
    else {
      say(`${one.title}: ${one.does}.`)
      sayTable(
        ['SETTING', 'DEFAULT', 'FOR'],
        Object.entries(one.settings).map(([setting, { default: usual, description = '' }]) => [
          setting,
          one.secrets.includes(setting) ? '(credential)' : `${one.given[setting]?.value ?? usual ?? '–'}`,
          description,
        ]),
        '',
      )
    }
    return 0
  },
}

interface Given {
  env: Record<string, string>
  /** Settings whose credential is in the keychain: K, or K=NAME. */
  secrets: readonly string[]
  args: readonly string[]
}

/** Of `gatehouse:NAME`; what it still lacks is said. Throws CommandError. */
export async function bundledLaunch(hub: HubConnection, name: string, given: Given): Promise<Launch> {
  const one = find(await hub.call.catalog.list(), bundledOf(name) ?? name)
  const secrets = Object.fromEntries(given.secrets.map(secretIn))
  for (const setting of [...Object.keys(given.env), ...Object.keys(secrets)]) {
    if (!(setting in one.settings))
      throw new UsageError(
        `${one.name} has no setting ${oneLine(setting)}.`,
        `See them: gatehouse servers catalog ${one.name}`,
      )
  }
  const plain = one.secrets.find(setting => given.env[setting] && !given.env[setting].startsWith('${'))
  if (plain)
    throw new CommandError(
      `${plain} is a credential, and is kept in the keychain alone.`,
      `gatehouse secrets set ${plain}, then add it with --secret ${plain}. What you gave was not kept.`,
    )
  const launch = launchOf(one, { settings: given.env, secrets, folders: given.args, switches: [] })
  const wrong = Object.entries(await hub.call.catalog.check({ launch }))
  if (wrong.length > 0)
    throw new CommandError(
      `${one.name} would refuse what you gave. ${wrong.map(([name, rule]) => `${name}: ${sentence(oneLine(rule))}`).join(' ')}`,
      'Nothing was added.',
    )
  const missing = missingIn(one, launch.env)
  if (missing.length > 0) process.stderr.write(`Without ${missing.join(' and ')} its calls only say what is missing.\n`)
  if (one.folders?.needed && !given.args.some(argument => !argument.startsWith('-')))
    process.stderr.write('No folder is named (after --), so it may read nothing.\n')
  return launch
}

const needsOf = ({ needs, folders }: BundledServer) => [...(folders?.needed ? ['a folder'] : []), ...needs]

function find(all: readonly BundledServer[], name: string): BundledServer {
  const one = all.find(each => each.name === name)
  if (one) return one
  const names = all.map(each => each.name).join(', ')
  throw new CommandError(`No server ${oneLine(name)} comes with Gatehouse.`, `There is: ${names}.`)
}

function secretIn(text: string): [setting: string, name: string] {
  const at = text.indexOf('=')
  return at < 0 ? [text, text] : [text.slice(0, at), text.slice(at + 1)]
}
