// The arithmetic of the chain: what a row's hash covers and what a signed head says. No I/O.
import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import { z } from 'zod'
import type { AuditEvent } from '../../contract/audit.ts'

/** Raised when the meaning of a row's hash changes. */
const CHAIN = 'gatehouse-audit-1'

/** What stands before the first row of the first log. */
export const GENESIS = '0'.repeat(64)

/** A row as it lies in audit.db. `content` is null once erased. */
export interface StoredRow {
  seq: number
  time: number
  prev: string
  content: string | null
  content_hash: string
  hash: string
}

const LATEST = 8.64e15

/** A time that can be told. In a file that others wrote to it may be any number. */
export function toTime(time: number): number {
  return Math.abs(time) <= LATEST ? time : 0
}

/** The newest row. Signed in audit.db; the same triple in the keychain is the anchor. */
export const Head = z.object({ seq: z.number().int().nonnegative(), hash: z.string(), time: z.number() })
export type Head = z.infer<typeof Head>

export function sha256(text: string): string {
  return hash('sha256', text)
}

export function rowHash(row: Pick<StoredRow, 'seq' | 'time' | 'prev' | 'content_hash'>): string {
  return sha256(`${CHAIN}\n${row.seq}\n${row.time}\n${row.prev}\n${row.content_hash}`)
}

/** A list in an event is cut here: a record need not hold more. */
const MOST_ITEMS = 100

/** How a text from outside goes into the record. `isLong`: the arguments, which may be longer. */
export type Clean = (text: string, isLong?: boolean) => string

/**
 * One text for one event, whatever the order its members were set in: they are written sorted by name. Only hashes and
 * words of ours go in as they are; they look like tokens and are none.
 */
export function canonical(e: AuditEvent, clean: Clean = text => text): string {
  const { arguments: args, decision } = e
  const cleaned = (text: string | null | undefined) => (typeof text === 'string' ? clean(text) : text)
  const sorted: Record<keyof AuditEvent, unknown> = {
    arguments: args && { bytes: args.bytes, sha256: args.sha256, text: clean(args.text, true) },
    by: cleaned(e.by),
    bytes: e.bytes,
    client: cleaned(e.client),
    correlation: e.correlation,
    decision: decision && {
      effect: clean(decision.effect),
      reasons: decision.reasons.slice(0, MOST_ITEMS).map(reason => clean(reason)),
      risk: clean(decision.risk),
      rule: cleaned(decision.rule),
      ruleText: cleaned(decision.ruleText),
    },
    detail: cleaned(e.detail),
    durationMs: e.durationMs,
    kind: e.kind,
    outcome: e.outcome,
    rows: e.rows?.slice(0, MOST_ITEMS).map(({ from, to }) => ({ from, to })),
    server: cleaned(e.server),
    tool: cleaned(e.tool),
    what: e.what,
  }
  return JSON.stringify(sorted)
}

function headText(head: Head): string {
  return `gatehouse-audit-head-1\n${head.seq}\n${head.hash}\n${head.time}`
}

/** Ed25519, base64. */
export function signHead(head: Head, key: KeyObject): string {
  return sign(null, Buffer.from(headText(head)), key).toString('base64')
}

export function isSignedBy(head: Head, signature: string, key: KeyObject): boolean {
  return verify(null, Buffer.from(headText(head)), key, Buffer.from(signature, 'base64'))
}

/** As `audit head` prints it: base64 SPKI. */
export function publicKeyText(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64')
}

/** The anchor as read from the keychain; what is not an anchor is none. */
export function parseAnchor(text: string | null): Head | null {
  if (text === null) return null
  try {
    return Head.parse(JSON.parse(text))
  } catch {
    return null
  }
}
