// What all links of the gateway share.
import type { Catalog } from './catalog.ts'
import type { Guard } from './guard.ts'
import type { GatewayLink } from './link.ts'
import type { ProfileBook, RunningServers } from './parts.ts'
import type { Stats } from './stats.ts'
import type { Tap } from './tap.ts'
import type { TaskOwners } from './task-owners.ts'
import type { Upstreams } from './upstreams.ts'

export interface House {
  catalog: Catalog
  guard: Guard
  profiles: ProfileBook
  upstreams: Upstreams
  tap: Tap
  stats: Stats
  supervisor: RunningServers
  tasks: TaskOwners
  /** For what is shown or kept: secrets out. */
  redact: (text: string) => string
  endApprovals: (link: string) => void
  /** Something in `info` changed. */
  changed: () => void
  closed: (link: GatewayLink) => void
  /** The lowest log level any client asked for; null when none did. */
  mostVerbose: () => number | null
}
