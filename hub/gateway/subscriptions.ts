// Who watches which resource of which server, or of its own child of one. Only the first who watches, and the last who
// stops, are told to the server.

export class Subscriptions<L> {
  /** By scope and URI. */
  readonly #listeners = new Map<string, Map<string, Set<L>>>()

  /** True when this is the first subscriber, so that the server must be told. */
  isFirst(scope: string, uri: string): boolean {
    return !this.#listeners.get(scope)?.get(uri)?.size
  }

  /** The URIs of a server that somebody watches, and who does. */
  of(scope: string): [uri: string, listeners: ReadonlySet<L>][] {
    return [...(this.#listeners.get(scope) ?? [])]
  }

  listeners(scope: string, uri: string): L[] {
    return [...(this.#listeners.get(scope)?.get(uri) ?? [])]
  }

  add(scope: string, uri: string, listener: L): void {
    const uris = this.#listeners.get(scope) ?? new Map<string, Set<L>>()
    this.#listeners.set(scope, uris)
    uris.set(uri, (uris.get(uri) ?? new Set()).add(listener))
  }

  /** True when nobody is left, so that the server must be told. */
  remove(scope: string, uri: string, listener: L): boolean {
    const listeners = this.#listeners.get(scope)?.get(uri)
    if (!listeners?.delete(listener) || listeners.size > 0) return false
    this.#listeners.get(scope)?.delete(uri)
    return true
  }

  /** Gives what nobody watches any more. */
  leave(listener: L): { scope: string; uri: string }[] {
    return [...this.#listeners].flatMap(([scope, uris]) =>
      [...uris.keys()].filter(uri => this.remove(scope, uri, listener)).map(uri => ({ scope, uri })),
    )
  }
}
