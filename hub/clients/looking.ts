// What is seen of clients and their files now, and how a plan for one of them is shown.
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { MovePreview } from '../../contract/client-move.ts'
import { baseOf } from '../../contract/clients.ts'
import { HubError } from '../error.ts'
import { checkProject, fileAt, isFolder, realOf } from './client-file.ts'
import { excerpts, unifiedDiff } from './diff.ts'
import { type EntryPoint, entryIn, foreignFolder } from './entry.ts'
import type { GuardMemory } from './guard-memory.ts'
import type { History, Write } from './history.ts'
import { isRunning } from './is-running.ts'
import { isKnown, known } from './known.ts'
import { LONG } from './long-json.ts'
import { configPath, existingPaths, findClient, type Surroundings } from './places.ts'
import { configOf, type Plan } from './plan.ts'
import { canQuit } from './quit-app.ts'
import { type FileNow, hashOf } from './replace-file.ts'
import { shownChange } from './shown.ts'
import { type Sight, see } from './sight.ts'
import { managedFile, profilesBeside } from './special.ts'
import { KNOWN_CLIENTS, type KnownClient, systemOf } from './table.ts'

interface Sources {
  folder: string
  entry: EntryPoint
  at: Surroundings
  history: History
  memory: GuardMemory
}

const LISTED_MS = 24 * 60 * 60_000

/** Looks only; nothing is written here. */
export class Looking {
  readonly #from: Sources

  constructor(from: Sources) {
    this.#from = from
  }

  get at(): Surroundings {
    return this.#from.at
  }

  /** The file that counts: of several that are read together, the one our entry was written to. */
  pathOf(client: KnownClient): string | null {
    const written = this.newest(client.id)
    const own =
      client.config.pick === 'together' && written?.action === 'connect'
        ? existingPaths(client, this.at).find(path => realOf(path) === written.path)
        : undefined
    return own ?? configPath(client, this.at)
  }

  see(client: KnownClient, path = this.pathOf(client)): Sight {
    return see(client, path, this.at, this.newest(client.id), this.#from.entry, this.#from.folder)
  }

  /** The write that holds. An entry that the person took out for good is not missed. */
  newest(id: string): Write | null {
    const write = this.#from.history.newest(id)
    return write && this.#from.memory.of(id).out === write.id ? null : write
  }

  /** Those of the table, and the projects that one of them was connected in. */
  all(): KnownClient[] {
    return [...KNOWN_CLIENTS, ...this.projects().filter(each => isFolder(each.folder!) && this.#isCurrent(each))]
  }

  /** Also those whose folder is away, and those that were disconnected long ago. */
  projects(): KnownClient[] {
    return this.#from.history.clients().flatMap(id => (baseOf(id) !== id && isKnown(id) ? [known(id)] : []))
  }

  // What was disconnected is listed for as long as somebody may want it undone.
  #isCurrent(client: KnownClient): boolean {
    const write = this.#from.history.newest(client.id)
    return write !== null && (write.action === 'connect' || Date.now() - write.at < LISTED_MS)
  }

  /** Those whose file ought to hold our entry. */
  connected(): KnownClient[] {
    return this.all().filter(client => this.newest(client.id)?.action === 'connect')
  }

  /** It runs, and would write its file anew from memory. */
  async overwrites(client: KnownClient): Promise<boolean> {
    const { home, platform } = this.at
    const program = client.process?.[systemOf(platform)]
    return !!program && client.config.rewrittenByApp && isRunning(program, platform, home)
  }

  /** Its file. A client that is gone may still have that set right, but gets no new entry. */
  fileOf(client: KnownClient, mustBeThere = true): FileNow {
    if (mustBeThere) checkProject(client, this.at)
    const path = this.pathOf(client)
    if (path && (!mustBeThere || findClient(client, this.at))) return fileAt(client, path)
    throw new HubError('clients/not-installed', `${client.name} was not found on this computer.`, {
      hint: 'Install it and start it once.',
    })
  }

  async shown(client: KnownClient, now: FileNow, plan: Plan): Promise<MovePreview> {
    const [before, after] = shownChange(plan, client)
    const [beforeText, afterText] = excerpts(before, after)
    return {
      id: client.id,
      path: now.path,
      exists: now.bytes !== null,
      before: now.hash,
      diff: unifiedDiff(before, after, basename(now.path)),
      beforeText,
      afterText,
      changes: (plan.after && hashOf(plan.after)) !== now.hash,
      summary: plan.summary,
      warnings: [...(await this.#warnings(client, now)), ...plan.warnings],
      alsoReadBy: client.alsoReadBy,
      canQuit: canQuit(this.at.platform) && (await this.overwrites(client)),
    }
  }

  async #warnings(client: KnownClient, now: FileNow): Promise<string[]> {
    const warnings: string[] = []
    const other = now.bytes && foreignFolder(entryIn(configOf(now, client), client), this.#from.folder)
    if (other)
      warnings.push(`The entry in it is of another Gatehouse, with its data in ${other}. Writing would replace it.`)
    if (await this.overwrites(client))
      warnings.push(`${client.name} is running and would overwrite this. Quit it first, then write.`)
    if (now.real !== now.path && now.bytes) warnings.push(`The file is a link: ${now.real} is what is written.`)
    for (const path of existingPaths(client, this.at).filter(path => path !== now.path))
      warnings.push(`There is also ${path}, which ${client.name} may read: it stays as it is.`)
    const managed = managedFile(client, this.at.platform)
    if (managed)
      warnings.push(
        `${client.name} is managed on this computer: it reads ${managed} and nothing else, so this changes nothing for it.`,
      )
    const profiles = profilesBeside(client, now.path)
    if (profiles > 0)
      warnings.push(
        `${client.name} has ${profiles} more ${profiles === 1 ? 'profile' : 'profiles'}: this file holds for the default one alone.`,
      )
    if ((now.bytes?.length ?? 0) > LONG) warnings.push('The file is long: only the part with its servers is shown.')
    if ((now.stat?.nlink ?? 1) > 1)
      warnings.push('The file has a second name on this disk, which will keep the old text.')
    if (client.folder && isInGit(client.folder))
      warnings.push(
        'Git may carry this file to others. What stands in it now is for this computer alone: the path of its program, and a token. Keep it out, for example by a line in .git/info/exclude.',
      )
    return warnings
  }
}

function isInGit(folder: string): boolean {
  return existsSync(join(folder, '.git')) || (dirname(folder) !== folder && isInGit(dirname(folder)))
}
