// Is an exported log whole? Reads a JSONL or bundle file anywhere; no hub, no folder and no keychain is needed.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { z } from 'zod'
import type { AuditHead, Verification } from '../../contract/audit.ts'
import { HubError } from '../error.ts'
import type { StoredRow } from './chain.ts'
import { BundleEnd, bundleEnd, jsonLine } from './export.ts'
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
    const { head, row, isExact } = read(text)
    if (head && isExact && !end) {
      end = head
      continue
    }
    if (!row) {
      if (!last && !head) throw notAnExport(path)
      unread.push({
        seq: null,
        kind: 'unreadable',
        what: `The line after row ${last?.seq ?? 0} is none that Gatehouse wrote.`,
      })
      continue
    }
    last = row
    if (!isExact)
      unread.push({
        seq: last.seq,
        kind: 'edited',
        what: `The line of row ${last.seq} says more than the row, or says it otherwise than Gatehouse wrote it.`,
      })
    if (last.seq === kept?.seq) keptHash = last.hash
    walking.see(last)
  }
  if (!last && !end) throw notAnExport(path)
  const walk = walking.end()
  const publicKey = end?.publicKey ?? kept?.publicKey ?? null
  const key = keyOf(publicKey)
  const head = end ? { seq: end.seq, hash: end.hash, time: end.time, signature: end.signature } : undefined
  const beside = { last: last?.seq ?? 0, hash: keptHash, publicKey: end?.publicKey ?? null }
  const ends = [
    ...unread.slice(0, MOST),
    ...(publicKey && !key ? [NO_KEY] : []),
    ...(head ? checkHead(head, last, key, null) : []),
    ...(kept ? checkKept(kept, beside) : []),
  ]
  const found = judge(walk, ends, {
    head,
    anchor: null,
    key,
  })
  const note = found.note?.replace(/^Not anchored: .*? all of it\./u, '').trim()
  return {
    ...found,
    note: [found.intact ? vouched(end, key && publicKey) : '', note].filter(Boolean).join(' ') || null,
  }
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

const NO_KEY: Finding = {
  seq: null,
  kind: 'signature',
  what: 'What it names as the key of its signature is no key that Gatehouse signs with.',
}

function vouched(end: AuditHead | null, key: string | null): string {
  if (!end) return 'This export holds no signed head: rows missing at its end cannot be seen. A bundle holds one.'
  if (!key || end.signature === null) return 'The head of this bundle is not signed.'
  return `Signed with the key ${key}; compare it with the one that \`gatehouse audit head --json\` says.`
}

/** One line. `isExact`: it says what it says as Gatehouse would, so that no other reader takes it otherwise. */
function read(text: string): { head?: z.infer<typeof BundleEnd>; row?: StoredRow; isExact: boolean } {
  try {
    const line: unknown = JSON.parse(text)
    const head = BundleEnd.safeParse(line).data
    if (head) return { head, isExact: bundleEnd(head) === text }
    const row = toRow(Line.parse(line))
    return { row, isExact: jsonLine(row) === text }
  } catch {
    // No JSON, none of ours, or nested so deep that walking it runs out of stack.
    return { isExact: false }
  }
}

function toRow({ seq, time, event, prev, contentHash, hash }: z.infer<typeof Line>): StoredRow {
  const content = event === null || typeof event === 'string' ? event : JSON.stringify(event)
  return { seq, time, prev, content, content_hash: contentHash, hash }
}

function keyOf(publicKey: string | null): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey ?? '', 'base64'), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'ed25519' ? key : null
  } catch {
    return null
  }
}

function notAnExport(path: string): HubError {
  return new HubError('audit/no-export', `${path} is not an export that can be verified.`, {
    hint: 'Export with --format bundle or jsonl; CSV is for spreadsheets.',
  })
}
