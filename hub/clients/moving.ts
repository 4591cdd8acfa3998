// The servers in a client's own file: read, and taken out of it or put into it in one write.
import type { MovePreview } from '../../contract/client-move.ts'
import type { Written } from '../../contract/clients.ts'
import { known } from './known.ts'
import type { Looking } from './looking.ts'
import { type FoundServer, serversIn } from './move-entry.ts'
import type { Change } from './move-plan.ts'
import { configOf } from './plan.ts'
import type { KnownClient } from './table.ts'
import { SHOWN_TOKEN, type Tasks } from './tasks.ts'
import type { How, Writing } from './writing.ts'

export class Moving {
  readonly #looking: Looking
  readonly #tasks: Tasks
  readonly #writing: Writing

  constructor(looking: Looking, tasks: Tasks, writing: Writing) {
    this.#looking = looking
    this.#tasks = tasks
    this.#writing = writing
  }

  /** With their values: not to leave the hub. */
  servers(id: string): { path: string; before: string | null; servers: FoundServer[] } {
    const client = known(id)
    const now = this.#looking.fileOf(client, false)
    return { path: now.path, before: now.hash, servers: serversIn(configOf(now, client), client) }
  }

  /** What moving would make of its file; `connect`: our entry goes in with it. */
  preview(id: string, change: Change, connect: boolean): Promise<MovePreview> {
    const client = known(id)
    const now = this.#looking.fileOf(client, connect)
    const { plan } = this.#tasks.move(client, now, change, { connect, token: SHOWN_TOKEN })
    return this.#looking.shown(client, now, plan)
  }

  move(id: string, change: Change, how: How & { connect: boolean }): Promise<Written> {
    const { connect } = how
    const task = (client: KnownClient) => this.#tasks.move(client, this.#looking.fileOf(client), change, { connect })
    return this.#writing.write(known(id), task, { what: change.take.length > 0 ? 'took' : 'gave', ...how })
  }
}
