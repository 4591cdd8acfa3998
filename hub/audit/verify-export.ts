// Is an exported log whole? Reads a JSONL or bundle file anywhere; no hub, no folder and no keychain is needed.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { AuditHead, Verification } from '../../contract/audit.ts'
import { HubError } from '../error.ts'
import type { StoredRow } from './chain.ts'
import { BundleEnd } from './export.ts'
import { checkHead, judge } from './verify-files.ts'
import { Walking } from './walk-chain.ts'

const Line = z.object({
  seq: z.number(),
  time: z.number(),
  event: z.json(),
  prev: z.string(),
  contentHash: z.string(),
  hash: z.string(),
})

/** Without a bundle's end nothing vouches for the last rows: that is said, and cut-off rows cannot be seen. */
export async function verifyExport(path: string): Promise<Verification> {
  const walking = new Walking()
  let end: z.infer<typeof BundleEnd> | null = null
  let last: StoredRow | undefined
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (text === '') continue
    const line = parsed(text)
    const head = BundleEnd.safeParse(line)
    if (head.success) {
      end = head.data
      continue
    }
    const row = Line.safeParse(line)
    if (!row.success) throw notAnExport(path)
    last = toRow(row.data)
    walking.see(last)
  }
  if (!last && !end) throw notAnExport(path)
  const walk = walking.end()
  const key = end ? keyOf(end) : null
  const head = end ? { seq: end.seq, hash: end.hash, time: end.time, signature: end.signature } : undefined
  const found = judge(walk, head ? checkHead(head, last, key, null) : [], { head, anchor: null, key })
  const note = found.note?.replace(/^Not anchored: .*? all of it\./u, '').trim()
  return { ...found, note: [found.intact ? vouched(end, key) : '', note].filter(Boolean).join(' ') || null }
}

function vouched(end: AuditHead | null, key: KeyObject | null): string {
  if (!end) return 'This export holds no signed head: rows missing at its end cannot be seen. A bundle holds one.'
  if (!key || end.signature === null) return 'The head of this bundle is not signed.'
  return `Signed with the key ${end.publicKey}; compare it with the one that \`gatehouse audit head --json\` says.`
}

function toRow({ seq, time, event, prev, contentHash, hash }: z.infer<typeof Line>): StoredRow {
  const content = event === null || typeof event === 'string' ? event : JSON.stringify(event)
  return { seq, time, prev, content, content_hash: contentHash, hash }
}

function keyOf({ publicKey }: AuditHead): KeyObject | null {
  if (publicKey === null) return null
  try {
    return createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
  } catch {
    return null
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function notAnExport(path: string): HubError {
  return new HubError('audit/no-export', `${path} is not an export that can be verified.`, {
    hint: 'Export with --format bundle or jsonl; CSV is for spreadsheets.',
  })
}
