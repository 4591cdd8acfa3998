// Turns connect, disconnect and undo into a plan for one file, from what the file says and what we wrote before.
import { existsSync } from 'node:fs'
import { baseOf, type ClientAction } from '../../contract/clients.ts'
import { HubError } from '../error.ts'
import { readBackup } from './backup.ts'
import { fileAt } from './client-file.ts'
import { clientNamedIn, dataArgument, type EntryPoint, entryIn, foreignFolder, newEntry, tokenOf } from './entry.ts'
import type { History, Write } from './history.ts'
import { isKnown, known } from './known.ts'
import { type Change, planMove, planUnmove } from './move-plan.ts'
import { configPath, mayCreate, type Surroundings } from './places.ts'
import { configOf, entryAfter, type Plan, planPut, planRestore, planTake } from './plan.ts'
import { type FileNow, hashOf } from './replace-file.ts'
import type { KnownClient } from './table.ts'
import type { Tokens } from './tokens.ts'

/** Stands in a preview where the token will be. */
export const SHOWN_TOKEN = `gh_${'0'.repeat(43)}`

/** A plan with all that writing it needs. */
export interface Task {
  client: KnownClient
  now: FileNow
  plan: Plan
  action: Write['action']
  why: 'entry' | 'token'
  undoes: Write[]
  /** False when the bytes that go are the ones we wrote. */
  backup: boolean
  /** The topmost folder that was made for the file; goes with it. */
  madeFolder: string | null
  /** Entries of other servers that go out or in with it. */
  change?: Change
}

interface Sources {
  folder: string
  key: () => Buffer | null
  start: EntryPoint
  at: Surroundings
  history: History
  tokens: Tokens
}

/** Decides what an action means for a client's file now; writes nothing. */
export class Tasks {
  readonly #from: Sources

  constructor(from: Sources) {
    this.#from = from
  }

  /** `now`: the client's file. `token`: the one to show in a preview. */
  for(client: KnownClient, action: ClientAction, now: () => FileNow, token?: string): Task {
    if (action === 'undo') return this.#undo(client, token)
    const file = now()
    if (action === 'connect') return this.put(client, file, this.#tokenFor(client, file, token), 'entry')
    if (action === 'token') return this.#replaceToken(client, file, token)
    return this.#take(client, file)
  }

  #replaceToken(client: KnownClient, now: FileNow, token = this.#from.tokens.newToken()): Task {
    this.refuseForeign(client, now)
    if (entryIn(configOf(now, client), client)) return this.put(client, now, token, 'token')
    throw new HubError('clients/not-connected', `${client.name} has no entry of Gatehouse.`, {
      hint: 'Connect it first.',
    })
  }

  /** Our entry, where none is: what was written before gives way to it. Never in place of another one. */
  restore(client: KnownClient, now: FileNow, token = this.#from.tokens.newToken()): Task {
    if (entryIn(configOf(now, client), client) !== undefined)
      throw new HubError('clients/not-ours', `There is an entry named gatehouse in ${client.name}'s file already.`, {
        hint: 'It was left alone. Look at it before you connect.',
      })
    return {
      ...this.put(client, now, token, 'entry'),
      undoes: this.#from.history.chain(client.id),
    }
  }

  put(client: KnownClient, now: FileNow, token: string, why: Task['why']): Task {
    if (!now.bytes && !mayCreate(client, this.#from.at)) {
      throw new HubError('clients/not-started', `${client.name} was never started here: it has no settings yet.`, {
        hint: 'Start it once, then connect it.',
      })
    }
    this.#refuseShared(client, now)
    const plan = planPut(now, client, newEntry(client, this.#from.start, dataArgument(this.#from.folder), token))
    const before = this.#from.history.newest(client.id)
    const isOurs = before?.action === 'connect' && before.path === now.real
    const created = Math.max(plan.created, isOurs ? before.note.created : 0)
    return {
      client,
      now,
      plan: { ...plan, created },
      action: 'connect',
      why: isOurs ? why : 'entry',
      undoes: [],
      backup: true,
      madeFolder: null,
    }
  }

  /** Entries of other servers out or in; `connect`: and ours in, all in one write. */
  move(
    client: KnownClient,
    now: FileNow,
    change: Change,
    { connect, token }: { connect: boolean; token?: string },
  ): Task {
    this.refuseForeign(client, now)
    const start = connect ? this.put(client, now, this.#tokenFor(client, now, token), 'entry') : null
    const plan = planMove(now, client, start?.plan ?? null, change)
    const hasOurs = entryAfter(plan, client) !== undefined
    const created = start?.plan.created ?? this.#from.history.newest(client.id)?.note.created ?? 0
    return {
      client,
      now,
      plan: { ...plan, created },
      action: hasOurs ? 'connect' : 'disconnect',
      why: 'entry',
      undoes: [],
      backup: true,
      madeFolder: null,
      change,
    }
  }

  // Where nobody wrote since, taking our entry out is giving the old bytes back; they may have been laid out in a way
  // that taking out alone does not bring back.
  #take(client: KnownClient, now: FileNow): Task {
    const base = {
      client,
      now,
      action: 'disconnect' as const,
      why: 'entry' as const,
      undoes: [],
      backup: true,
      madeFolder: null,
    }
    const chain = this.#from.history.chain(client.id)
    const first = chain.at(-1)
    const created = chain[0]?.note.created ?? 0
    const isMove = chain.some(({ note }) => note.taken.length + note.given.length > 0)
    if (first?.action === 'connect' && first.note.why === 'entry' && !isMove && this.#isUntouched(chain, now)) {
      try {
        const plan = planRestore(now, client, this.#bytesBefore(first))
        if (entryAfter(plan, client) === undefined) return { ...base, plan, madeFolder: first.note.madeFolder }
      } catch {
        // The keychain is closed, or the copy is gone: the entry is taken out by itself.
      }
    }
    this.refuseForeign(client, now)
    return { ...base, plan: planTake(now, client, created) }
  }

  #undo(client: KnownClient, token?: string): Task {
    const chain = this.#from.history.chain(client.id)
    const [newest] = chain
    const first = chain.at(-1)
    if (!newest || !first)
      throw new HubError('clients/nothing-to-undo', `Nothing written for ${client.name} is left to undo.`)
    // Where the file is gone from there (a home folder that was moved), the one that is read now.
    const path = existsSync(newest.path) ? newest.path : (configPath(client, this.#from.at) ?? newest.path)
    const now = fileAt(client, path)
    const base = {
      client,
      now,
      action: 'undo' as const,
      why: 'entry' as const,
      undoes: chain,
      madeFolder: first.note.madeFolder,
    }
    if (first.note.why === 'entry' && this.#isUntouched(chain, now)) {
      return {
        ...base,
        plan: planRestore(now, client, this.#bytesBefore(first)),
        backup: false,
      }
    }
    const changed = `${client.name} or somebody else changed the file since. Those changes stay.`
    const moved = chain.find(({ note }) => note.taken.length + note.given.length > 0)
    if (moved) {
      const plan = planUnmove(now, client, moved.note, this.#bytesBefore(moved))
      return { ...base, plan: { ...plan, warnings: [changed, ...plan.warnings] }, backup: true }
    }
    const again =
      newest.action === 'disconnect' ? this.put(client, now, token ?? this.#from.tokens.newToken(), 'entry') : null
    if (!again) this.refuseForeign(client, now)
    const plan = again?.plan ?? planTake(now, client, newest.note.created)
    return { ...base, ...again, undoes: chain, plan: { ...plan, warnings: [changed, ...plan.warnings] }, backup: true }
  }

  refuseForeign(client: KnownClient, now: FileNow): void {
    const other = foreignFolder(entryIn(configOf(now, client), client), this.#from.folder)
    if (other)
      throw new HubError(
        'clients/not-ours',
        `The entry in ${client.name}'s file is of another Gatehouse, with its data in ${other}.`,
        { hint: 'It was left alone. Take it out from that Gatehouse.' },
      )
  }

  // Some read one file of a project together: one entry serves them all.
  #refuseShared(client: KnownClient, now: FileNow): void {
    const entry = now.bytes && entryIn(configOf(now, client), client)
    const id = clientNamedIn(entry)
    if (id === null || !isKnown(id) || id === baseOf(client.id) || foreignFolder(entry, this.#from.folder)) return
    throw new HubError('clients/shared-file', `${now.path} holds the entry of ${known(id).name} already.`, {
      hint: `${client.name} reads it there, too. Nothing was written.`,
    })
  }

  #isUntouched(chain: readonly Write[], now: FileNow): boolean {
    return chain[0]?.path === now.real && chain[0].hashAfter === now.hash
  }

  #bytesBefore(write: Write): Buffer | null {
    if (write.hashBefore === null) return null
    if (!write.backup) throw new HubError('clients/backup', `There is no copy of ${write.path} from before.`)
    const bytes = readBackup({ folder: this.#from.folder, key: this.#from.key(), name: write.backup, path: write.path })
    if (hashOf(bytes) !== write.hashBefore)
      throw new HubError('clients/backup', `The copy of ${write.path} from before was changed.`)
    return bytes
  }

  // The token that is in the entry already stays, so that sessions that run now go on.
  #tokenFor(client: KnownClient, now: FileNow, another = this.#from.tokens.newToken()): string {
    const token = tokenOf(entryIn(configOf(now, client), client))
    return token && this.#from.tokens.isGood(client.id, token) ? token : another
  }
}
