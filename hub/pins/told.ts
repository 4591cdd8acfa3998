// What the log is told of a server's tools: each change once however often it is listed, and no more than the log can bear.
import { setImmediate } from 'node:timers/promises'
import type { AuditEvent } from '../../contract/audit.ts'
import type { FoundIn } from '../../contract/pins.ts'

const MOST_AN_HOUR = 30
const HOUR_MS = 3_600_000
const MOST_NAMES = 20
const AT_A_TIME = 50

interface Log {
  append(event: AuditEvent, o: { durable: boolean }): Promise<void>
}

export class Told {
  readonly #audit: Log
  readonly #said = new Map<string, string>()
  readonly #times = new Map<string, number[]>()

  constructor(audit: Log) {
    this.#audit = audit
  }

  /** A person looked: the next change is told whatever it is. */
  settled(id: string): void {
    this.#said.delete(id)
  }

  /** Is this another change than the last that was told? `version`: of the package; empty where it is the pinned one. */
  changed(
    { id, name }: { id: string; name: string },
    held: readonly { name: string; hash: string; words: string }[],
    version: string,
  ): boolean {
    if (held.length === 0 && !version) {
      this.settled(id)
      return false
    }
    const said = JSON.stringify([held.map(one => [one.name, one.hash]), version])
    if (this.#said.get(id) === said) return false
    this.#said.set(id, said)
    if (version) this.#record(id, 'server/package-changed', `${name}: ${version}`)
    if (held.length > 0) this.#record(id, 'tools/held-back', listOf(held.map(one => one.words)))
    return true
  }

  /** How many tools have passages worth reading. Those that were pinned unseen (`isFirst`) are told. Looks at a few at a time: others go on meanwhile. */
  async flagged(id: string, tools: Iterable<FoundIn>, isFirst: boolean): Promise<number> {
    const names: string[] = []
    let n = 0
    for (const { name, findings } of tools) {
      if (findings.length > 0) names.push(`${name} (${[...new Set(findings.map(one => one.kind))].join(', ')})`)
      if (++n % AT_A_TIME === 0) await setImmediate()
    }
    if (names.length > 0 && isFirst) this.#record(id, 'tools/flagged', listOf(names))
    return names.length
  }

  #record(server: string, what: string, detail: string): void {
    const times = (this.#times.get(server) ?? []).filter(at => at > Date.now() - HOUR_MS)
    if (times.length >= MOST_AN_HOUR) return
    this.#times.set(server, [...times, Date.now()])
    const last = times.length === MOST_AN_HOUR - 1 ? '. It changes very often: more is recorded in an hour.' : ''
    const event: AuditEvent = { kind: 'server', what, server, by: 'gatehouse', detail: `${detail}${last}` }
    void this.#audit.append(event, { durable: false }).catch(() => {})
  }
}

function listOf(words: readonly string[]): string {
  const more = words.length > MOST_NAMES ? ` and ${words.length - MOST_NAMES} more` : ''
  return `${words.slice(0, MOST_NAMES).join(', ')}${more}`
}
