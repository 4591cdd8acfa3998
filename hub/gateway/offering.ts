// What servers offer, as people are shown it in the window and on the command line, with what policy says of each tool.
import type { Decision } from '../../contract/policy.ts'
import type { Listing, Tool } from '../../contract/servers.ts'
import { HubError } from '../error.ts'
import { redactedJson } from '../pins/pinned-tool.ts'
import { decide, decideListed } from '../policy/decide.ts'
import type { Catalog } from './catalog.ts'
import type { HeldBack, KnownServer, PolicyBook, RunningServers, ServerBook } from './parts.ts'
import type { Entry } from './view.ts'

export interface OfferingOptions {
  supervisor: RunningServers
  registry: ServerBook
  policy: PolicyBook
  pins: HeldBack
  /** What it costs a model, where that was counted. */
  tokensOf?: (tool: Entry) => number | undefined
  redact: (text: string) => string
}

const TOOLS_KEPT_MS = 30_000

export class Offering {
  readonly #o: OfferingOptions
  readonly #catalog: Catalog
  readonly #tools = new Map<string, { at: number; tools: Tool[] }>()
  readonly #trusted = new Map<string, boolean>()

  constructor(options: OfferingOptions, catalog: Catalog) {
    this.#o = options
    this.#catalog = catalog
  }

  /** As clients see them; of one server, or of all. `effect` is for a client nobody knows and arguments nobody gave. */
  tools(server?: string): Tool[] {
    if (server === undefined) return this.#o.registry.list().flatMap(s => this.tools(s.id))
    const kept = this.#tools.get(server)
    if (kept && Date.now() - kept.at < TOOLS_KEPT_MS) return kept.tools
    const entries = this.#catalog.everything('tools').filter(e => e.server.id === server)
    const tools = entries.map(entry => this.#tool(entry))
    this.#tools.set(server, { at: Date.now(), tools })
    return tools
  }

  /** How much a server offers, without a look at each tool. */
  offers(server: string): { tools: number; tokens: number } {
    const entries = this.#catalog.everything('tools').filter(e => e.server.id === server)
    return { tools: entries.length, tokens: entries.reduce((sum, entry) => sum + this.#tokens(entry), 0) }
  }

  /** A server's last verified listing. Throws HubError when there is none yet. */
  listing(id: string): Listing {
    const server = this.#o.registry.find(id)
    const raw = this.#o.supervisor.listing(server.id)
    if (!raw) {
      throw new HubError('server/not-listed', `What ${server.name} offers is not known yet.`, {
        hint: 'Start it once.',
      })
    }
    const catalog = this.#catalog
    const all = <K extends string>(kind: 'prompts' | 'resources' | 'resourceTemplates') =>
      catalog.everything(kind).flatMap(e => (e.server.id === server.id ? [this.#shown<Record<K, string>>(e.text)] : []))
    return {
      at: raw.at,
      tools: this.tools(server.id),
      prompts: all<'name'>('prompts'),
      resources: all<'uri'>('resources'),
      resourceTemplates: all<'uriTemplate'>('resourceTemplates'),
      warnings: [...raw.warnings, ...catalog.warnings(server)].map(this.#o.redact),
    }
  }

  /** What policy would say now. `tool`: the server's own name or the exposed one. */
  explain(o: { server: string; tool: string; arguments: string; client: string }): Decision {
    const server = this.#o.registry.find(o.server)
    const entries = this.#catalog.everything('tools').filter(e => e.server.id === server.id)
    const entry = entries.find(e => e.own === o.tool) ?? entries.find(e => e.exposed === o.tool)
    const facts = { ...this.#facts(server, o.client, entry), argumentsText: o.arguments }
    return decide({ ...facts, tool: entry?.own ?? o.tool }, this.#o.policy.current(), Date.now())
  }

  /** Asking the registry reads and checks a sealed row, so what it said is kept until something changes. */
  isTrusted(server: string): boolean {
    let trusted = this.#trusted.get(server)
    if (trusted === undefined) {
      trusted = this.#o.registry.isTrusted(server)
      this.#trusted.set(server, trusted)
    }
    return trusted
  }

  /** Servers, or what is known of them, changed. */
  forget(): void {
    this.#tools.clear()
    this.#trusted.clear()
  }

  /** What is said of tools changed. */
  forgetTools(): void {
    this.#tools.clear()
  }

  #tool(entry: Entry): Tool {
    const { effect, risk } = decideListed(
      this.#facts(entry.server, 'unknown', entry),
      this.#o.policy.current(),
      Date.now(),
    )
    return {
      server: entry.server.name,
      serverId: entry.server.id,
      name: entry.own,
      exposedAs: entry.exposed,
      effect,
      risk,
      tokens: this.#tokens(entry),
      held: this.#o.pins.isHeld(entry.server.id, entry.own),
      findings: this.#o.pins.findings(entry.server.id, entry.own),
      definition: this.#shown(entry.text),
    }
  }

  #tokens(entry: Entry): number {
    return this.#o.tokensOf?.(entry) ?? Math.ceil(entry.exposedText.length / 4)
  }

  /** What a server says of itself may hold a secret it was given. */
  #shown<T = Tool['definition']>(text: string): T {
    return redactedJson(text, this.#o.redact) as T
  }

  #facts(server: KnownServer, client: string, entry: Entry | undefined) {
    const { id, name } = server
    return {
      client,
      server: { id, name, trusted: this.isTrusted(id) },
      method: 'tools/call',
      tool: entry?.own ?? '',
      definition: entry?.definition ?? null,
      held: entry !== undefined && this.#o.pins.isHeld(id, entry.own),
    }
  }
}
