// What a write would make of a file: the bytes after, checked, and in words. Decides only; nothing is written here.
import { HubError } from '../error.ts'
import { applySplices, type Place, putEntry, type Splice, takeEntry } from './edit.ts'
import { entryIn, placeIn, valueAt } from './entry.ts'
import type { Json } from './layout.ts'
import { type Config, readConfig } from './read-config.ts'
import type { FileNow } from './replace-file.ts'
import { isSameButFor } from './same-but-for.ts'
import type { KnownClient } from './table.ts'
import { putToml, takeToml } from './toml.ts'
import { putYaml, takeYaml } from './yaml.ts'

export interface Plan {
  /** Null: the file is taken away. */
  after: Buffer | null
  before: Config
  /** Maps above the entry that this makes. */
  created: number
  summary: string
  warnings: string[]
}

const EMPTY = Buffer.alloc(0)
const BOM = '\ufeff'
const REST = 'Everything else stays as it is, byte for byte.'

/** The file as its client reads it; refused with line and column where it cannot. */
export function configOf(now: FileNow, client: KnownClient): Config {
  const config = readConfig(now.bytes ?? EMPTY, client)
  if (config.kind === 'config') return config
  throw new HubError('clients/unreadable', `${client.name}'s file cannot be read. ${config.what}`, {
    hint: `It was not touched. Put ${now.path} right and try again.`,
  })
}

/** The entry goes in; one that is there gives way. */
export function planPut(now: FileNow, client: KnownClient, entry: { [key: string]: Json }): Plan {
  const before = configOf(now, client)
  const place = placeIn(client)
  const splices = putSplices(before, client, place, entry)
  const had = entryIn(before, client) !== undefined
  // In TOML our tables stand for themselves: nothing is made above them.
  const missing = before.toml
    ? -1
    : place.keyPath.findIndex((_, depth) => valueAt(before, place.keyPath.slice(0, depth + 1)) === undefined)
  return {
    ...checked(before, applySplices(before.text, splices), client),
    created: missing < 0 ? 0 : place.keyPath.length - missing,
    summary: now.bytes
      ? putSummary(before, splices, had)
      : 'A new file is made, readable by you alone. Undo takes it away again.',
  }
}

/** The entry goes out, and maps that were made for it. */
export function planTake(now: FileNow, client: KnownClient, created: number): Plan {
  const before = configOf(now, client)
  if (!now.bytes)
    return { after: null, before, created: 0, summary: 'There is no such file. Nothing changes.', warnings: [] }
  const place = placeIn(client)
  const splices = takeSplices(before, place, created)
  return {
    ...checked(before, applySplices(before.text, splices), client),
    created: 0,
    summary:
      splices.length === 0
        ? 'There is no entry of Gatehouse in it. Nothing changes.'
        : `The entry of Gatehouse is taken out. ${REST}`,
  }
}

/** The file becomes what it was. */
export function planRestore(now: FileNow, client: KnownClient, bytes: Buffer | null): Plan {
  const summary = bytes
    ? 'The file becomes what it was before Gatehouse wrote, byte for byte.'
    : 'The file is taken away again: there was none before Gatehouse wrote.'
  return { after: bytes, before: configOf(now, client), created: 0, summary, warnings: [] }
}

/** Our entry as it will stand after the plan, or undefined. */
export function entryAfter(plan: Plan, client: KnownClient): unknown {
  const after = plan.after && readConfig(plan.after, client)
  return after?.kind === 'config' ? entryIn(after, client) : undefined
}

export function putSplices(
  before: Config,
  client: KnownClient,
  place: Place,
  entry: { [key: string]: Json },
): Splice[] {
  const { text, toml, yaml } = before
  const splices = toml
    ? putToml(text, toml, place, entry)
    : yaml
      ? putYaml(text, yaml, place, entry)
      : putEntry(before, place, entry)
  if (splices) return splices
  throw new HubError('clients/barred', `${place.keyPath.join('.')} in ${client.name}'s file is not an object.`, {
    hint: 'It was not touched. Make it an empty map in the file and try again.',
  })
}

export function takeSplices(before: Config, place: Place, created: number): Splice[] {
  const { text, toml, yaml } = before
  if (yaml) return takeYaml(text, yaml, place, created)
  return toml ? takeToml(text, toml, place) : takeEntry(before, place, created)
}

/**
 * The edit is not trusted: what it made is read again as the client would, and compared. `names`: other servers than
 * ours that were put in or taken out.
 */
export function checked(
  before: Config,
  text: string,
  client: KnownClient,
  names: readonly string[] = [],
): Pick<Plan, 'after' | 'before' | 'warnings'> {
  const dropsBom = before.bom && client.config.bom === 'fatal'
  const bytes = Buffer.from(before.bom && !dropsBom ? BOM + text : text)
  const after = readConfig(bytes, client)
  if (after.kind !== 'config' || !isSameButFor(placeIn(client), before, after, names)) {
    throw new HubError('clients/edit', `${client.name}'s file cannot be changed safely. It was not touched.`, {
      hint: 'Add the entry by hand, and report the layout of this file.',
    })
  }
  const warnings = [
    ...(dropsBom
      ? [
          `The invisible mark at the start of the file (a byte order mark) is taken out: ${client.name} may not read a file with one.`,
        ]
      : []),
    ...(before.doubtful
      ? [`The file has comments or trailing commas. They stay, but it is not known whether ${client.name} reads them.`]
      : []),
  ]
  return { after: bytes, before, warnings }
}

function putSummary(before: Config, splices: Splice[], had: boolean): string {
  const kept = 'A copy of the file as it is now is kept.'
  if (had) return `The entry of Gatehouse is replaced. ${REST} ${kept}`
  const added = splices.map(splice => splice.text).join('')
  const lines = added.split(/\r\n|\n|\r/).length - 1
  const comma = before.root && added.startsWith(',') ? ' and a comma' : ''
  const what = lines === 0 ? `${added.length} characters are added.` : `${lines} lines${comma} are added.`
  return `${what} ${REST} ${kept}`
}
