// What moving servers over would make of a client's file: their entries out or in, and ours, as one change.
import { HubError } from '../error.ts'
import { applySplices } from './edit.ts'
import { digestOf, ENTRY_NAME, entryIn, placeIn, valueAt } from './entry.ts'
import type { Write } from './history.ts'
import type { Entry } from './move-entry.ts'
import { checked, configOf, type Plan, putSplices, takeSplices } from './plan.ts'
import { type Config, readConfig } from './read-config.ts'
import type { FileNow } from './replace-file.ts'
import type { KnownClient } from './table.ts'

/** Names of servers whose entries go out, and entries that go in. */
export interface Change {
  take: readonly string[]
  put: ReadonlyMap<string, Entry>
}

/** `start`: what is planned for our own entry; null: it stays as it is. */
export function planMove(now: FileNow, client: KnownClient, start: Plan | null, change: Change): Plan {
  const before = configOf(now, client)
  let config = start?.after ? again(start.after.toString().replace(/^\ufeff/, ''), client) : before
  for (const [name, entry] of change.put) {
    if (name === ENTRY_NAME || valueAt(config, [...client.config.keyPath, name]) !== undefined)
      throw new HubError('clients/there-already', `${client.name}'s file has an entry named ${name} already.`, {
        hint: 'Nothing was written. Take that one out first, or leave this one in Gatehouse.',
      })
    config = after(config, client, putSplices(config, client, placeIn(client, name), entry))
  }
  for (const name of change.take) config = after(config, client, takeSplices(config, placeIn(client, name), 0))
  const names = [...change.put.keys(), ...change.take]
  const result = checked(before, config.text, client, names)
  const at = (name: string) => valueAt(config, [...client.config.keyPath, name])
  const isDone =
    change.take.every(name => name !== ENTRY_NAME && at(name) === undefined) &&
    [...change.put].every(([name, entry]) => digestOf(at(name)) === digestOf(entry))
  if (!isDone)
    throw new HubError('clients/edit', `The entries in ${client.name}'s file cannot be moved by themselves.`, {
      hint: 'It was not touched. Write each server as an entry of its own first.',
    })
  return {
    ...result,
    created: 0,
    warnings: [...(start?.warnings ?? []).filter(one => !result.warnings.includes(one)), ...result.warnings],
    summary: summaryOf(change, start !== null),
  }
}

/** Undoes a move where the file was changed since: what it took is put back from the copy, what it gave goes. */
export function planUnmove(
  now: FileNow,
  client: KnownClient,
  { taken, given }: Write['note'],
  copy: Buffer | null,
): Plan {
  const was = readConfig(copy ?? Buffer.alloc(0), client)
  const config = configOf(now, client)
  const at = (one: Config, name: string) => valueAt(one, [...client.config.keyPath, name])
  const put = taken.flatMap(name => {
    const entry = was.kind === 'config' && at(config, name) === undefined ? at(was, name) : undefined
    return entry === undefined ? [] : [[name, entry as Entry] as const]
  })
  const change = { take: given.filter(name => at(config, name) !== undefined), put: new Map(put) }
  const hadOurs = was.kind === 'config' && entryIn(was, client) !== undefined
  const plan = planMove(now, client, null, change)
  if (hadOurs || !plan.after) return plan
  const left = again(plan.after.toString().replace(/^\ufeff/, ''), client)
  const text = applySplices(left.text, takeSplices(left, placeIn(client), 0))
  return { ...plan, ...checked(config, text, client, [...change.put.keys(), ...change.take]) }
}

function after(config: Config, client: KnownClient, splices: Parameters<typeof applySplices>[1]): Config {
  return again(applySplices(config.text, splices), client)
}

function again(text: string, client: KnownClient): Config {
  const config = readConfig(Buffer.from(text), client)
  if (config.kind === 'config') return config
  throw new HubError('clients/edit', `${client.name}'s file cannot be changed safely. It was not touched.`, {
    hint: 'Move the entries by hand, and report the layout of this file.',
  })
}

function summaryOf({ take, put }: Change, connects: boolean): string {
  const entries = (n: number, what: string) =>
    `${n} ${n === 1 ? 'server' : 'servers'} ${n === 1 ? 'is' : 'are'} ${what}`
  const parts = [
    ...(take.length > 0 ? [`${entries(take.length, 'taken out')}`] : []),
    ...(put.size > 0 ? [`${entries(put.size, 'put in')}`] : []),
    ...(connects ? ['the entry of Gatehouse is put in'] : []),
  ]
  return `${parts.join(', ')}. Everything else stays as it is, byte for byte. A copy of the file as it is now is kept.`
}
