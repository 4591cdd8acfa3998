// What one kind of client sees: the aggregate of all servers, or one server alone. Made from verified listings, never
// by starting anything; every entry stays as its server wrote it but for its name.
import { createHash } from 'node:crypto'
import type { Tool } from '../../contract/servers.ts'
import { members } from '../../contract/wire.ts'
import type { Era } from '../supervisor/upstream.ts'
import { asLegacyTool } from './legacy-tool.ts'
import type { KnownServer } from './parts.ts'

export type ListKind = 'tools' | 'prompts' | 'resources' | 'resourceTemplates'

/** One tool, prompt, resource or template. `own`: its server's name or URI for it; `exposed`: the client's. */
export class Entry {
  readonly server: KnownServer
  readonly own: string
  readonly exposed: string
  readonly text: string
  readonly exposedText: string
  /** Of the server that wrote it. */
  readonly era: Era
  #legacyText: string | undefined
  #definition: Tool['definition'] | undefined

  constructor(server: KnownServer, own: string, exposed: string, text: string, exposedText: string, era: Era) {
    this.server = server
    this.own = own
    this.exposed = exposed
    this.text = text
    this.exposedText = exposedText
    this.era = era
  }

  /** As a client of this era can read it. */
  textFor(kind: ListKind, era: Era): string {
    if (kind !== 'tools' || era === this.era || era === 'modern') return this.exposedText
    this.#legacyText ??= asLegacyTool(this.exposedText)
    return this.#legacyText
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
  readonly #tools: readonly Entry[]
  readonly #isShown: (tool: Entry) => boolean
  readonly #listed: ReadonlySet<Entry>
  #byOwn: Map<string, Entry | null> | undefined
  readonly #digests = new Map<ListKind, string>()

  /**
   * `isHeld`: a tool that is in no list; called by name it is found, so that the guard can say why not. `isShown`: one that
   * this client is not shown is not found either.
   */
  constructor(
    servers: readonly KnownServer[],
    entries: Record<ListKind, readonly Entry[]>,
    isHeld: (tool: Entry) => boolean = () => false,
    isShown: (tool: Entry) => boolean = () => true,
  ) {
    this.servers = servers
    const shown = entries.tools.filter(isShown)
    this.#tools = entries.tools
    this.#isShown = isShown
    this.#entries = { ...entries, tools: shown.filter(tool => !isHeld(tool)) }
    this.#listed = new Set(this.#entries.tools)
    const byName = (all: readonly Entry[]) => new Map(all.map(e => [e.exposed, e]))
    this.#byName = { tools: byName(shown), prompts: byName(entries.prompts) }
  }

  list(kind: ListKind): readonly Entry[] {
    return this.#entries[kind]
  }

  named(kind: 'tools' | 'prompts', exposed: string): Entry | undefined {
    return this.#byName[kind].get(exposed)
  }

  /**
   * The tool that its server calls so, where only one does: apps in a tool's result know no other name. What is not listed
   * counts too, so that an app's call never reaches another server in its place.
   */
  ownTool(own: string): Entry | undefined {
    const entry = this.#onlyOne(own)
    return entry && this.#listed.has(entry) ? entry : undefined
  }

  /** One that this client is not shown, by its server's name. */
  notShown(own: string): Entry | undefined {
    const entry = this.#onlyOne(own)
    return entry && this.isNotShown(entry) ? entry : undefined
  }

  isNotShown(tool: Entry): boolean {
    return !this.#isShown(tool)
  }

  #onlyOne(own: string): Entry | undefined {
    if (!this.#byOwn) {
      this.#byOwn = new Map()
      for (const entry of this.#tools) this.#byOwn.set(entry.own, this.#byOwn.has(entry.own) ? null : entry)
    }
    return this.#byOwn.get(own) ?? undefined
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

  /**
   * One page as a result's JSON text; undefined when the cursor is none of ours, or its entry is gone. `around`: what the
   * server itself says beside its entries, where the view is of one server.
   */
  page(kind: ListKind, cursor: string | undefined, era: Era, around = '{}'): string | undefined {
    const all = this.#entries[kind]
    let from = 0
    if (cursor !== undefined) {
      from = all.findIndex(e => cursorAfter(kind, e) === cursor) + 1
      if (from === 0) return undefined
    }
    const texts: string[] = []
    let chars = 0
    for (const entry of all.slice(from, from + PAGE_ENTRIES)) {
      const text = entry.textFor(kind, era)
      chars += text.length
      if (texts.length > 0 && chars > PAGE_CHARS) break
      texts.push(text)
    }
    const last = all[from + texts.length - 1]
    const more = last && from + texts.length < all.length
    const cursorText = more ? `,"nextCursor":"${cursorAfter(kind, last)}"` : ''
    return `{"${kind}":[${texts.join(',')}]${cursorText}${beside(around, era)}}`
  }
}

// A cursor names the entry it follows, not a position, so that it survives other servers' changes.
function cursorAfter(kind: ListKind, entry: Entry): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, entry.server.id, entry.own]))
    .digest('base64url')
    .slice(0, 22)
}

const MODERN_ONLY: Record<string, string> = { resultType: '"complete"', ttlMs: '0', cacheScope: '"private"' }

/** The members beside a list's entries that a client of this era is told. */
function beside(around: string, era: Era): string {
  const own = members(around).filter(m => era === 'modern' || !(m.key in MODERN_ONLY))
  const texts = own.map(m => `,${JSON.stringify(m.key)}:${around.slice(m.start, m.end)}`)
  if (era === 'legacy') return texts.join('')
  const missing = Object.entries(MODERN_ONLY).filter(([key]) => !own.some(m => m.key === key))
  return texts.join('') + missing.map(([key, text]) => `,"${key}":${text}`).join('')
}
