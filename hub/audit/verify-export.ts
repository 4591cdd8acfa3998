// Is an exported log whole? Reads a JSONL or bundle file anywhere; no hub, no folder and no keychain is needed.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { z } from 'zod'
import type { AuditHead, Verification } from '../../contract/audit.ts'
import { HubError } from '../error.ts'
import type { StoredRow } from './chain.ts'
import { BundleEnd } from './export.ts'
import { checkKept } from './kept-head.ts'
import { checkHead, judge } from './verify-files.ts'
import { type Finding, MOST, Walking } from './walk-chain.ts'

const Line = z.object({
  seq: z.number(),
  time: z.number(),
  event: z.json(),
  prev: z.string(),
  contentHash: z.string(),
  hash: z.string(),
})

const LONGEST_LINE = 16_000_000

/** Without a bundle's end nothing vouches for the last rows: that is said, and cut-off rows cannot be seen. */
export async function verifyExport(path: string, kept?: AuditHead): Promise<Verification> {
  const walking = new Walking()
  let end: z.infer<typeof BundleEnd> | null = null
  let last: StoredRow | undefined
  const unread: Finding[] = []
  let keptHash: string | undefined
  for await (const text of lines(path)) {
    if (text === '') continue
    const line = parsed(text)
    const head = BundleEnd.safeParse(line)
    if (head.success) {
      end = head.data
      continue
    }
    const row = Line.safeParse(line)
    if (!row.success) {
      if (!last) throw notAnExport(path)
      unread.push({
        seq: null,
        kind: 'unreadable',
        what: `The line after row ${last.seq} is none that Gatehouse wrote.`,
      })
      continue
    }
    last = toRow(row.data)
    if (last.seq === kept?.seq) keptHash = last.hash
    walking.see(last)
  }
  if (!last && !end) throw notAnExport(path)
  const walk = walking.end()
  const key = end ? keyOf(end) : null
  const head = end ? { seq: end.seq, hash: end.hash, time: end.time, signature: end.signature } : undefined
  const beside = { last: last?.seq ?? 0, hash: keptHash, publicKey: end?.publicKey ?? null }
  const ends = [
    ...unread.slice(0, MOST),
    ...(head ? checkHead(head, last, key, null) : []),
    ...(kept ? checkKept(kept, beside) : []),
  ]
  const found = judge(walk, ends, {
    head,
    anchor: null,
    key,
  })
  const note = found.note?.replace(/^Not anchored: .*? all of it\./u, '').trim()
  return { ...found, note: [found.intact ? vouched(end, key) : '', note].filter(Boolean).join(' ') || null }
}

/** By line feeds alone: in JSON text U+2028 stands as itself, and readline would break a line there. */
async function* lines(path: string): AsyncGenerator<string> {
  let rest = ''
  const unreadable = (cause: Error) => {
    throw new HubError('audit/no-export', `${path} cannot be read: ${cause.message}.`, { cause })
  }
  await access(path).catch(unreadable)
  for await (const chunk of createReadStream(path, 'utf8')) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    if (rest.length > LONGEST_LINE) throw notAnExport(path)
    yield* parts.map(part => part.replace(/\r$/, ''))
  }
  yield rest
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
