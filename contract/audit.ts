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
  /** The effect decided: allow, ask or deny. */
  decision: z.string().optional(),
  /** The rows of one call. */
  correlation: z.string().max(100).optional(),
  /** Words or beginnings of words; all of them must stand in the row. */
  text: z.string().max(200).optional(),
  /** Rows before this seq, newest first: the last row of one page is the cursor of the next. */
  before: z.number().optional(),
  after: z.number().optional(),
  /** Epoch ms, both included. */
  since: z.number().optional(),
  until: z.number().optional(),
  /** How long a call took, both included. */
  minMs: z.number().int().nonnegative().optional(),
  maxMs: z.number().int().nonnegative().optional(),
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
  /** What was found wrong with the log and no person has acknowledged yet; also said in `problem`. */
  damage: z.string().nullable(),
})
export type AuditStatus = z.infer<typeof AuditStatus>

/** Content older than `days`, or beyond `bytes` of file, is erased once a day; null: kept. The rows stay in the chain. */
export const Retention = z.object({
  days: z.number().int().min(1).max(36_500).nullable(),
  bytes: z
    .number()
    .int()
    .min(10 * 1024 * 1024)
    .nullable(),
})
export type Retention = z.infer<typeof Retention>

/** How much there is, and up to which row content was erased by age or size. */
export const RetentionState = Retention.extend({
  usedBytes: z.number(),
  oldestAt: z.number().nullable(),
  erasedTo: z.number(),
})
export type RetentionState = z.infer<typeof RetentionState>

/** One call from its decision to its end. Times: epoch ms; null where it did not come to that. */
export const AuditCall = z.object({
  correlation: z.string(),
  /** All its rows, oldest first. */
  rows: z.array(AuditRow),
  startedAt: z.number(),
  decidedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  /** How long a person was waited for. */
  waitedMs: z.number().nullable(),
  /** How long the server took. */
  tookMs: z.number().nullable(),
  decision: AuditEvent.shape.decision.unwrap().nullable(),
  outcome: z.string().nullable(),
})
export type AuditCall = z.infer<typeof AuditCall>

export const ExportFormat = z.enum(['jsonl', 'csv', 'bundle'])
export type ExportFormat = z.infer<typeof ExportFormat>

/** Loosenings: done at once from the window; from elsewhere a proposal waits there for a person. */
const asked = z.object({ applied: z.boolean(), proposal: z.string().nullable() })

export const auditContract = {
  list: open.input(AuditFilter).output(z.array(AuditRow)),
  /** The rows of one call; asked for by its correlation. */
  call: open.input(z.object({ correlation: z.string().max(100) })).output(AuditCall),
  verify: open.output(Verification),
  head: open.output(AuditHead),
  /** New rows as they are written, in batches. */
  tail: open.output(eventIterator(z.array(AuditRow))),
  /** The whole log as one text, in pieces to be joined. A bundle is JSONL whose last line holds the signed head. */
  export: procedure.input(z.object({ format: ExportFormat })).output(eventIterator(z.string())),
  /** Takes the content out of rows for good. The chain goes on holding and says what was erased, by whom and why. */
  erase: open
    .input(
      z.object({
        rows: z
          .array(z.object({ from: z.number().int().positive(), to: z.number().int().positive() }))
          .min(1)
          .max(100),
        why: z.string().min(1).max(500),
      }),
    )
    .output(asked),
  retention: open.output(RetentionState),
  /** Keeping more is done at once; keeping less destroys records. */
  setRetention: open.input(Retention).output(asked),
  /** "I have seen it": the warning goes, the row that tells of the damage and this word stay in the log. */
  acknowledge: procedure.output(z.object({ row: z.number() })),
}
