// Writes clients' files, one at a time: under the client's lock, from a plan made there and then.
import { basename } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { ClientEvent, Written } from '../../contract/clients.ts'
import { HubError } from '../error.ts'
import type { Kv } from '../store/kv.ts'
import { carryOut, type Desk } from './carry-out.ts'
import { unifiedDiff } from './diff.ts'
import { withLock } from './lock.ts'
import { configPath, type Surroundings } from './places.ts'
import { hashOf, missingFolder } from './replace-file.ts'
import { shownChange } from './shown.ts'
import { type KnownClient, systemOf } from './table.ts'
import type { Task } from './tasks.ts'

interface Options {
  desk: Desk
  at: Surroundings
  kv: Kv
  wrote: (client: KnownClient, what: ClientEvent['what'], by: string, diff: string) => void
}

/** `before`: the hash a person saw in the preview; when the file changed since, nothing is written. */
export interface How {
  by: string
  before?: string | null | undefined
  /** How the guardian's history names it, where it is not the action. */
  what?: ClientEvent['what']
  /** What has to be done first, when the file is still as seen. */
  ready?: (() => Promise<void>) | undefined
}

export class Writing {
  readonly #o: Options
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: Options) {
    this.#o = options
  }

  write(client: KnownClient, taskFor: (client: KnownClient) => Task, how: How): Promise<Written> {
    const done = this.#queue.then(async () => {
      const { at, desk, kv } = this.#o
      const path = configPath(client, at) ?? desk.history.newest(client.id)?.path ?? ''
      // The lock lies beside the file: a folder that is not there yet is locked by nobody.
      const lock = missingFolder(path) ? null : client.config.lock
      return withLock(path, lock, kv, () => this.#writeNow(client, taskFor(client), how))
    })
    this.#queue = done.catch(() => {})
    return done
  }

  async #writeNow(client: KnownClient, task: Task, { by, before, what, ready }: How): Promise<Written> {
    const { now, plan } = task
    if (before && now.hash !== before) {
      throw new HubError(
        'clients/changed-meanwhile',
        `${now.path} was changed since the preview. Nothing was written.`,
        { hint: 'Look at the preview again.' },
      )
    }
    await turn()
    await ready?.()
    const backup = await carryOut(task, by, this.#o.desk)
    const diff = unifiedDiff(...shownChange(plan, client), basename(now.path))
    this.#o.wrote(client, what ?? task.action, by, diff)
    const afterWriting = client.afterWriting[systemOf(this.#o.at.platform)]
    return { id: client.id, path: now.path, backup, afterWriting, sha256: plan.after && hashOf(plan.after) }
  }
}
