// Our entries out of every file they stand in, also where a client would read another one now.
import { existsSync, rmSync } from 'node:fs'
import type { MovePreview } from '../../contract/client-move.ts'
import type { Written } from '../../contract/clients.ts'
import { fileAt } from './client-file.ts'
import { isBridge } from './entry.ts'
import type { Copy, History } from './history.ts'
import { known } from './known.ts'
import type { Looking } from './looking.ts'
import { atPath, configPath } from './places.ts'
import { KNOWN_CLIENTS, type KnownClient } from './table.ts'
import type { Tasks } from './tasks.ts'
import type { Writing } from './writing.ts'

/** A file with our entry in it. `problem`: why it cannot be read, in words. */
export interface Found {
  id: string
  name: string
  path: string
  problem: string | null
}

export class Leaving {
  readonly #looking: Looking
  readonly #history: History
  readonly #tasks: Tasks
  readonly #writing: Writing

  constructor(looking: Looking, history: History, tasks: Tasks, writing: Writing) {
    this.#looking = looking
    this.#history = history
    this.#tasks = tasks
    this.#writing = writing
  }

  /** Every file that holds an entry which starts this Gatehouse, whoever wrote it; and those nobody can say it of. */
  entries(): Found[] {
    return [...KNOWN_CLIENTS, ...this.#looking.projects()].flatMap(client => {
      const paths = new Set([configPath(client, this.#looking.at), this.#history.newest(client.id)?.path])
      return [...paths].flatMap(path => (path ? (this.#entryAt(client, path) ?? []) : []))
    })
  }

  /** What taking it out would make of the file. */
  async preview(id: string, path: string): Promise<MovePreview> {
    const client = atPath(known(id), path)
    const { now, plan } = this.#tasks.for(client, 'disconnect', () => fileAt(client, path))
    return this.#looking.shown(client, now, plan)
  }

  takeOut(id: string, path: string, by: string): Promise<Written> {
    const task = (client: KnownClient) => this.#tasks.for(client, 'disconnect', () => fileAt(client, path))
    return this.#writing.write(atPath(known(id), path), task, { by })
  }

  /** Copies of files from before that lie beside them, with all that stood in them. */
  copies(): Copy[] {
    return this.#history.copiesBeside().filter(({ path }) => existsSync(path))
  }

  /** Nothing can be undone any more: they go, but for those that alone may hold servers of the person. */
  dropCopies(): void {
    for (const { path, hasServers } of this.copies()) if (!hasServers) rmSync(path, { force: true })
  }

  /** The client runs, and would write its file anew from memory. */
  runs(id: string): Promise<boolean> {
    return this.#looking.overwrites(known(id))
  }

  #entryAt(client: KnownClient, path: string): Found | null {
    const found = { id: client.id, name: client.name, path }
    const sight = this.#looking.see(client, path)
    if (sight.problem) {
      const expected = this.#history.newest(client.id)?.action === 'connect'
      return expected ? { ...found, problem: sight.problem.what } : null
    }
    if (sight.entry === undefined) return null
    const isOurs = isBridge(sight.entry) && sight.foreign === null
    return isOurs ? { ...found, problem: null } : null
  }
}
