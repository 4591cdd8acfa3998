// Answers for moving over: servers out of a client's own file into Gatehouse, their keys into the vault, and back again.
import type { ClientServer } from '../../contract/client-move.ts'
import type { FoundServer, FoundValue } from '../clients/move-entry.ts'
import { launchOf, withReferences, withValues } from '../clients/move-entry.ts'
import type { TakenServer } from '../clients/moved.ts'
import { HubError } from '../error.ts'
import { checkedName, freeName, keysOf } from '../registry/definition.ts'
import { digestOf } from '../registry/digest.ts'
import { Entry } from '../registry/entry.ts'
import { redactAll } from '../vault/redact-all.ts'
import { whyTooPlain } from '../vault/too-plain.ts'
import { type GuardedContract, nameOf } from './caller.ts'
import { heldText } from './held-text.ts'
import { type Kept, keepAs } from './move-names.ts'
import type { Parts } from './router.ts'

type Keys = { server: string; where: FoundValue['where']; name: string; secret?: string | undefined }[] | undefined
type Needs = Pick<Parts, 'audit' | 'clients' | 'moved' | 'registry' | 'vault'>

export function answerMoves(api: GuardedContract, { audit, clients, moved, registry, vault }: Needs) {
  const shown = <T>(value: T) => redactAll(value, text => vault.redactor.redact(text))
  return api.moves.router({
    servers: api.moves.servers.handler(({ input: { id } }) => {
      const { path, before, servers } = clients.moving.servers(id)
      const kept = keepAs(servers, () => true, { isTaken: vault.has.bind(vault), before: moved.of(id) })
      const inFile = new Set(servers.map(one => one.name))
      const taken = moved.of(id).filter(one => !inFile.has(one.name))
      return {
        id,
        path,
        before,
        servers: servers.map(one => view(one, kept)),
        taken: taken.map(({ name, keys }) => ({ name, keys: [...new Set(keys.map(key => key.secret))] })),
        undoGives: clients.undoGives(id),
      }
    }),
    previewTake: api.moves.previewTake.handler(async ({ input: { id, names, keys } }) => {
      const { entries, kept } = await planned(id, names, keys)
      const preview = await clients.moving.preview(id, { take: names, put: new Map() }, true)
      const holds = entries.map(({ one, taken }) => {
        const { definition, as } = nameFor(one, taken)
        const own = kept.filter(each => each.server === one).map(each => each.secret)
        return { name: as, isThere: definition !== null, text: heldText(as, taken.entry), secrets: [...new Set(own)] }
      })
      return shown({ ...preview, holds })
    }),
    take: api.moves.take.handler(async ({ input: { id, names, keys, before }, context: { caller } }) => {
      const by = nameOf(caller)
      const secrets: string[] = []
      let added: { id: string; name: string }[] = []
      const ready = async () => {
        const { entries, kept } = await planned(id, names, keys)
        // On record before anything is stored: who is killed here goes on with the same names.
        for (const { taken } of entries) moved.put(taken)
        for (const [secret, value] of new Map(kept.map(each => [each.secret, each.value.value]))) {
          if (await store(secret, value, by)) secrets.push(secret)
        }
        added = await define(
          entries.map(({ one, taken }) => ({ one, entry: taken.entry })),
          by,
        )
        const detail = `${names.join(', ')} → ${added.map(each => each.name).join(', ')}`
        await audit.append({ kind: 'client', what: 'client/taking-servers', client: id, by, detail }, { durable: true })
      }
      const change = { take: names, put: new Map() }
      try {
        const written = await clients.moving.move(id, change, { connect: true, by, before, ready })
        return { ...written, servers: added, secrets }
      } catch (error) {
        if (added.length === 0 || !(error instanceof HubError)) throw error
        throw new HubError(error.code, error.message, {
          hint: `Gatehouse has ${added.map(each => each.name).join(', ')} already. Take them again to take them out of the file.`,
          cause: error,
        })
      }
    }),
    previewGiveBack: api.moves.previewGiveBack.handler(async ({ input: { id, names } }) => {
      const put = new Map(takenOf(id, names).map(({ name, entry }) => [name, entry]))
      return shown(await clients.moving.preview(id, { take: [], put }, false))
    }),
    giveBack: api.moves.giveBack.handler(async ({ input: { id, names, before }, context: { caller } }) => {
      const by = nameOf(caller)
      const taken = takenOf(id, names)
      const secrets = [...new Set(taken.flatMap(one => one.keys.map(key => key.secret)))]
      const values = new Map<string, string>()
      for (const secret of secrets) values.set(secret, await vault.read(secret))
      const put = new Map(taken.map(({ name, entry, keys }) => [name, withValues(entry, keys, values)]))
      const with_ = secrets.length > 0 ? ` · with the values of ${secrets.join(', ')}` : ''
      const detail = `${names.join(', ')}${with_}`
      const ready = () =>
        audit.append({ kind: 'client', what: 'client/giving-back', client: id, by, detail }, { durable: true })
      const written = await clients.moving.move(id, { take: [], put }, { connect: false, by, before, ready })
      for (const name of names) moved.forget(id, name)
      return written
    }),
  })

  function chosenOf(id: string, names: readonly string[]): FoundServer[] {
    const { servers } = clients.moving.servers(id)
    return [...new Set(names)].map(name => {
      const found = servers.find(one => one.name === name)
      const why = found ? cannot(found) : 'There is no such entry.'
      if (!found || why)
        throw new HubError(
          'clients/cannot-take',
          `${name.slice(0, 60)} in ${clients.title(id)}'s file cannot be taken. ${why}`,
          {
            hint: 'Nothing was written. Leave it out, or add it in Gatehouse by hand.',
          },
        )
      return found
    })
  }

  /** What is taken, with references in the place of keys. Nothing is stored. */
  async function planned(id: string, names: readonly string[], keys: Keys) {
    const chosen = chosenOf(id, names)
    for (const one of chosen) mustFit(one)
    const keyOf = (server: FoundServer, value: FoundValue) =>
      keys?.find(key => key.server === server.name && key.where === value.where && key.name === value.name)
    const wanted = (server: FoundServer, value: FoundValue) =>
      keys ? keyOf(server, value) !== undefined : value.isKey && whyTooPlain(value.value) === null
    const kept = await settledNames(id, chosen, wanted, (server, value) => keyOf(server, value)?.secret)
    return { kept, entries: chosen.map(one => ({ one, ...referring(id, one, kept) })) }
  }

  function takenOf(id: string, names: readonly string[]): TakenServer[] {
    const all = moved.of(id)
    return [...new Set(names)].map(name => {
      const found = all.find(one => one.name === name)
      if (found) return found
      throw new HubError('clients/not-taken', `${name.slice(0, 60)} was not taken from ${clients.title(id)}.`)
    })
  }

  /** A name of before holds only where its value still is this one. */
  async function settledNames(
    id: string,
    chosen: FoundServer[],
    wanted: Parameters<typeof keepAs>[1],
    named: Parameters<typeof keepAs>[2]['chosen'],
  ): Promise<Kept[]> {
    const before = moved.of(id)
    const isTaken = (name: string) => vault.has(name)
    const not = new Set<string>()
    const own = named ? { chosen: named } : {}
    for (const { secret, value } of keepAs(chosen, wanted, { isTaken, before, ...own }))
      if (await holdsAnother(secret, value.value)) not.add(secret)
    return keepAs(chosen, wanted, { isTaken: name => not.has(name) || isTaken(name), before, not, ...own })
  }

  async function holdsAnother(secret: string, value: string): Promise<boolean> {
    return (await vault.isStored(secret)) && (await vault.read(secret)) !== value
  }

  async function store(secret: string, value: string, by: string): Promise<boolean> {
    if (await vault.isStored(secret)) {
      if (!(await holdsAnother(secret, value))) return false
      throw new HubError('secret/exists', `${secret} is set already, and a stored value is replaced by a person.`, {
        hint: 'Nothing was taken. Replace or remove it in the window: Credentials.',
      })
    }
    await vault.set(secret, value)
    await audit.append({ kind: 'secret', what: 'secret/set', by, detail: secret }, { durable: true })
    return true
  }

  /** All at once, or none; what is there already is not added again. */
  async function define(all: { one: FoundServer; entry: TakenServer['entry'] }[], by: string) {
    const there = (digest: string) => registry.list().find(each => each.digest === digest)
    const wanted = new Map(all.map(({ one, entry }) => [digestOf(launchOf(entry)), { one, launch: launchOf(entry) }]))
    const fresh = [...wanted].filter(([digest]) => !there(digest))
    if (fresh.length > 0) {
      const block = Object.fromEntries(fresh.map(([, { one, launch }]) => [one.name.trim(), keysOf(launch)]))
      await registry.import(JSON.stringify({ mcpServers: block }))
    }
    for (const [digest, { one }] of fresh) {
      const { id, name } = there(digest)!
      if (one.off) await registry.update(id, { enabled: false })
      const event = { kind: 'server' as const, what: 'server/added', server: id, by, detail: `${name}: ${one.line}` }
      await audit.append(event, { durable: true })
    }
    return [...wanted.keys()].flatMap(digest => there(digest) ?? []).map(({ id, name }) => ({ id, name }))
  }

  function view(one: FoundServer, kept: readonly Kept[]): ClientServer {
    const { definition, as } = nameFor(one)
    return {
      name: one.name,
      line: one.line,
      as,
      there: definition,
      off: one.off,
      values: one.values.map(value => ({
        where: value.where,
        name: value.name,
        isKey: value.isKey,
        secret: kept.find(each => each.value === value)?.secret ?? value.name,
        looksLike: `${[...value.value].length} characters`,
        tooPlain: whyTooPlain(value.value),
      })),
      notes: one.notes,
      cannot: cannot(one),
    }
  }

  function nameFor(one: FoundServer, taken?: TakenServer): { definition: string | null; as: string } {
    const digest = digestOf(taken ? launchOf(taken.entry) : one.launch)
    const definition = registry.list().find(each => each.digest === digest)?.name ?? null
    const names = new Set(registry.list().map(each => each.name))
    return { definition, as: definition ?? freeName(one.name.trim(), names) }
  }

  function cannot(one: FoundServer): string | null {
    if (one.cannot) return one.cannot
    try {
      mustFit(one)
      return null
    } catch (error) {
      return error instanceof HubError ? error.message : String(error)
    }
  }
}

function mustFit({ name, launch }: FoundServer): void {
  checkedName(name.trim())
  const issue = Entry.safeParse(keysOf(launch)).error?.issues[0]
  if (issue) throw new HubError('clients/cannot-take', `Its ${issue.path.join('.') || 'entry'} ${issue.message}.`)
}

function referring(client: string, one: FoundServer, kept: readonly Kept[]): { taken: TakenServer } {
  const own = kept.filter(each => each.server === one)
  const keys = own.map(({ value, secret }) => ({ path: value.path, from: value.from, to: value.to, secret }))
  const entry = withReferences(one.entry, keys)
  return { taken: { client, name: one.name, entry, keys: keys.map(({ path, secret }) => ({ path, secret })) } }
}
