// A per-client server's children: one for each link that calls it, told that client's capabilities, ended when the link leaves.
import { HubError } from '../error.ts'
import type { ServerDefinition } from './needs.ts'
import type { ServerActor } from './server-actor.ts'
import type { Upstream } from './upstream.ts'

/** For whom a server is woken, where each client has a child of its own. */
export interface InstanceFor {
  /** The link's id. */
  key: string
  client: string
  /** What this client says it can do; the child is told exactly that. */
  capabilities: Record<string, unknown>
  clientInfo: unknown
}

/** A client that connects over and over must not fill the machine. Counted for each server: having many of them is no storm. */
const MOST_STARTS = 5
const PER_MS = 60_000

export class Instances {
  readonly #make: (definition: ServerDefinition, who: InstanceFor) => ServerActor
  readonly #byServer = new Map<string, Map<string, ServerActor>>()
  /** Ends under way of children whose link is gone. */
  readonly #ending = new Set<Promise<void>>()
  /** When each client had a server started, by both; monotonic ms. */
  readonly #starts = new Map<string, number[]>()

  constructor(make: (definition: ServerDefinition, who: InstanceFor) => ServerActor) {
    this.#make = make
  }

  /** This link's child, ready for a call. Its life is a server's own: it backs off, sleeps when idle and wakes again. */
  awake(definition: ServerDefinition, who: InstanceFor, signal?: AbortSignal): Promise<Upstream> {
    signal?.throwIfAborted()
    const known = this.#byServer.get(definition.id)?.get(who.key)
    const isDown = known === undefined || ['stopped', 'waiting', 'sleeping'].includes(known.state.kind)
    if (isDown) this.#countStart(JSON.stringify([who.client, definition.id]), definition.name)
    const actor = known ?? this.#add(definition, who)
    if (isDown) actor.send({ kind: 'start' })
    return actor.awake(signal)
  }

  /** Whatever this link had. */
  leave(key: string): void {
    for (const [server, children] of this.#byServer) {
      const actor = children.get(key)
      if (!actor) continue
      children.delete(key)
      if (children.size === 0) this.#byServer.delete(server)
      void this.#end(actor)
    }
  }

  of(server: string): ServerActor[] {
    return [...(this.#byServer.get(server)?.values() ?? [])]
  }

  /** Ends every child of this server; the next call of a link starts another. */
  async end(server: string): Promise<void> {
    const actors = this.of(server)
    this.#byServer.delete(server)
    await Promise.all(actors.map(actor => this.#end(actor)))
  }

  async close(): Promise<void> {
    for (const server of [...this.#byServer.keys()]) void this.end(server)
    await Promise.all(this.#ending)
  }

  #add(definition: ServerDefinition, who: InstanceFor): ServerActor {
    const actor = this.#make(definition, who)
    const children = this.#byServer.get(definition.id) ?? new Map<string, ServerActor>()
    this.#byServer.set(definition.id, children.set(who.key, actor))
    return actor
  }

  #end(actor: ServerActor): Promise<void> {
    const end = actor.end().finally(() => this.#ending.delete(end))
    this.#ending.add(end)
    return end
  }

  #countStart(key: string, name: string): void {
    const now = performance.now()
    for (const [one, starts] of this.#starts) {
      const recent = starts.filter(at => now - at < PER_MS)
      if (recent.length > 0) this.#starts.set(one, recent)
      else this.#starts.delete(one)
    }
    const starts = this.#starts.get(key) ?? []
    if (starts.length >= MOST_STARTS) {
      const seconds = Math.ceil((PER_MS - (now - starts[0]!)) / 1_000)
      throw new HubError(
        'server/too-many-starts',
        `${name} was not started: this client had it started ${MOST_STARTS} times within a minute.`,
        { hint: `Try again in ${seconds} s.` },
      )
    }
    this.#starts.set(key, [...starts, now])
  }
}
