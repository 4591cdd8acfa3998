// Direct mode: servers of ours in a client's own file, which it starts itself; and out of it again.
import type { MovePreview } from '../../contract/client-move.ts'
import type { Written } from '../../contract/clients.ts'
import { HubError } from '../error.ts'
import { fileAt } from './client-file.ts'
import type { Direct } from './direct.ts'
import { type DirectServer, directEntries, losses } from './direct-entry.ts'
import { digestOf, valueAt } from './entry.ts'
import { known } from './known.ts'
import type { Looking } from './looking.ts'
import type { Moving } from './moving.ts'
import { configOf } from './plan.ts'
import type { KnownClient } from './table.ts'
import type { How } from './writing.ts'

/** `values`: of the credentials that servers name. */
export class Directly {
  readonly #rows: Direct
  readonly #looking: Looking
  readonly #moving: Moving
  readonly #changed: () => void

  constructor(rows: Direct, looking: Looking, moving: Moving, changed: () => void) {
    this.#rows = rows
    this.#looking = looking
    this.#moving = moving
    this.#changed = changed
  }

  async preview(id: string, servers: readonly DirectServer[], values: ReadonlyMap<string, string>) {
    const client = known(id)
    const put = directEntries(client, servers, values)
    const preview = await this.#moving.preview(id, { take: [], put }, false)
    return { ...preview, losses: losses(client, this.#looking.see(client).entry !== undefined) }
  }

  async write(
    id: string,
    servers: readonly DirectServer[],
    values: ReadonlyMap<string, string>,
    how: How,
  ): Promise<Written> {
    const put = directEntries(known(id), servers, values)
    const written = await this.#moving.move(id, { take: [], put }, { connect: false, ...how })
    const rows = servers.map(({ id: server, name }) => ({ name, server, digest: digestOf(put.get(name)) }))
    this.#rows.add(id, rows)
    this.#changed()
    return written
  }

  previewTakeBack(id: string): Promise<MovePreview> {
    return this.#moving.preview(id, { take: this.#mustStand(id), put: new Map() }, false)
  }

  async takeBack(id: string, how: How): Promise<Written> {
    const names = this.#mustStand(id)
    const written = await this.#moving.move(id, { take: names, put: new Map() }, { connect: false, ...how })
    this.#rows.forget(id, names)
    this.#changed()
    return written
  }

  /** Those that still stand in its file as they were written. */
  namesIn(client: KnownClient): string[] {
    const rows = this.#rows.of(client.id)
    const path = rows.length > 0 && this.#looking.pathOf(client)
    if (!path) return []
    try {
      const config = configOf(fileAt(client, path), client)
      const at = (name: string) => valueAt(config, [...client.config.keyPath, name])
      return rows.flatMap(({ name, digest }) => (digestOf(at(name)) === digest ? [name] : []))
    } catch {
      return []
    }
  }

  #mustStand(id: string): string[] {
    const client = known(id)
    const names = this.namesIn(client)
    if (names.length > 0) return names
    throw new HubError('clients/none-direct', `No server in ${client.name}'s file was written there directly.`, {
      hint: 'One that was changed since is not ours to take out.',
    })
  }
}
