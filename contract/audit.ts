// The audit log: what was done, by whom, and whether the log itself is whole.
import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { open, procedure } from './procedure.ts'

/** What kind of thing a row records. */
export const AuditKind = z.enum([
  'call',
  'result',
  'server',
  'secret',
  'client',
  'policy',
  'window',
  'approval',
  'refused',
  'hub',
  'erased',
])
export type AuditKind = z.infer<typeof AuditKind>

/** One event as it is hashed: everything but seq, time and hashes. Secrets are removed before it gets here. */
export const AuditEvent = z.object({
  kind: AuditKind,
  /** A past fact: `call/allowed`, `server/started`, `window/paired`, `refused/role`. */
  what: z.string(),
  /** Joins a call's rows. */
  correlation: z.string().optional(),
  client: z.string().optional(),
  server: z.string().optional(),
  tool: z.string().optional(),
  /** Who decided or acted: a rule's id, `window:<id>`, `cli`, `clock`, `gatehouse`. */
  by: z.string().optional(),
  /** Redacted arguments, at most 8 KB, with the size and SHA-256 of all of them. */
  arguments: z.object({ text: z.string(), bytes: z.number(), sha256: z.string() }).optional(),
  decision: z
    .object({
      effect: z.string(),
      risk: z.string(),
      rule: z.string().nullable(),
      ruleText: z.string().nullable(),
      reasons: z.array(z.string()),
    })
    .optional(),
  outcome: z.enum(['ok', 'tool-error', 'error', 'denied', 'cancelled', 'expired', 'lost']).optional(),
  durationMs: z.number().optional(),
  bytes: z.number().optional(),
  /** The rows this one is about (kind `erased`). */
  rows: z.array(z.object({ from: z.number(), to: z.number() })).optional(),
  /** In words, for everything else. */
  detail: z.string().optional(),
})
export type AuditEvent = z.infer<typeof AuditEvent>

/** A row of the chain. `time`: epoch ms; hashes: hex SHA-256. `event` is null once erased. */
export const AuditRow = z.object({
  seq: z.number(),
  time: z.number(),
  event: AuditEvent.nullable(),
  contentHash: z.string(),
  hash: z.string(),
})
export type AuditRow = z.infer<typeof AuditRow>

export const AuditFilter = z.object({
  kinds: z.array(AuditKind).optional(),
  client: z.string().optional(),
  server: z.string().optional(),
  tool: z.string().optional(),
  outcome: z.string().optional(),
  text: z.string().max(200).optional(),
  /** Rows before this seq, newest first. */
  before: z.number().optional(),
  after: z.number().optional(),
  since: z.number().optional(),
  limit: z.number().min(1).max(1000).default(200),
})
export type AuditFilter = z.infer<typeof AuditFilter>

/** What a verification found. `problems` name the row and what happened to it. */
export const Verification = z.object({
  rows: z.number(),
  intact: z.boolean(),
  anchored: z.boolean(),
  signedUntil: z.number().nullable(),
  erased: z.number(),
  problems: z.array(
    z.object({
      seq: z.number().nullable(),
      kind: z.enum(['edited', 'removed', 'inserted', 'reordered', 'cut-off', 'rolled-back', 'unreadable', 'signature']),
      what: z.string(),
    }),
  ),
  /** Said when intact but not anchored. */
  note: z.string().nullable(),
})
export type Verification = z.infer<typeof Verification>

/** The newest row as signed; for keeping elsewhere. */
export const AuditHead = z.object({
  seq: z.number(),
  hash: z.string(),
  time: z.number(),
  signature: z.string().nullable(),
  publicKey: z.string().nullable(),
})
export type AuditHead = z.infer<typeof AuditHead>

/** How the log is doing now. */
export const AuditStatus = z.object({
  rows: z.number(),
  writable: z.boolean(),
  anchored: z.boolean(),
  problem: z.string().nullable(),
  verifiedTo: z.number().nullable(),
  signedAt: z.number().nullable(),
})
export type AuditStatus = z.infer<typeof AuditStatus>

export const auditContract = {
  list: open.input(AuditFilter).output(z.array(AuditRow)),
  verify: open.output(Verification),
  head: open.output(AuditHead),
  /** New rows as they are written, in batches. */
  tail: procedure.output(eventIterator(z.array(AuditRow))),
}
