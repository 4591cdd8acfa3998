// Which tools a client has not called for so many days, as far as the log can tell; it says so where it cannot.
import type { AuditFilter, AuditRow, RetentionState } from '../../contract/audit.ts'
import { HubError } from '../error.ts'

const DAY_MS = 86_400_000
const RECENT = 1_000
/** Questions to the log, each through its index. */
const MOST_ASKED = 3_000

interface Log {
  list(filter: Partial<AuditFilter>): Promise<AuditRow[]>
  retentionState(): Promise<Pick<RetentionState, 'oldestAt'>>
}

/** `since`: when a person first saw its tools; null: not known. */
interface Listed {
  id: string
  since: number | null
  tools: readonly string[]
}

export interface Unused {
  isKnown: boolean
  /** `unused`: by server, the server's own names. */
  unused: ReadonlyMap<string, ReadonlySet<string>>
  words: string
}

export async function unusedBy(
  client: { id: string; name: string },
  servers: readonly Listed[],
  days: number,
  log: Log,
  now: number,
): Promise<Unused> {
  const nothing = (words: string): Unused => ({ isKnown: false, unused: new Map(), words })
  const since = now - days * DAY_MS
  try {
    const { oldestAt } = await log.retentionState()
    if (oldestAt === null || oldestAt > since)
      return nothing(
        `The log goes back ${daysIn(now - (oldestAt ?? now))}; what was unused for ${days} is not known yet.`,
      )
    const used = await recentlyUsed(client.id, since, log)
    if (used.rows === 0) return nothing(`${client.name} called nothing in the last ${days} days.`)
    const old = servers.filter(server => server.since !== null && server.since <= since)
    let asked = 0
    const wasUsed = async (server: string, tool?: string) => {
      const filter = { kinds: ['call' as const], client: client.id, server, since, limit: 1 }
      asked++
      return (await log.list(tool === undefined ? filter : { ...filter, tool })).length > 0
    }
    const unused = new Map<string, Set<string>>()
    for (const { id, tools } of old) {
      const open = tools.filter(tool => !used.tools.has(keyOf(id, tool)))
      const isWhole = used.isAll || (!used.servers.has(id) && !(await wasUsed(id)))
      const found = new Set<string>()
      for (const tool of open) if (isWhole || (asked < MOST_ASKED && !(await wasUsed(id, tool)))) found.add(tool)
      unused.set(id, found)
    }
    const fresh = servers.length - old.length
    const isCut = asked >= MOST_ASKED ? ' There are too many tools to look for each of them.' : ''
    const added = fresh > 0 ? ` ${fresh === 1 ? 'One server is' : `${fresh} servers are`} newer than that.` : ''
    return { isKnown: true, unused, words: `By what ${client.name} called in the last ${days} days.${added}${isCut}` }
  } catch (error) {
    if (error instanceof HubError) return nothing(error.message)
    throw error
  }
}

/** The newest calls tell most of it at once. */
async function recentlyUsed(client: string, since: number, log: Log) {
  const rows = await log.list({ kinds: ['call'], client, since, limit: RECENT })
  const tools = new Set<string>()
  const servers = new Set<string>()
  for (const { event } of rows) {
    if (!event?.server || !event.tool) continue
    tools.add(keyOf(event.server, event.tool))
    servers.add(event.server)
  }
  return { rows: rows.length, isAll: rows.length < RECENT, tools, servers }
}

function keyOf(server: string, tool: string): string {
  return `${server} ${tool}`
}

function daysIn(ms: number): string {
  const days = Math.floor(ms / DAY_MS)
  return days === 0 ? 'less than a day' : days === 1 ? 'one day' : `${days} days`
}
