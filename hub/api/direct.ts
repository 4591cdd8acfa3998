// Answers for direct mode: servers of ours written into a client's own file, which starts them without the gateway.
import { MASK } from '../clients/mask.ts'
import { HubError } from '../error.ts'
import { type GuardedContract, nameOf } from './caller.ts'
import type { Parts } from './router.ts'

type Needs = Pick<Parts, 'audit' | 'clients' | 'registry' | 'vault'>

export function answerDirect(api: GuardedContract, { audit, clients, registry, vault }: Needs) {
  return api.direct.router({
    preview: api.direct.preview.handler(async ({ input: { id, servers } }) => {
      const { chosen, plain } = chosenOf(servers)
      return { ...(await clients.directly.preview(id, chosen, new Map(plain.map(name => [name, MASK])))), plain }
    }),
    write: api.direct.write.handler(async ({ input: { id, servers, before, plain: agreed }, context: { caller } }) => {
      const by = nameOf(caller)
      const { chosen, plain } = chosenOf(servers)
      if (plain.length > 0 && !agreed)
        throw new HubError(
          'clients/plain-secrets',
          `${plain.join(', ')} would stand in ${clients.title(id)}'s file in plain text.`,
          { hint: 'Nothing was written. Say yes to that, or leave these servers to Gatehouse.' },
        )
      const values = new Map<string, string>()
      for (const name of plain) values.set(name, await vault.read(name))
      const held = plain.length > 0 ? ` · with the values of ${plain.join(', ')}` : ''
      const detail = `${chosen.map(one => one.name).join(', ')}${held}`
      const ready = () =>
        audit.append({ kind: 'client', what: 'client/writing-directly', client: id, by, detail }, { durable: true })
      return clients.directly.write(id, chosen, values, { by, before, ready })
    }),
    previewTakeBack: api.direct.previewTakeBack.handler(({ input: { id } }) => clients.directly.previewTakeBack(id)),
    takeBack: api.direct.takeBack.handler(({ input: { id, before }, context: { caller } }) =>
      clients.directly.takeBack(id, { by: nameOf(caller), before }),
    ),
  })

  function chosenOf(ids: readonly string[]) {
    const chosen = [...new Set(ids)].map(id => {
      const { slug, launch, bundled, secretNames } = registry.find(id)
      return { id, name: slug, launch, bundled, secretNames }
    })
    return { chosen, plain: [...new Set(chosen.flatMap(one => one.secretNames))] }
  }
}
