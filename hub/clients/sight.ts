// What is seen of one client right now, and its honest status: written is not connected, and changed is not ours.
import { type BigIntStats, statSync } from 'node:fs'
import type { Client } from '../../contract/clients.ts'
import type { LinkInfo } from '../../contract/hub.ts'
import { HubError } from '../error.ts'
import { digestOf, type EntryPoint, entryIn, wordsOf } from './entry.ts'
import type { Write } from './history.ts'
import { findClient, type Surroundings } from './places.ts'
import { readConfig } from './read-config.ts'
import { type FileNow, readNow } from './replace-file.ts'
import { type KnownClient, systemOf } from './table.ts'

/** `kind`: the status but for links, which the file does not know. */
export interface Sight {
  kind: Exclude<Client['status'], 'connected'>
  client: KnownClient
  path: string | null
  found: string | null
  now: FileNow | null
  problem: Client['problem']
  entry: unknown
  digest: string | null
  write: Write | null
  evidence: string
}

/** Looks at a client's file. `write`: the newest write of ours that holds. */
export function see(
  client: KnownClient,
  path: string | null,
  at: Surroundings,
  write: Write | null,
  start: EntryPoint,
): Sight {
  const found = findClient(client, at)
  const blank = { client, path, found, now: null, problem: null, entry: undefined, digest: null, write }
  if (path === null) return { ...blank, kind: 'not-installed', evidence: 'Not found on this computer.' }
  const content = contentAt(client, path)
  const sight = { ...blank, ...content }
  if (content.problem) {
    const kind = content.now ? 'unreadable' : 'no-permission'
    return found || content.now
      ? { ...sight, kind, evidence: 'The file was not touched.' }
      : { ...sight, kind: 'not-installed', evidence: '' }
  }
  return { ...sight, ...judge(client, sight, write, start) }
}

/** The client as the window and the command line show it. */
export function describe(sight: Sight, links: readonly LinkInfo[], platform: NodeJS.Platform): Client {
  const { client, write, kind } = sight
  const own = links.filter(link => link.client === client.id)
  const calls = own.flatMap(link => link.lastCallAt ?? [])
  const lastCallAt = calls.length > 0 ? Math.max(...calls) : null
  const status = kind === 'written' && own.length > 0 ? 'connected' : kind
  const linked = `${own.length} ${own.length === 1 ? 'link' : 'links'}, ${lastCallAt ? `last call ${clock(lastCallAt)}` : 'no call yet'}`
  return {
    id: client.id,
    name: client.name,
    other: null,
    status,
    path: sight.path,
    evidence:
      own.length === 0 ? sight.evidence : status === 'connected' ? `${linked}.` : `${sight.evidence} ${linked}.`,
    problem: sight.problem,
    afterWriting: client.afterWriting[systemOf(platform)],
    links: own.length,
    lastCallAt,
    writtenAt: write?.action === 'connect' ? write.at : null,
    canUndo: write !== null,
  }
}

function judge(
  client: KnownClient,
  sight: Pick<Sight, 'entry' | 'digest' | 'found' | 'path'>,
  write: Write | null,
  start: EntryPoint,
): Pick<Sight, 'kind' | 'evidence'> {
  const { entry, digest, found } = sight
  const isExpected = write?.action === 'connect'
  if (!isExpected && !found) return { kind: 'not-installed', evidence: 'Not found on this computer.' }
  if (!isExpected) {
    return {
      kind: 'found',
      evidence:
        entry === undefined
          ? `Found: ${found}`
          : 'An entry named gatehouse is in its file that this Gatehouse did not write.',
    }
  }
  const since = clock(write.at)
  if (entry === undefined)
    return { kind: 'dropped', evidence: `Our entry, written ${since}, is no longer in ${client.name}'s file.` }
  if (digest !== write.note.digest)
    return { kind: 'drifted', evidence: `Our entry was changed since it was written ${since}.` }
  if (!startsUs(entry, start))
    return { kind: 'drifted', evidence: 'Our entry starts Gatehouse from another place than this one.' }
  return { kind: 'written', evidence: `Written ${since}. No link seen yet.` }
}

/** Whether the entry starts the same program, from the same place. */
function startsUs(entry: unknown, start: EntryPoint): boolean {
  const words = wordsOf(entry)
  return [start.command, ...start.args].every((word, i) => words[i] === word)
}

type Content = Pick<Sight, 'now' | 'problem' | 'entry' | 'digest'>
const seen = new Map<string, { mark: string; content: Content }>()

// Some of these files hold megabytes and are looked at often: read again only when the file is another one.
function contentAt(client: KnownClient, path: string): Content {
  const mark = markOf(path)
  const key = `${client.id}\n${path}`
  const before = seen.get(key)
  if (before && mark !== null && before.mark === mark) return before.content
  const content = readContent(client, path)
  if (mark === null || !content.now) seen.delete(key)
  else seen.set(key, { mark, content })
  return content
}

function readContent(client: KnownClient, path: string): Content {
  const none = { now: null, problem: null, entry: undefined, digest: null }
  try {
    const now = readNow(path)
    if (!now.bytes) return { ...none, now }
    const config = readConfig(now.bytes, client)
    if (config.kind === 'unreadable')
      return {
        ...none,
        now: { ...now, bytes: null },
        problem: { what: config.what, line: config.line, column: config.column },
      }
    const entry = entryIn(config, client)
    return { now: { ...now, bytes: null }, problem: null, entry, digest: entry === undefined ? null : digestOf(entry) }
  } catch (error) {
    const what = error instanceof HubError ? error.message : String(error)
    return { ...none, problem: { what, line: null, column: null } }
  }
}

function markOf(path: string): string | null {
  try {
    const stat: BigIntStats = statSync(path, { bigint: true })
    return `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
  } catch {
    return null
  }
}

function clock(at: number): string {
  const time = new Date(at)
  const isToday = time.toDateString() === new Date().toDateString()
  const hours = `${String(time.getHours()).padStart(2, '0')}:${String(time.getMinutes()).padStart(2, '0')}`
  return isToday ? hours : `${time.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${hours}`
}
