// Answers for AI clients: what a shell may do with their files, and what a person does in the window.
import { HubError } from '../error.ts'
import { redactAll } from '../vault/redact-all.ts'
import { type Caller, type GuardedContract, nameOf } from './caller.ts'
import type { Parts } from './router.ts'

export function answerClients(
  api: GuardedContract,
  { audit, clients, gateway, profiles, vault }: Pick<Parts, 'audit' | 'clients' | 'gateway' | 'profiles' | 'vault'>,
) {
  const shown = <T>(value: T) => redactAll(value, text => vault.redactor.redact(text))
  return api.clients.router({
    list: api.clients.list.handler(() => clients.list(gateway.links())),
    // A value that the vault holds may stand in a client's file where nothing else tells that it is one.
    preview: api.clients.preview.handler(async ({ input }) => shown(await clients.preview(input.id, input.action))),
    connect: api.clients.connect.handler(async ({ input, context: { caller } }) => {
      if (clients.othersEntry(input.id) !== null)
        await forWindow(caller, `replacing the entry of another Gatehouse in ${clients.title(input.id)}'s file`)
      return clients.connect(input.id, input.before, nameOf(caller))
    }),
    disconnect: api.clients.disconnect.handler(({ input, context }) =>
      clients.disconnect(input.id, nameOf(context.caller), input.before),
    ),
    undo: api.clients.undo.handler(async ({ input, context: { caller } }) => {
      if (clients.undoGivesBack(input.id))
        await forWindow(caller, `giving servers, with keys that were in them, back to ${clients.title(input.id)}`)
      return clients.undo(input.id, nameOf(caller), input.before)
    }),
    replaceToken: api.clients.replaceToken.handler(({ input, context }) =>
      clients.replaceToken(input.id, nameOf(context.caller), input.before),
    ),
    history: api.clients.history.handler(async ({ input }) => shown(clients.guarding.history(input.id))),
    keep: api.clients.keep.handler(async ({ input: { id, on, dryRun }, context }) => {
      if (dryRun) return { id, keep: on, preview: shown(await clients.guarding.previewKeep(id, on)) }
      clients.guarding.keep(id, on, nameOf(context.caller))
      return { id, keep: on, preview: null }
    }),
    answerGuard: api.clients.answerGuard.handler(async ({ input: { id, answer, dryRun }, context }) => {
      if (dryRun) return { id, written: null, preview: shown(await clients.guarding.previewAnswer(id, answer)) }
      return { id, written: await clients.guarding.answer(id, answer, nameOf(context.caller)), preview: null }
    }),
    quitAndWrite: api.clients.quitAndWrite.handler(({ input, context }) =>
      clients.quitAndWrite(input.id, input.before, nameOf(context.caller)),
    ),
    addOther: api.clients.addOther.handler(({ input, context }) =>
      clients.addOther(input.name, input.transport, nameOf(context.caller)),
    ),
    newOtherToken: api.clients.newOtherToken.handler(({ input, context }) =>
      clients.newOtherToken(input.id, nameOf(context.caller)),
    ),
    removeOther: api.clients.removeOther.handler(({ input, context }) => {
      clients.removeOther(input.id, nameOf(context.caller))
      profiles.forget(input.id)
      return { id: input.id }
    }),
    setHttpPort: api.clients.setHttpPort.handler(({ input, context }) => {
      clients.setHttpPort(input.port, nameOf(context.caller))
      return { port: input.port }
    }),
  })

  /** Some of what a procedure can do is for a person alone. */
  async function forWindow(caller: Caller, what: string): Promise<void> {
    if (caller.role === 'window') return
    await audit.append(
      { kind: 'refused', what: 'refused/role', by: nameOf(caller), detail: `${what} is for the window only.` },
      { durable: false },
    )
    throw new HubError('api/window-only', `Nothing was written: ${what} is for the window only.`, {
      hint: 'Do it in the Gatehouse window: `gatehouse open`, then Clients.',
    })
  }
}
