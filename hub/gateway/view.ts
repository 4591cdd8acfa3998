// What one kind of client sees: the aggregate of all servers, or one server alone. Made from verified listings, never
// by starting anything; every entry stays as its server wrote it but for its name.
import { createHash } from 'node:crypto'
import type { Tool } from '../../contract/servers.ts'
import type { KnownServer } from './parts.ts'

export type ListKind = 'tools' | 'prompts' | 'resources' | 'resourceTemplates'

/** One tool, prompt, resource or template. `own`: its server's name or URI for it; `exposed`: the client's. */
export class Entry {
  readonly server: KnownServer
  readonly own: string
  readonly exposed: string
  readonly text: string
  readonly exposedText: string
  #definition: Tool['definition'] | undefined

  constructor(server: KnownServer, own: string, exposed: string, text: string, exposedText: string) {
    this.server = server
    this.own = own
    this.exposed = exposed
    this.text = text
    this.exposedText = exposedText
  }

  get definition(): Tool['definition'] {
    this.#definition ??= JSON.parse(this.text) as Tool['definition']
    return this.#definition
  }
}

const PAGE_ENTRIES = 1_000
const PAGE_CHARS = 8_000_000

export class View {
  readonly servers: readonly KnownServer[]
  readonly #entries: Record<ListKind, readonly Entry[]>
  readonly #byName: { tools: Map<string, Entry>; prompts: Map<string, Entry> }
  readonly #digests = new Map<ListKind, string>()

  constructor(servers: readonly KnownServer[], entries: Record<ListKind, readonly Entry[]>) {
    this.servers = servers
    this.#entries = entries
    const byName = (kind: 'tools' | 'prompts') => new Map(entries[kind].map(e => [e.exposed, e]))
    this.#byName = { tools: byName('tools'), prompts: byName('prompts') }
  }

  list(kind: ListKind): readonly Entry[] {
    return this.#entries[kind]
  }

  named(kind: 'tools' | 'prompts', exposed: string): Entry | undefined {
    return this.#byName[kind].get(exposed)
  }

  /** Differs when the list differs. */
  digest(kind: ListKind): string {
    let digest = this.#digests.get(kind)
    if (digest === undefined) {
      const hash = createHash('sha256')
      for (const entry of this.#entries[kind]) hash.update(entry.exposedText).update('\n')
      digest = hash.digest('hex')
      this.#digests.set(kind, digest)
    }
    return digest
  }

  /** One page as a result's JSON text; undefined when the cursor is none of ours, or its entry is gone. */
  page(kind: ListKind, cursor?: string): string | undefined {
    const all = this.#entries[kind]
    let from = 0
    if (cursor !== undefined) {
      from = all.findIndex(e => cursorAfter(kind, e) === cursor) + 1
      if (from === 0) return undefined
    }
    const texts: string[] = []
    let chars = 0
    for (const { exposedText } of all.slice(from, from + PAGE_ENTRIES)) {
      chars += exposedText.length
      if (texts.length > 0 && chars > PAGE_CHARS) break
      texts.push(exposedText)
    }
    const last = all[from + texts.length - 1]
    const more = last && from + texts.length < all.length
    return `{"${kind}":[${texts.join(',')}]${more ? `,"nextCursor":"${cursorAfter(kind, last)}"` : ''}}`
  }
}

// A cursor names the entry it follows, not a position, so that it survives other servers' changes.
function cursorAfter(kind: ListKind, entry: Entry): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, entry.server.id, entry.own]))
    .digest('base64url')
    .slice(0, 22)
}
