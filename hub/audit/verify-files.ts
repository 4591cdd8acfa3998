// Is the log whole? Reads audit.db by itself, hub running or not, and names what was done to it.
import type { KeyObject } from 'node:crypto'
import type Database from 'better-sqlite3'
import { type AuditHead, Verification } from '../../contract/audit.ts'
import { type Head, isSignedBy, parseAnchor, rowHash, type StoredRow, toTime } from './chain.ts'
import { checkKept } from './kept-head.ts'
import {
  COLUMNS,
  checkSchema,
  isDamage,
  openForReading,
  readEnds,
  readHead,
  readRow,
  type StoredHead,
} from './log-file.ts'
import { type Range, rangesOf, shown, without } from './ranges.ts'
import { count, type Finding, MOST, type Walk, walkChain } from './walk-chain.ts'

type Db = Database.Database

/** What the keychain says about a log; both null without one. */
export interface Proofs {
  anchor: string | null
  publicKey: KeyObject | null
  /** A head that was kept elsewhere. */
  kept?: AuditHead | undefined
}

/** First half of the `what` of a row about a break found at opening; the kind follows. */
export const FOUND = 'audit/found-'
/** The row about rows that no key had signed when the log was opened. */
export const UNSIGNED = 'audit/unsigned-rows'
const KINDS = Verification.shape.problems.element.shape.kind.options

const at = (time: number) => new Date(toTime(time)).toISOString()

/** Does the end of the file fit its own head record and the anchor? Quick: reads three rows. */
export function checkEnds(db: Db, anchor: Head | null, publicKey: KeyObject | null): Finding[] {
  const ends = readEnds(db)
  const last = ends.last === null ? undefined : readRow(db, ends.last)
  const head = readHead(db)
  return [
    ...checkHead(head, last, publicKey, anchor),
    ...(anchor ? checkAnchor(db, anchor, head, ends, publicKey) : []),
  ]
}

/** Does the head fit the last row and its signature? */
export function checkHead(
  head: StoredHead | undefined,
  last: StoredRow | undefined,
  publicKey: KeyObject | null,
  anchor: Head | null,
): Finding[] {
  if (!head) return last ? [{ seq: last.seq, kind: 'signature', what: 'The head record is missing.' }] : []
  const found: Finding[] = []
  if (head.signature !== null && publicKey && !isSignedBy(head, head.signature, publicKey))
    found.push({
      seq: head.seq,
      kind: 'signature',
      what: `The head (row ${head.seq}) does not carry a right signature: it or its rows were not written by Gatehouse.`,
    })
  if (head.signature === null && publicKey && anchor)
    found.push({
      seq: head.seq,
      kind: 'signature',
      what: `The head (row ${head.seq}) is not signed: rows after ${anchor.seq} were written without a keychain, or by somebody else.`,
    })
  const end = last?.seq ?? 0
  if (head.seq > end)
    found.push({ seq: end + 1, kind: 'cut-off', what: `Rows ${end + 1} to ${head.seq} were cut off.` })
  else if (head.seq < end)
    found.push({
      seq: head.seq + 1,
      kind: 'inserted',
      what: `Rows ${head.seq + 1} to ${end} stand after the head: they were put in.`,
    })
  else if (last && head.hash !== last.hash)
    found.push({
      seq: end,
      kind: 'edited',
      what: `Row ${end} is not the one the head names: it or rows before it were rewritten.`,
    })
  return found
}

function checkAnchor(
  db: Db,
  anchor: Head,
  head: StoredHead | undefined,
  ends: { first: number | null; last: number | null },
  publicKey: KeyObject | null,
): Finding[] {
  const anchored = `row ${anchor.seq} of ${at(anchor.time)} is anchored in the keychain`
  if (ends.last === null || ends.first === null)
    return [{ seq: 1, kind: 'cut-off', what: `The log is empty, but ${anchored}.` }]
  if (anchor.seq > ends.last) {
    const whole =
      head?.seq === ends.last && head.signature !== null && (!publicKey || isSignedBy(head, head.signature, publicKey))
    return whole
      ? [
          {
            seq: ends.last + 1,
            kind: 'rolled-back',
            what: `This is an older log put back: it ends at row ${ends.last}, but ${anchored}.`,
          },
        ]
      : [
          {
            seq: ends.last + 1,
            kind: 'cut-off',
            what: `Rows ${ends.last + 1} to ${anchor.seq} were cut off: ${anchored}.`,
          },
        ]
  }
  const row = readRow(db, anchor.seq)
  const hash = row ? row.hash : anchor.seq === ends.first - 1 ? readRow(db, ends.first)?.prev : undefined
  if (hash === anchor.hash && (!row || rowHash(row) === row.hash)) return []
  if (hash === undefined)
    return [{ seq: anchor.seq, kind: 'removed', what: `Row ${anchor.seq} is missing, but ${anchored}.` }]
  return [
    {
      seq: anchor.seq,
      kind: 'edited',
      what: `Row ${anchor.seq} is not the one anchored: it or rows before it were rewritten.`,
    },
  ]
}

/** `audit/found-rolled-back` is the row a start of the hub writes about what it found. */
function foundKind(what: unknown): Finding['kind'] | null {
  const kind = typeof what === 'string' && what.startsWith(FOUND) ? what.slice(FOUND.length) : null
  return KINDS.find(k => k === kind) ?? null
}

/** Breaks that an earlier start of the hub found and wrote down stay findings until a person has acknowledged them. */
function recorded(walk: Walk): { found: Finding[]; acknowledged: Finding[] } {
  const found: Finding[] = []
  const acknowledged: Finding[] = []
  const told: Range[] = []
  let beganAgain: number | null = null
  for (const { seq, event } of walk.records) {
    const detail = typeof event.detail === 'string' ? event.detail : ''
    if (event.what === 'audit/began-again') {
      beganAgain = seq
      found.push({ seq, kind: 'cut-off', what: `The log begins again at row ${seq}. ${detail}` })
    }
    const kind = foundKind(event.what)
    if (kind) found.push({ seq, kind, what: `${detail} (Found when the log was opened; row ${seq} tells.)` })
    if (event.what === 'audit/acknowledged') acknowledged.push(...found.splice(0))
    if (event.kind === 'erased') told.push(...rangesOf(event.rows, seq))
  }
  for (const { from, to } of without(walk.erased, told).slice(0, MOST))
    found.push({
      seq: from,
      kind: 'edited',
      what: `${from === to ? `Row ${from} has lost its` : `Rows ${from} to ${to} have lost their`} content, and no row tells of it.`,
    })
  const first = walk.first
  if (first && first.seq !== 1 && beganAgain !== first.seq)
    found.push({ seq: 1, kind: 'removed', what: `Rows 1 to ${first.seq - 1} are missing.` })
  return { found, acknowledged }
}

function noteOn(walk: Walk, acknowledged: Finding[], settled: boolean): string | null {
  const notes = settled
    ? []
    : ['Not anchored: no keychain vouches for this log, so who can write its file could have rewritten all of it.']
  for (const { event } of walk.records) if (event.what === UNSIGNED) notes.push(String(event.detail))
  const erased = count(walk.erased)
  if (erased > 0)
    notes.push(
      `The content of ${erased} ${erased === 1 ? 'row was' : 'rows were'} erased (${shown(walk.erased)}); the chain holds.`,
    )
  for (const { what } of acknowledged) notes.push(`Acknowledged: ${what}`)
  return notes.length > 0 ? notes.join(' ') : null
}

/** The head and the anchor may tell of the same break; the last word says most. */
function once(findings: Finding[]): Finding[] {
  return findings.filter(
    (one, at) => !findings.slice(at + 1).some(other => other.seq === one.seq && other.kind === one.kind),
  )
}

function nothing(problem: Finding | null, note: string | null): Verification {
  return {
    rows: 0,
    intact: !problem,
    anchored: false,
    signedUntil: null,
    erased: 0,
    problems: problem ? [problem] : [],
    note,
  }
}

/** All that was found, as told. */
export function judge(
  walk: Walk,
  ends: Finding[],
  { head, anchor, key }: { head: StoredHead | undefined; anchor: Head | null; key: KeyObject | null },
): Verification {
  const { found, acknowledged } = recorded(walk)
  const problems = once([...walk.findings, ...found, ...ends])
  const intact = problems.length === 0
  const anchored = anchor !== null && intact
  const isSigned = head && head.signature !== null && key && isSignedBy(head, head.signature, key)
  return {
    rows: walk.rows,
    intact,
    anchored,
    signedUntil: isSigned && intact ? head.seq : null,
    erased: count(walk.erased),
    problems,
    note: noteOn(walk, acknowledged, anchored || !intact),
  }
}

const PAGE = 1000
const FIRST_PAGE = 20
const PAGE_CHARACTERS = 4_000_000

/** A page at once costs less than half of row by row; of long rows fewer are held at once. */
function* inPages(db: Db): Generator<StoredRow> {
  const read = db.prepare<[number, number], StoredRow>(
    `SELECT ${COLUMNS} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`,
  )
  let most = FIRST_PAGE
  for (let after = Number.MIN_SAFE_INTEGER; ; ) {
    const page = read.all(after, most)
    yield* page
    const last = page.at(-1)?.seq ?? after
    // Numbers past 2^53 come rounded: whoever wrote such is found by the gap before them, and this ends.
    if (page.length < most || last <= after) return
    after = last
    const characters = page.reduce((sum, { content }) => sum + (content?.length ?? 0), 1)
    most = Math.max(1, Math.min(PAGE, Math.floor((most * PAGE_CHARACTERS) / characters)))
  }
}

function checkElsewhere(db: Db, { first, last }: Walk, { kept, publicKey }: Proofs): Finding[] {
  if (!kept) return []
  const row = readRow(db, kept.seq)
  const hash = row?.hash ?? (first && first.seq === kept.seq + 1 ? first.prev : undefined)
  const signer = publicKey ? publicKey.export({ type: 'spki', format: 'der' }).toString('base64') : null
  return checkKept(kept, { last: last?.seq ?? 0, hash, publicKey: signer })
}

/** Reads the whole log in one snapshot. Give the anchor as it was before this call: the file may only be newer. */
export function verifyFiles(folder: string, proofs: Proofs): Verification {
  const anchor = parseAnchor(proofs.anchor)
  let db: Db | null = null
  try {
    db = openForReading(folder)
    if (!db)
      return anchor
        ? nothing(
            {
              seq: 1,
              kind: 'removed',
              what: `There is no log in audit.db, but row ${anchor.seq} of ${at(anchor.time)} is anchored in the keychain.`,
            },
            null,
          )
        : nothing(
            (proofs.kept && checkKept(proofs.kept, { last: 0, hash: undefined, publicKey: null })[0]) ?? null,
            'There is no log yet.',
          )
    db.exec('BEGIN')
    checkSchema(db)
    const walk = walkChain(inPages(db))
    const ends = [...checkEnds(db, anchor, proofs.publicKey), ...checkElsewhere(db, walk, proofs)]
    return judge(walk, ends, { head: readHead(db), anchor, key: proofs.publicKey })
  } catch (error) {
    if (!isDamage(error)) throw error
    return nothing(
      { seq: null, kind: 'unreadable', what: `audit.db cannot be read: ${(error as Error).message}.` },
      null,
    )
  } finally {
    db?.close()
  }
}
