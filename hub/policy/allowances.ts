// What a person's yes still covers: one late repeat, fifteen minutes, a session. In memory only, gone with the hub.
import type { Risk } from '../../contract/servers.ts'
import { type Clocks, isOver, type Moment, momentAfter, msLeft } from './clocks.ts'

const GRANT_MS = 10 * 60_000
const MINUTES_MS = 15 * 60_000
const SESSION_MS = 8 * 3_600_000
const MOST = 1000

/** What an allowance is looked up by. */
export interface Asked {
  client: string
  server: string
  tool: string
  link: string
  risk: Risk
  /** The rule that asks, null for the preset, undefined when nobody said. */
  rule: string | null | undefined
  outside: boolean
  definitionHash: string
  digest: string
}

interface Allowance {
  key: string
  /** Null: any link of its client. */
  link: string | null
  until: Moment
  by: string
  scope: 'minutes' | 'session'
}

export class Allowances {
  readonly #clocks: Clocks
  readonly #grants = new Map<string, { until: Moment; by: string }>()
  #allowances: Allowance[] = []

  constructor(clocks: Clocks) {
    this.#clocks = clocks
  }

  /** One identical call may pass, once, within 10 minutes. */
  grant(digest: string, by: string): void {
    if (this.#grants.size >= MOST) this.#grants.delete(this.#grants.keys().next().value!)
    this.#grants.set(digest, { until: momentAfter(this.#clocks, GRANT_MS), by })
  }

  /** Takes the grant for this call, if there is one. */
  takeGrant(digest: string): { by: string } | undefined {
    const grant = this.#grants.get(digest)
    this.#grants.delete(digest)
    return grant && !isOver(this.#clocks, grant.until) ? { by: grant.by } : undefined
  }

  allow(asked: Asked, scope: 'minutes' | 'session', by: string): void {
    const until = momentAfter(this.#clocks, scope === 'minutes' ? MINUTES_MS : SESSION_MS)
    this.#allowances.push({ key: keyOf(asked), link: scope === 'session' ? asked.link : null, until, by, scope })
    if (this.#allowances.length > MOST) this.#allowances.shift()
  }

  find(asked: Asked): { by: string; scope: 'minutes' | 'session' } | undefined {
    const key = keyOf(asked)
    return this.#allowances.find(
      one => one.key === key && (one.link === null || one.link === asked.link) && !isOver(this.#clocks, one.until),
    )
  }

  endLink(link: string): void {
    this.#allowances = this.#allowances.filter(one => one.link !== link)
  }

  clear(): void {
    this.#grants.clear()
    this.#allowances = []
  }

  /** Drops what is over. Ms until the next is, or null when nothing is left. */
  sweep(): number | null {
    for (const [digest, grant] of this.#grants) if (isOver(this.#clocks, grant.until)) this.#grants.delete(digest)
    this.#allowances = this.#allowances.filter(one => !isOver(this.#clocks, one.until))
    const left = [...this.#grants.values(), ...this.#allowances].map(one => msLeft(this.#clocks, one.until))
    return left.length > 0 ? Math.min(...left) : null
  }
}

// What destroys, or is asked about by a rule or the folders of the person's, is covered only with the same arguments: other
// ones may be the very thing those are for. Else the person saw a tool, and the yes is for that tool as it is defined now.
function keyOf(asked: Asked): string {
  const { client, server, tool, definitionHash, risk, rule, outside, digest } = asked
  const isNarrow = risk === 'destroys' || rule !== null || outside
  return JSON.stringify(isNarrow ? [digest] : [client, server, tool, definitionHash, risk])
}
