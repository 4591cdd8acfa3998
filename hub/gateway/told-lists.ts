// Which lists one client was told last, so that it hears of a change only when there is one.
import type { ListKind, View } from './view.ts'

/** The lists and the noun that a notification about each names. */
const NOUNS: Record<ListKind, string> = {
  tools: 'tools',
  prompts: 'prompts',
  resources: 'resources',
  resourceTemplates: 'resources',
}
const KINDS = Object.keys(NOUNS) as ListKind[]

export class ToldLists {
  readonly #told = new Map<ListKind, string>()

  saw(kind: ListKind, view: View): void {
    this.#told.set(kind, view.digest(kind))
  }

  sawAll(view: View): void {
    for (const kind of KINDS) this.saw(kind, view)
  }

  /** The nouns of the lists that differ from what the client was told; from now on it was told. */
  changes(view: View): string[] {
    const changed = KINDS.filter(kind => this.#told.get(kind) !== view.digest(kind))
    this.sawAll(view)
    return [...new Set(changed.map(kind => NOUNS[kind]))]
  }
}
