// Under which labels a call is counted, so that no server and no client can make the number of series grow without end.
import type { AuditEvent } from '../../contract/audit.ts'
import { Labels, OTHER } from './label.ts'

const MOST_SERVERS = 200
const MOST_CLIENTS = 50
const MOST_TOOLS_OF_ONE = 100
const MOST_TOOLS = 500
const MOST_SERIES = 5_000
/** Requests that are no tool calls are counted under their method. */
const METHODS = new Set([
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/get',
  'completion/complete',
  'logging/setLevel',
  'tasks/get',
  'tasks/result',
  'tasks/update',
  'tasks/cancel',
])

export interface CallLabels {
  server: string
  tool: string
  client: string
}

export const keyOf = ({ server, tool, client }: CallLabels) => `${server}\n${tool}\n${client}`

interface Names {
  /** A server's slug; null for one that is not there. */
  slugOf: (server: string) => string | null
  /** Whether the server lists a tool of this name. A client may call what it likes. */
  lists: (server: string, tool: string) => boolean
}

export class CallNames {
  readonly #o: Names
  readonly #servers = new Labels(MOST_SERVERS)
  readonly #clients = new Labels(MOST_CLIENTS)
  readonly #tools = new Map<string, Labels>()
  readonly #series = new Set<string>()

  constructor(names: Names) {
    this.#o = names
  }

  of({ server = '', tool = '', client = '' }: Pick<AuditEvent, 'server' | 'tool' | 'client'>): CallLabels {
    const slug = this.#o.slugOf(server)
    const labels = {
      server: slug === null ? OTHER : this.#servers.of(slug),
      tool: slug === null ? OTHER : this.#tool(server, tool),
      client: this.#clients.of(client),
    }
    const key = keyOf(labels)
    if (this.#series.has(key)) return labels
    if (this.#series.size >= MOST_SERIES) return { server: labels.server, tool: OTHER, client: OTHER }
    this.#series.add(key)
    return labels
  }

  #tool(server: string, tool: string): string {
    let labels = this.#tools.get(server)
    if (!labels) {
      labels = new Labels(MOST_TOOLS_OF_ONE)
      this.#tools.set(server, labels)
    }
    const hasRoom = () => [...this.#tools.values()].reduce((sum, one) => sum + one.size, 0) < MOST_TOOLS
    return labels.of(tool, name => hasRoom() && (METHODS.has(name) || this.#o.lists(server, name)))
  }
}
