// The tools of each server's newest listing as they are pinned and looked through: worked out once for each listing.
import type { FoundIn, TextFinding } from '../../contract/pins.ts'
import { findingsOf, type LookedThrough, lookThrough } from './check-text.ts'
import { type Listed, type PinnedTool, pinnedTools } from './pinned-tool.ts'

interface Sources {
  servers: () => readonly string[]
  listed: (id: string) => Listed | null
  redact: (text: string) => string
}

type IsOther = (name: string) => boolean

/** What no honest description needs. That one asks for a credential or names other tools may have good reasons. */
const GRAVE: ReadonlySet<TextFinding['kind']> = new Set(['hidden', 'instruction', 'exfiltration'])

export class ListedTools {
  readonly #o: Sources
  readonly #kept = new Map<string, { listing: Listed; tools: ReadonlyMap<string, PinnedTool> }>()
  readonly #through = new WeakMap<PinnedTool, LookedThrough>()
  #names: { of: readonly (Listed | null)[]; servers: ReadonlyMap<string, readonly string[]> } | undefined

  constructor(sources: Sources) {
    this.#o = sources
  }

  /** Another secret is known: what is shown of them may look otherwise. */
  forget(): void {
    this.#kept.clear()
    this.#names = undefined
  }

  of(id: string, listing: Listed): ReadonlyMap<string, PinnedTool> {
    const kept = this.#kept.get(id)
    if (kept?.listing === listing) return kept.tools
    const tools = pinnedTools(listing, this.#o.redact)
    this.#kept.set(id, { listing, tools })
    return tools
  }

  findings(tool: PinnedTool, isOther: IsOther): TextFinding[] {
    return findingsOf(this.#lookedThrough(tool), isOther)
  }

  /** Has it passages that are not to reach a model before a person read them? */
  isGrave(tool: PinnedTool): boolean {
    return this.#lookedThrough(tool).findings.some(({ kind }) => GRAVE.has(kind))
  }

  isLookedThrough(tool: PinnedTool): boolean {
    return this.#through.has(tool)
  }

  /** Of every tool, one after the other: whoever asks may do other things in between. */
  *eachFound(id: string, listing: Listed): Generator<FoundIn> {
    const isOther = this.isOther(id)
    for (const [name, tool] of this.of(id, listing)) yield { name, findings: this.findings(tool, isOther) }
  }

  /** Does another server have a tool of this name, and this one none? */
  isOther(id: string): IsOther {
    const names = this.#namesNow()
    return name => {
      const servers = names.get(name)
      return servers !== undefined && !servers.includes(id)
    }
  }

  #lookedThrough(tool: PinnedTool): LookedThrough {
    const known = this.#through.get(tool)
    if (known) return known
    const through = lookThrough(JSON.parse(tool.text))
    this.#through.set(tool, through)
    return through
  }

  #namesNow(): ReadonlyMap<string, readonly string[]> {
    const ids = this.#o.servers()
    const listings = ids.map(id => this.#o.listed(id))
    const kept = this.#names
    if (kept && kept.of.length === listings.length && kept.of.every((one, n) => one === listings[n]))
      return kept.servers
    const servers = new Map<string, string[]>()
    for (const [n, id] of ids.entries()) {
      const listing = listings[n]
      for (const name of listing ? this.of(id, listing).keys() : [])
        servers.set(name, [...(servers.get(name) ?? []), id])
    }
    this.#names = { of: listings, servers }
    return servers
  }
}
