// What a server counts about its calls, in Prometheus' own terms.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export class Metrics {
  readonly registry = new Registry()
  readonly #calls = new Counter({
    name: 'mcp_tool_calls_total',
    help: 'Calls by tool and how they ended',
    labelNames: ['tool', 'status'],
    registers: [this.registry],
  })
  readonly #seconds = new Histogram({
    name: 'mcp_tool_duration_seconds',
    help: 'How long calls took',
    labelNames: ['tool'],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.registry],
  })
  readonly #errors = new Counter({
    name: 'mcp_tool_errors_total',
    help: 'Calls that failed, by kind of error',
    labelNames: ['tool', 'kind'],
    registers: [this.registry],
  })

  constructor(name: string, version: string) {
    const info = new Gauge({
      name: 'mcp_server_info',
      help: 'Which server this is',
      labelNames: ['name', 'version'],
      registers: [this.registry],
    })
    info.set({ name, version }, 1)
  }

  /** `kind`: of the error; null when there was none. */
  ended(tool: string, seconds: number, kind: string | null): void {
    this.#calls.inc({ tool, status: kind === null ? 'ok' : 'error' })
    this.#seconds.observe({ tool }, seconds)
    if (kind !== null) this.#errors.inc({ tool, kind })
  }
}
