// What is counted for Prometheus. Calls are counted as the log gets them; states are read when somebody asks.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { AuditEvent } from '../../contract/audit.ts'
import type { HubStatus } from '../../contract/hub.ts'
import type { Approval } from '../../contract/policy.ts'
import { ServerState } from '../../contract/servers.ts'
import { CallNames } from './call-labels.ts'
import { toLabel } from './label.ts'
import { add, Tallies } from './tallies.ts'

/** What is read at each scrape. */
export interface Readings {
  servers: () => { id: string; slug: string; state: ServerState; restarts: number }[]
  approvals: () => Approval[]
  status: () => Pick<HubStatus, 'version' | 'mode' | 'startedAt' | 'links' | 'audit' | 'vault'>
  /** How long the oldest record that is not on disk yet has waited. */
  recordLagMs: () => number
  lists: (server: string, tool: string) => boolean
}

const STATES = ServerState.options.map(one => one.shape.kind.value)
const MOST_SERVERS = 200
/** Durations are gone over when somebody asks, or when there are as many as this. */
const MOST_UNTAKEN = 1_000
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const DISK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]
const ERRORS = new Set<AuditEvent['outcome']>(['tool-error', 'error', 'lost'])
const CALL = ['server', 'tool', 'client'] as const

export class Numbers {
  readonly #o: Readings
  readonly #registry = new Registry()
  readonly #tallies: Tallies
  readonly #slugs = new Map<string, string>()
  #untaken = 0
  /** Asked, and not answered yet as far as was counted. */
  readonly #asked = new Set<string>()
  readonly #calls
  readonly #errors
  readonly #seconds
  readonly #askedTotal
  readonly #endedTotal
  readonly #disk
  readonly #diskFailures

  constructor(readings: Readings) {
    this.#o = readings
    this.#tallies = new Tallies(new CallNames({ slugOf: id => this.#slugOf(id), lists: readings.lists }))
    this.#calls = this.#counter('mcp_tool_calls_total', 'Calls, and what was decided about them.', [
      ...CALL,
      'decision',
    ])
    this.#errors = this.#counter('mcp_tool_errors_total', 'Calls that were let through and failed.', [
      ...CALL,
      'outcome',
    ])
    this.#seconds = this.#histogram('mcp_tool_duration_seconds', 'How long servers took to answer.', CALL_SECONDS, [
      'server',
      'tool',
    ])
    this.#askedTotal = this.#counter('gatehouse_approvals_asked_total', 'Calls that a person was asked about.', [])
    this.#endedTotal = this.#counter('gatehouse_approvals_ended_total', 'How those questions ended.', ['outcome'])
    this.#disk = this.#histogram(
      'gatehouse_audit_write_seconds',
      'How long calls that change something waited for their record to be on disk.',
      DISK_SECONDS,
      [],
    )
    this.#diskFailures = this.#counter('gatehouse_audit_failures_total', 'Records that could not be written.', [])
    for (const outcome of ['allowed', 'denied', 'expired', 'withdrawn']) this.#endedTotal.inc({ outcome }, 0)
    this.#readServers()
    this.#readApprovals()
    this.#readHub()
  }

  /** One row on its way into the log; handed on as it is. */
  saw(event: AuditEvent): AuditEvent {
    const decision = decisionOf(event)
    if (decision !== null || event.what === 'call/ended') this.#count(event, decision)
    return event
  }

  wrote(ms: number): void {
    this.#disk.observe(ms / 1000)
  }

  didNotWrite(): void {
    this.#diskFailures.inc()
  }

  /** A call waits for a person. */
  asked(id: string): void {
    this.#asked.add(id)
    this.#askedTotal.inc()
  }

  /** Something about a question changed: perhaps it is over. */
  approvalChanged(id: string): void {
    if (!this.#asked.has(id)) return
    const state = this.#o.approvals().find(one => one.id === id)?.state
    if (state?.kind === 'waiting') return
    this.#asked.delete(id)
    const outcome = state?.kind === 'answered' ? (state.allowed ? 'allowed' : 'denied') : (state?.kind ?? 'withdrawn')
    this.#endedTotal.inc({ outcome })
  }

  serversChanged(): void {
    this.#slugs.clear()
    this.#tallies.forgetNames()
  }

  text(): Promise<string> {
    this.#take()
    return this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  #count(event: AuditEvent, decision: string | null): void {
    const tally = this.#tallies.of(event)
    if (decision !== null) add(tally.decisions, decision)
    if (event.durationMs === undefined) return
    tally.seconds.push(event.durationMs / 1000)
    if (event.outcome && ERRORS.has(event.outcome)) add(tally.errors, event.outcome)
    if (++this.#untaken === MOST_UNTAKEN) setImmediate(() => this.#take())
  }

  #take(): void {
    this.#untaken = 0
    for (const { labels, decisions, errors, seconds } of this.#tallies.take()) {
      const { server, tool } = labels
      for (const [decision, count] of decisions) this.#calls.inc({ ...labels, decision }, count)
      for (const [outcome, count] of errors) this.#errors.inc({ ...labels, outcome }, count)
      for (const one of seconds) this.#seconds.observe({ server, tool }, one)
    }
  }

  #slugOf(id: string): string | null {
    if (this.#slugs.size === 0) for (const one of this.#o.servers()) this.#slugs.set(one.id, one.slug)
    return this.#slugs.get(id) ?? null
  }

  #readServers(): void {
    const servers = () =>
      this.#o
        .servers()
        .slice(0, MOST_SERVERS)
        .map(one => ({ ...one, server: toLabel(one.slug) }))
    this.#gauge(
      'gatehouse_server_state',
      'One for the state a server is in, zero for the others.',
      ['server', 'state'],
      gauge => {
        for (const { server, state } of servers())
          for (const kind of STATES) gauge.set({ server, state: kind }, state.kind === kind ? 1 : 0)
      },
    )
    this.#gauge('gatehouse_server_restarts', 'Restarts since the hub started.', ['server'], gauge => {
      for (const { server, restarts } of servers()) gauge.set({ server }, restarts)
    })
  }

  #readApprovals(): void {
    const waiting = () => this.#o.approvals().filter(one => one.state.kind === 'waiting')
    this.#gauge('gatehouse_approvals_waiting', 'Calls that wait for a person now.', [], gauge =>
      gauge.set(waiting().length),
    )
    this.#gauge('gatehouse_approvals_oldest_seconds', 'How long the oldest of them has waited.', [], gauge =>
      gauge.set(waiting().reduce((most, one) => Math.max(most, (Date.now() - one.askedAt) / 1000), 0)),
    )
  }

  #readHub(): void {
    const { status } = this.#o
    this.#gauge('gatehouse_info', 'Always one; which hub this is.', ['version', 'mode'], gauge => {
      const { version, mode } = status()
      gauge.set({ version, mode }, 1)
    })
    this.#gauge('gatehouse_start_time_seconds', 'When the hub started, in seconds since 1970.', [], gauge =>
      gauge.set(status().startedAt / 1000),
    )
    this.#gauge('gatehouse_links', 'Connections of AI clients now.', [], gauge => gauge.set(status().links.length))
    this.#gauge('gatehouse_keychain_open', 'One while the keychain can be read.', [], gauge =>
      gauge.set(status().vault.kind === 'open' ? 1 : 0),
    )
    this.#gauge('gatehouse_audit_rows', 'Rows of the log.', [], gauge => gauge.set(status().audit.rows))
    this.#gauge('gatehouse_audit_writable', 'Zero while the log cannot be written.', [], gauge =>
      gauge.set(status().audit.writable ? 1 : 0),
    )
    this.#gauge('gatehouse_audit_anchored', 'One while the newest signed row is in the keychain.', [], gauge =>
      gauge.set(status().audit.anchored ? 1 : 0),
    )
    this.#gauge('gatehouse_audit_damaged', 'One while damage to the log waits for a person to see it.', [], gauge =>
      gauge.set(status().audit.damage === null ? 0 : 1),
    )
    this.#gauge('gatehouse_audit_lag_seconds', 'How far the log is behind.', [], gauge =>
      gauge.set(this.#o.recordLagMs() / 1000),
    )
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] })
  }

  #histogram<L extends string>(name: string, help: string, buckets: number[], labelNames: L[]): Histogram<L> {
    return new Histogram({ name, help, buckets, labelNames, registers: [this.#registry] })
  }

  #gauge<L extends string>(name: string, help: string, labelNames: L[], read: (gauge: Gauge<L>) => void): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset()
        read(this)
      },
    })
  }
}

/** What a row says was decided about a call; null for rows that decide nothing. */
function decisionOf({ what, by, decision, outcome }: AuditEvent): string | null {
  const wasAsked = decision?.effect === 'ask'
  switch (what) {
    case 'call/allowed':
      return wasAsked ? 'allowed-by-person' : 'allowed'
    case 'call/denied':
      if (outcome === 'expired') return 'expired'
      return by?.startsWith('window:') ? 'denied-by-person' : 'denied'
    case 'call/not-sent':
      return 'not-sent'
    case 'call/cancelled':
      return 'cancelled'
    case 'approval/client-told-to-wait':
      return 'waiting'
    default:
      return null
  }
}
