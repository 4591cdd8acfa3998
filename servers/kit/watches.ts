// Which resources clients asked to hear of, in whatever era they asked, and what begins and ends the watching of each.

/** Begins to watch; calls `changed` on each change. Returns how to end it; null when this may not be watched. */
export type Watch = (uri: string, changed: () => void) => Promise<(() => void) | null>

/** At most so many at once in a process: each costs a look at the disk now and then. */
const MOST = 500

/** What is no text is no address; not all of it could be made one. */
export function urisIn(asked: unknown[]): string[] {
  return asked.filter(one => typeof one === 'string')
}

export class Watches {
  readonly #asked = new Map<unknown, ReadonlySet<string>>()
  readonly #watched = new Map<string, { end?: () => void; isOver: boolean }>()
  readonly #told = new Set<(uri: string) => void>()
  #watch: Watch = async () => null

  /** How this server watches; before it is called nothing can be. */
  by(watch: Watch): void {
    this.#watch = watch
  }

  /** Hears of every change of what somebody watches, as the URI was spelled. Returns how to stop. */
  onUpdated(tell: (uri: string) => void): () => void {
    this.#told.add(tell)
    return () => this.#told.delete(tell)
  }

  /** `who`: a connection or a request, for which these are now all. Gives those that are watched. */
  async ask(who: unknown, uris: Iterable<string>): Promise<string[]> {
    this.#asked.set(who, new Set(uris))
    return await this.#settle(who)
  }

  add(who: unknown, uri: string): Promise<string[]> {
    return this.ask(who, [...(this.#asked.get(who) ?? []), uri])
  }

  drop(who: unknown, uri?: string): void {
    const left = new Set(uri === undefined ? [] : this.#asked.get(who))
    left.delete(uri ?? '')
    if (left.size > 0) this.#asked.set(who, left)
    else this.#asked.delete(who)
    this.#endUnasked()
  }

  async #settle(who: unknown): Promise<string[]> {
    this.#endUnasked()
    const uris = this.#asked.get(who) ?? []
    await Promise.all([...uris].map(uri => this.#begin(uri)))
    return [...uris].filter(uri => this.#watched.has(uri))
  }

  async #begin(uri: string): Promise<void> {
    if (this.#watched.has(uri) || this.#watched.size >= MOST) return
    const watched: { end?: () => void; isOver: boolean } = { isOver: false }
    this.#watched.set(uri, watched)
    const end = await this.#watch(uri, () => {
      if (!watched.isOver) for (const tell of this.#told) tell(uri)
    }).catch(() => null)
    if (end === null) this.#watched.delete(uri)
    else if (watched.isOver) end()
    else watched.end = end
  }

  #endUnasked(): void {
    for (const [uri, watched] of this.#watched) {
      if ([...this.#asked.values()].some(uris => uris.has(uri))) continue
      watched.isOver = true
      watched.end?.()
      this.#watched.delete(uri)
    }
  }
}
