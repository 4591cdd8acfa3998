// Answers for credentials: listed, set, replaced, removed, given to servers; and the encrypted file they may lie in.

import { runsWithOldValue } from '../../contract/secrets.ts'
import { atMost } from '../at-most.ts'
import { HubError } from '../error.ts'
import { withoutShapes } from '../vault/shapes.ts'
import { type Caller, type GuardedContract, nameOf } from './caller.ts'
import { inTurn } from './in-turn.ts'
import type { Parts } from './router.ts'
import { viewSecrets } from './secret-view.ts'
import { ended } from './stream.ts'

type Needs = Pick<Parts, 'audit' | 'registry' | 'supervisor' | 'vault' | 'windows'>

/** A question of the keychain may wait for its person much longer; the window hears of the answer by itself. */
const RETRY_WAIT_MS = 5_000

export function answerSecrets(api: GuardedContract, { audit, registry, supervisor, vault, windows }: Needs) {
  // Each takes 128 MB and a thread for some tenths of a second.
  const tryInTurn = inTurn('passphrases')
  const view = (name: string) => viewSecrets(vault, registry).find(one => one.name === name)!

  return api.secrets.router({
    list: api.secrets.list.handler(() => viewSecrets(vault, registry)),
    set: api.secrets.set.handler(async ({ input: { name, value, restart }, context: { caller } }) => {
      if (caller.role === 'cli' && (vault.has(name) || (await vault.isStored(name)))) {
        await audit.append(
          { kind: 'refused', what: 'secret/replace', by: nameOf(caller), detail: name },
          { durable: false },
        )
        // As a proposal it would have to be stored first, and a value that nobody accepted is stored nowhere.
        throw new HubError('secret/exists', `${name} is set already, and a stored value is replaced by a person.`, {
          hint: 'Replace it in the window: Credentials. What you gave was not kept.',
        })
      }
      if (withoutShapes(name) !== name)
        throw new HubError(
          'secret/name',
          'This name looks like a credential itself, and names are shown to everybody.',
          {
            hint: 'Nothing was stored. Give a name like GITHUB_TOKEN first, and then the value.',
          },
        )
      await vault.set(name, value)
      await record('secret/set', caller, name)
      const running = view(name).usedBy.filter(({ server, granted }) => granted && isOld(server))
      if (restart) for (const { server } of running) void supervisor.restart(server).catch(() => {})
      return {
        ...view(name),
        running: running.map(one => ({ server: one.server, name: one.name })),
        restarting: restart === true && running.length > 0,
      }
    }),
    remove: api.secrets.remove.handler(async ({ input: { name }, context: { caller } }) => {
      // First, and with it: otherwise removing and setting anew would put another value into a server's hands unasked.
      registry.ungrant(name)
      await vault.remove(name)
      await record('secret/removed', caller, name)
      return { removed: name }
    }),
    grant: api.secrets.grant.handler(async ({ input, context }) => {
      const { id } = registry.find(input.server)
      await record('secret/granted', context.caller, input.name, id)
      registry.grant(id, input.name)
      return view(input.name)
    }),
    retry: api.secrets.retry.handler(async () => {
      await atMost(RETRY_WAIT_MS, vault.retry())
      return vault.status()
    }),
    unlock: api.secrets.unlock.handler(async ({ input, context: { caller, gone }, signal }) => {
      try {
        const proven = () => caller.window !== null && windows.vouch(caller.window)
        await tryInTurn(ended(gone, signal), () => vault.unlock(input.passphrase, proven))
      } catch (error) {
        const detail = error instanceof Error ? error.message : 'failed'
        await audit.append({ kind: 'refused', what: 'vault/unlock', by: nameOf(caller), detail }, { durable: false })
        throw error
      }
      return fileDone('vault/unlocked', caller)
    }),
    createFile: api.secrets.createFile.handler(async ({ input, context }) => {
      await vault.createFile(input.passphrase)
      return fileDone('vault/file-created', context.caller)
    }),
    changePassphrase: api.secrets.changePassphrase.handler(async ({ input, context }) => {
      await vault.changePassphrase(input.before, input.after)
      return fileDone('vault/passphrase-changed', context.caller)
    }),
    moveToKeychain: api.secrets.moveToKeychain.handler(async ({ context }) => {
      await vault.moveToKeychain()
      return fileDone('vault/moved-to-keychain', context.caller)
    }),
  })

  function isOld(id: string): boolean {
    return runsWithOldValue(supervisor.state(id)) || supervisor.details(id).instances > 0
  }

  async function record(what: string, caller: Caller, detail: string, server?: string) {
    await audit.append(
      { kind: 'secret', what, by: nameOf(caller), detail, ...(server ? { server } : {}) },
      { durable: true },
    )
  }

  async function fileDone(what: string, caller: Caller) {
    await audit.append({ kind: 'secret', what, by: nameOf(caller) }, { durable: true })
    return vault.status()
  }
}
