// `gatehouse vault …`: where secrets are kept, and the encrypted file's passphrase typed at a terminal.
import { ask, hasTerminal } from '../ask.ts'
import { type Command, CommandError } from '../command.ts'
import { say, sayJson } from '../print.ts'

export const vaultStatus: Command = {
  synopsis: '',
  async run({ json, hub }) {
    const { vault } = await (await hub()).call.hub.status()
    if (json) sayJson(vault)
    else say([vault.what, vault.hint].filter(Boolean).join('\n'))
    return 0
  },
}

export const vaultUnlock: Command = {
  synopsis: '',
  help: 'Asks for the passphrase of the encrypted file on the terminal. It is made, changed and moved in the window: Credentials.',
  async run({ json, hub }) {
    // From a pipe it would stand in a shell's history or in a file.
    if (!hasTerminal())
      throw new CommandError('A passphrase is typed at a terminal.', 'Unlock it in the window: Credentials.')
    const vault = await (await hub()).call.secrets.unlock({ passphrase: await ask('Passphrase: ', true) })
    if (json) sayJson(vault)
    else say(vault.what)
    return 0
  },
}
