// The hub itself: how it is, the window's live snapshot, pairing, and stopping.
import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { AuditStatus } from './audit.ts'
import { Client } from './clients.ts'
import { MetricsStatus } from './metrics.ts'
import { Approval, Policy, Proposal } from './policy.ts'
import { open, procedure } from './procedure.ts'
import { ProfileSummary } from './profiles.ts'
import { PersonQuestion } from './questions.ts'
import { Secret, VaultStatus } from './secrets.ts'
import { Server } from './servers.ts'

/** One live connection of an AI client. */
export const LinkInfo = z.object({
  id: z.string(),
  client: z.string(),
  /** Where its entry stands: the client's id, or `ID@FOLDER` in a project. */
  place: z.string(),
  title: z.string(),
  says: z.string().nullable(),
  since: z.number(),
  protocolVersion: z.string().nullable(),
  calls: z.number(),
  lastCallAt: z.number().nullable(),
})
export type LinkInfo = z.infer<typeof LinkInfo>

/** What is wrong with config.json; the last good state goes on running. */
export const ConfigProblem = z.object({ path: z.string(), line: z.number(), column: z.number(), what: z.string() })
export type ConfigProblem = z.infer<typeof ConfigProblem>

export const HubStatus = z.object({
  version: z.string(),
  pid: z.number(),
  startedAt: z.number(),
  dataFolder: z.string(),
  socket: z.string(),
  web: z.string().nullable(),
  /** Where clients come in over HTTP; null while none needs it. `problem`: why it is not open. */
  http: z.object({ port: z.number(), url: z.string(), problem: z.string().nullable() }).nullable(),
  mode: z.enum(['person', 'unattended']),
  links: z.array(LinkInfo),
  callsPerMinute: z.number(),
  vault: VaultStatus,
  audit: AuditStatus,
  metrics: MetricsStatus,
  /** Why what a person agreed to, trusted and allowed does not count now: state.db may be an older one. */
  state: z.object({ problem: z.string().nullable() }),
  config: z.object({ path: z.string(), problem: ConfigProblem.nullable() }),
  /** The PIN for later windows: chosen, declined for good after a warning, or not decided yet. */
  pin: z.enum(['set', 'skipped', 'not-chosen']),
})
export type HubStatus = z.infer<typeof HubStatus>

/** A window that was paired. */
export const PairedWindow = z.object({
  id: z.string(),
  name: z.string(),
  pairedAt: z.number(),
  lastSeenAt: z.number().nullable(),
  open: z.boolean(),
  thisOne: z.boolean(),
})
export type PairedWindow = z.infer<typeof PairedWindow>

/** All a window shows without asking, one member a noun. The first is whole, later ones carry only what changed. */
export const Snapshot = z.object({
  status: HubStatus,
  servers: z.array(Server),
  approvals: z.array(Approval),
  questions: z.array(PersonQuestion),
  proposals: z.array(Proposal),
  policy: Policy,
  clients: z.array(Client),
  /** Of the clients that are connected or written. */
  profiles: z.array(ProfileSummary),
  secrets: z.array(Secret),
  windows: z.array(PairedWindow),
})
export type Snapshot = z.infer<typeof Snapshot>

export const hubContract = {
  status: open.output(HubStatus),
  stop: open.output(z.object({ stopping: z.literal(true) })),
  /** state.db may be an older one put back: take it as it is, or ask for everything anew. */
  settleState: procedure
    .input(z.object({ choice: z.enum(['believe', 'forget']) }))
    .output(z.object({ settled: z.literal(true) })),
  watch: procedure.output(eventIterator(Snapshot.partial())),
}

export const windowsContract = {
  list: procedure.output(z.array(PairedWindow)),
  /** A link that works once, for 120 s. Using it needs the PIN, where one was chosen. */
  newLink: open.output(z.object({ url: z.string(), pinNeeded: z.boolean(), validMs: z.number() })),
  revoke: procedure.input(z.object({ id: z.string() })).output(z.object({ revoked: z.string() })),
  /** The first PIN, or a new one with the old. Null removes it. */
  setPin: procedure
    .input(z.object({ pin: z.string().min(4).max(64).nullable(), old: z.string().optional() }))
    .output(z.object({ set: z.boolean() })),
}
