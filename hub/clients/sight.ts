// What is seen of one client right now, and its honest status: written is not connected, and changed is not ours.
import type { Client, GuardQuestion } from '../../contract/clients.ts'
import type { LinkInfo } from '../../contract/hub.ts'
import { HubError } from '../error.ts'
import { markOf } from '../file-mark.ts'
import { fileAt } from './client-file.ts'
import { digestOf, type EntryPoint, entryIn, foreignFolder, isOff, wordsOf } from './entry.ts'
import type { Write } from './history.ts'
import { entriesIn, keyNamesIn } from './move-entry.ts'
import { barredFolder, findClient, type Surroundings } from './places.ts'
import { canQuit } from './quit-app.ts'
import { type Config, readConfig } from './read-config.ts'
import type { FileNow } from './replace-file.ts'
import { serversOfProjects } from './special.ts'
import { type KnownClient, type System, systemOf } from './table.ts'

/** `kind`: the status but for links, which the file does not know. */
export interface Sight {
  kind: Exclude<Client['status'], 'connected' | 'waiting'>
  client: KnownClient
  path: string | null
  found: string | null
  now: FileNow | null
  problem: Client['problem']
  /** What the file says, for as long as memory allows: some hold megabytes. */
  config: WeakRef<Config> | null
  entry: unknown
  digest: string | null
  write: Write | null
  evidence: string
  own: Client['own']
  /** Servers it keeps for single projects, in the same file. */
  inProjects: number
  /** The data folder of the other Gatehouse whose entry stands there. */
  foreign: string | null
}

/** What is known of a client beside its file. */
export interface Known {
  linkedAt: number | null
  keep: boolean
  asks: GuardQuestion | null
  direct: string[]
}

/** Looks at a client's file. `write`: the newest write of ours that holds. */
export function see(
  client: KnownClient,
  path: string | null,
  at: Surroundings,
  write: Write | null,
  start: EntryPoint,
  data: string,
): Sight {
  const found = findClient(client, at)
  const blank = {
    client,
    path,
    found,
    now: null,
    problem: null,
    config: null,
    entry: undefined,
    digest: null,
    write,
    own: NOBODY,
    inProjects: 0,
    foreign: null,
  }
  const barred = found === null ? barredFolder(client, at) : null
  if (path === null && !barred) return { ...blank, kind: 'not-installed', evidence: 'Not found on this computer.' }
  const content = path === null ? NOTHING : contentAt(client, path)
  const sight = { ...blank, ...content }
  if (content.problem) {
    const { barred } = content
    const evidence = barred ? 'Needs your permission.' : 'The file was not touched.'
    return { ...sight, kind: barred ? 'no-permission' : 'unreadable', evidence }
  }
  if (barred) {
    const what = `Gatehouse may not look into ${barred}, where ${client.name} keeps its files. Give it the right to, then look again.`
    return {
      ...sight,
      kind: 'no-permission',
      problem: { what, line: null, column: null },
      evidence: 'Needs your permission.',
    }
  }
  return { ...sight, ...judge(sight, write, start, data) }
}

/** The client as the window and the command line show it. */
export function describe(sight: Sight, links: readonly LinkInfo[], platform: NodeJS.Platform, known: Known): Client {
  const { client, write, kind } = sight
  const own = links.filter(link => link.place === client.id)
  const calls = own.flatMap(link => link.lastCallAt ?? [])
  const lastCallAt = calls.length > 0 ? Math.max(...calls) : null
  const writtenAt = write?.action === 'connect' ? write.at : null
  const since = Math.max(0, known.linkedAt ?? 0, ...own.map(link => link.since))
  const linkedAt = writtenAt !== null && since >= writtenAt ? since : null
  const waits = kind === 'written' && linkedAt === null ? waitsFor(client, systemOf(platform)) : null
  const status = kind !== 'written' ? kind : own.length > 0 ? 'connected' : waits ? 'waiting' : 'written'
  const seen =
    kind !== 'written'
      ? sight.evidence
      : linkedAt
        ? `Written ${clock(write!.at)}. Last linked ${clock(linkedAt)}.`
        : waits
          ? `${sight.evidence} Waiting for ${waits === 'approval' ? 'its approval' : 'its restart'}.`
          : `${sight.evidence} No link seen yet.`
  const linked = `${own.length} ${own.length === 1 ? 'link' : 'links'}, ${lastCallAt ? `last call ${clock(lastCallAt)}` : 'no call yet'}`
  return {
    id: client.id,
    name: client.name,
    other: null,
    project: client.folder ?? null,
    hasProjects: client.project !== null && client.folder === undefined,
    status,
    path: sight.path,
    evidence: own.length === 0 ? seen : status === 'connected' ? `${linked}.` : `${sight.evidence} ${linked}.`,
    problem: sight.problem,
    afterWriting: client.afterWriting[systemOf(platform)],
    links: own.length,
    lastCallAt,
    writtenAt,
    canUndo: write !== null,
    linkedAt,
    keep: known.keep,
    asks: kind === 'dropped' ? known.asks : null,
    canQuit: canQuit(platform) && client.process?.[systemOf(platform)] !== undefined,
    own: sight.own,
    direct: known.direct,
  }
}

// Clients that ask the person before they start a server; the others want a restart, but for those that say they do not.
// Beside those of projects.
const APPROVES = new Set(['vscode', 'vscode-insiders', 'vscodium', 'gemini-cli'])

function waitsFor(client: KnownClient, system: System): 'approval' | 'restart' | null {
  if (client.folder ? client.project?.approves : APPROVES.has(client.id)) return 'approval'
  return /by itself|when the file is saved/.test(client.afterWriting[system]) ? null : 'restart'
}

function judge(
  sight: Pick<Sight, 'entry' | 'digest' | 'found' | 'own' | 'inProjects'>,
  write: Write | null,
  start: EntryPoint,
  data: string,
): Pick<Sight, 'kind' | 'evidence' | 'foreign'> {
  const foreign = foreignFolder(sight.entry, data)
  return { ...judged(sight, write, start, foreign), foreign }
}

function judged(
  { entry, digest, found, own, inProjects }: Parameters<typeof judge>[0],
  write: Write | null,
  start: EntryPoint,
  other: string | null,
): Pick<Sight, 'kind' | 'evidence'> {
  const others = `The entry there is of another Gatehouse, with its data in ${other}. It is left alone.`
  const isExpected = write?.action === 'connect'
  if (!isExpected && !found) return { kind: 'not-installed', evidence: 'Not found on this computer.' }
  if (!isExpected) {
    return {
      kind: 'found',
      evidence:
        entry === undefined
          ? own.servers + inProjects > 0
            ? ownWords(own.servers, inProjects)
            : `Found: ${found}`
          : other
            ? others
            : 'An entry named gatehouse is in its file that this Gatehouse did not write.',
    }
  }
  const since = clock(write.at)
  if (entry === undefined) return { kind: 'dropped', evidence: `Written ${since}, and no longer there.` }
  if (other) return { kind: 'drifted', evidence: others }
  if (isOff(entry)) return { kind: 'drifted', evidence: 'Our entry is switched off in it since it was written.' }
  if (digest !== write.note.digest)
    return { kind: 'drifted', evidence: `Our entry was changed since it was written ${since}.` }
  if (!startsUs(entry, start))
    return { kind: 'drifted', evidence: 'Our entry starts Gatehouse from another place than this one.' }
  return { kind: 'written', evidence: `Written ${since}.` }
}

function ownWords(servers: number, inProjects: number): string {
  const count = (n: number) => `${n} ${n === 1 ? 'server' : 'servers'}`
  const more = inProjects > 0 ? ` ${count(inProjects)} for single projects, which stay with it.` : ''
  return `${count(servers)} of its own.${more}`
}

/** Whether the entry starts the same program, from the same place. */
function startsUs(entry: unknown, start: EntryPoint): boolean {
  const words = wordsOf(entry)
  return [start.command, ...start.args].every((word, i) => words[i] === word)
}

type Content = Pick<Sight, 'now' | 'problem' | 'config' | 'entry' | 'digest' | 'own' | 'inProjects'> & {
  barred: boolean
}
const NOBODY: Client['own'] = { servers: 0, keys: [] }
const NOTHING: Content = {
  now: null,
  problem: null,
  config: null,
  entry: undefined,
  digest: null,
  barred: false,
  own: NOBODY,
  inProjects: 0,
}
// Some scripts write thousands of servers: to look for keys in all of them takes seconds.
const MOST_LOOKED_INTO = 200
const seen = new Map<string, { mark: string; content: Content }>()

// Some of these files hold megabytes and are looked at often: read again only when the file is another one.
function contentAt(client: KnownClient, path: string): Content {
  const mark = markOf(path)
  const key = `${client.id}\n${path}`
  const before = seen.get(key)
  if (before && mark !== '' && before.mark === mark) return before.content
  const content = readContent(client, path)
  if (mark === '' || !content.now) seen.delete(key)
  else seen.set(key, { mark, content })
  return content
}

function readContent(client: KnownClient, path: string): Content {
  try {
    const now = fileAt(client, path)
    if (!now.bytes) return { ...NOTHING, now }
    const config = readConfig(now.bytes, client)
    if (config.kind === 'unreadable')
      return {
        ...NOTHING,
        now: { ...now, bytes: null },
        problem: { what: config.what, line: config.line, column: config.column },
      }
    const entry = entryIn(config, client)
    const digest = entry === undefined ? null : digestOf(entry)
    return {
      ...NOTHING,
      now: { ...now, bytes: null },
      config: new WeakRef(config),
      entry,
      digest,
      own: ownIn(config, client),
      inProjects: serversOfProjects(config, client),
    }
  } catch (error) {
    const what = error instanceof HubError ? error.message : String(error)
    const barred = error instanceof HubError && error.code === 'clients/no-permission'
    return { ...NOTHING, barred, problem: { what, line: null, column: null } }
  }
}

function ownIn(config: Config, client: KnownClient): Client['own'] {
  const own = entriesIn(config, client)
  const keys = own.slice(0, MOST_LOOKED_INTO).flatMap(([, entry]) => keyNamesIn(entry))
  return { servers: own.length, keys: [...new Set(keys)].slice(0, 20) }
}

/** A time of today, or a day and a time. */
export function clock(at: number): string {
  const time = new Date(at)
  const isToday = time.toDateString() === new Date().toDateString()
  const hours = `${String(time.getHours()).padStart(2, '0')}:${String(time.getMinutes()).padStart(2, '0')}`
  return isToday ? hours : `${time.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${hours}`
}
