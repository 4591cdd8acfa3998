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

/** The newest row. Signed in audit.db; the same triple in the keychain is the anchor. */
export const Head = z.object({ seq: z.number().int().nonnegative(), hash: z.string(), time: z.number() })
export type Head = z.infer<typeof Head>

export function sha256(text: string): string {
  return hash('sha256', text)
}

export function rowHash(row: Pick<StoredRow, 'seq' | 'time' | 'prev' | 'content_hash'>): string {
  return sha256(`${CHAIN}\n${row.seq}\n${row.time}\n${row.prev}\n${row.content_hash}`)
}

/** How an event's texts and lists are cut down on their way into its text. `name`: of the member they belong to. */
export interface Trimming {
  text(text: string, name: string): string
  mostItems: number
}

/** One text for one event, whatever the order its members were set in. In one go: every call waits for two of these. */
export function canonical(event: AuditEvent, trimming?: Trimming): string {
  return textOf(event, '', trimming) ?? '{}'
}

function textOf(value: unknown, name: string, trimming: Trimming | undefined): string | undefined {
  if (typeof value === 'string') return JSON.stringify(trimming ? trimming.text(value, name) : value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) {
    const items = trimming ? value.slice(0, trimming.mostItems) : value
    return `[${items.map(item => textOf(item, name, trimming) ?? 'null').join(',')}]`
  }
  let members = ''
  for (const key of Object.keys(value).sort()) {
    const text = textOf((value as Record<string, unknown>)[key], key, trimming)
    if (text !== undefined) members += `${members ? ',' : ''}${JSON.stringify(key)}:${text}`
  }
  return `{${members}}`
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
