// A value that views may watch, and the hub's snapshot as one such value per noun.
import type { Snapshot } from '../../contract/hub.ts'
import type { Problem } from '../../contract/procedure.ts'

/** A value with watchers; `get` keeps its identity until `set`. */
export class Watched<T> {
  #value: T
  readonly #watchers = new Set<() => void>()

  constructor(value: T) {
    this.#value = value
  }

  readonly get = (): T => this.#value

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  set(value: T): void {
    this.#value = value
    for (const watcher of this.#watchers) watcher()
  }
}

/** One noun of the snapshot as a view sees it. It stays `ready` while the hub is gone: the frame says how old it is. */
export type Live<T> = { kind: 'loading' } | { kind: 'failed'; error: Problem } | { kind: 'ready'; value: T }

export type Noun = keyof Snapshot

const nouns: Noun[] = [
  'status',
  'servers',
  'approvals',
  'questions',
  'proposals',
  'policy',
  'clients',
  'profiles',
  'secrets',
  'windows',
]

export type Nouns = { [N in Noun]: Watched<Live<Snapshot[N]>> }

export const snapshot = Object.fromEntries(nouns.map(noun => [noun, new Watched({ kind: 'loading' })])) as Nouns

/** Only what changed comes; the rest keeps its identity, so that only its views draw again. */
export function merge(part: { [N in Noun]?: Snapshot[N] | undefined }): void {
  for (const noun of nouns) {
    const value = part[noun]
    if (value !== undefined) (snapshot[noun] as Watched<Live<unknown>>).set({ kind: 'ready', value })
  }
}

/** Nothing was ever heard and asking failed: pages say so in their place. */
export function fail(error: Problem): void {
  for (const noun of nouns) {
    if (snapshot[noun].get().kind === 'loading') snapshot[noun].set({ kind: 'failed', error })
  }
}
