// `gatehouse secrets …`: credentials by name. Values come from stdin, never from an argv, and never go out.

import { SecretName } from '../../contract/secrets.ts'
import { ask, hasTerminal, readStdin } from '../ask.ts'
import { type Command, CommandError, UsageError } from '../command.ts'
import { clock, say, sayJson, sayTable } from '../print.ts'

const MOST_BYTES = 100_000

export const secretsList: Command = {
  synopsis: '',
  async run({ json, hub }) {
    const secrets = await (await hub()).call.secrets.list()
    if (json) sayJson(secrets)
    else
      sayTable(
        ['NAME', 'STATUS', 'LOOKS LIKE', 'LAST USED', 'USED BY'],
        secrets.map(one => [
          one.name,
          one.status,
          one.looksLike ?? '',
          one.status === 'missing' ? '' : one.usedAt === null ? 'never' : clock(one.usedAt),
          one.usedBy.map(user => (user.granted ? user.name : `${user.name} (not granted)`)).join(', '),
        ]),
        'No secrets.',
      )
    return 0
  },
}

export const secretsSet: Command = {
  synopsis: 'NAME',
  help: 'One newline at the end is dropped. On a terminal the value is not shown. One that is set already is replaced in the window alone.',
  args: [1, 1],
  async run({ args: [name = ''], json, hub }) {
    checkName(name)
    const value = hasTerminal() ? await ask(`Value of ${name}: `, true) : await readStdin(MOST_BYTES)
    if (value === null)
      throw new CommandError(`The value of ${name} is larger than 100 KB.`, 'Store a file’s path instead.')
    if (value === '')
      throw new CommandError(
        `The value of ${name} is empty.`,
        `Give it on stdin: printf %s "$VALUE" | gatehouse secrets set ${name}`,
      )
    const { call } = await hub()
    const secret = await call.secrets.set({ name, value })
    const { vault } = await call.hub.status()
    const store = vault.file ? 'encrypted file' : 'keychain'
    if (json) sayJson(secret)
    else say(`${name} is stored in the ${store}. A server gets it when you grant it in the window.`)
    return 0
  },
}

export const secretsRemove: Command = {
  synopsis: 'NAME',
  args: [1, 1],
  async run({ args: [name = ''], json, hub }) {
    checkName(name)
    const removed = await (await hub()).call.secrets.remove({ name })
    if (json) sayJson(removed)
    else say(`${name} is removed. Set anew, it is to be granted anew.`)
    return 0
  },
}

function checkName(name: string): void {
  const checked = SecretName.safeParse(name)
  // What was given may be the value itself, so it is not repeated.
  if (!checked.success)
    throw new UsageError(
      'That is not a name for a secret.',
      `${checked.error.issues[0]?.message ?? ''}. The value is read from stdin.`,
    )
}
