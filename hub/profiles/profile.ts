// What one client is not shown and may not call. Whatever it does not name is shown, also tools that are new; hiding by name
// alone keeps a server's new tools from being missed. Showing allows nothing: policy still decides about every call.
import { z } from 'zod'
import { HubError } from '../error.ts'
import type { Limits } from './limits.ts'

export const Hidden = z.object({ server: z.string(), tool: z.string().optional() })
/** A whole server, by id, or one of its tools by the server's own name. */
export type Hidden = z.infer<typeof Hidden>

export const StoredProfile = z.object({ hidden: z.array(Hidden) })

const MOST_HIDDEN = 50_000

export class Profile {
  readonly limits: Limits | null
  readonly #hidden = new Map<string, Hidden>()

  constructor(hidden: readonly Hidden[], limits: Limits | null) {
    this.limits = limits
    for (const one of hidden) this.#hidden.set(keyOf(one), one)
  }

  get hidden(): Hidden[] {
    return [...this.#hidden.values()]
  }

  hidesServer(server: string): boolean {
    return this.#hidden.has(keyOf({ server }))
  }

  /** Names this very thing. */
  hidesExactly(one: Hidden): boolean {
    return this.#hidden.has(keyOf(one))
  }

  /** As one of its server's tools, or with all of them. */
  hidesTool(server: string, tool: string): boolean {
    return this.hidesServer(server) || this.#hidden.has(keyOf({ server, tool }))
  }

  /** As it would be; and what of that is another than now. */
  with(hide: readonly Hidden[], show: readonly Hidden[]): { profile: Profile; hide: Hidden[]; show: Hidden[] } {
    const kept = new Map(this.#hidden)
    for (const one of show) kept.delete(keyOf(one))
    for (const one of hide) kept.set(keyOf(one), one)
    if (kept.size > MOST_HIDDEN)
      throw new HubError('profiles/too-many', `A profile names at most ${MOST_HIDDEN} tools.`, {
        hint: 'Hide whole servers instead.',
      })
    return {
      profile: new Profile([...kept.values()], this.limits),
      hide: [...kept].flatMap(([key, one]) => (this.#hidden.has(key) ? [] : [one])),
      show: [...this.#hidden].flatMap(([key, one]) => (kept.has(key) ? [] : [one])),
    }
  }
}

function keyOf({ server, tool }: Hidden): string {
  return tool === undefined ? server : `${server} ${tool}`
}
