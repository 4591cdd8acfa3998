// A head as `audit head --json` said it, kept where whoever writes this machine's disk and keychain cannot: does the log bear it out?
import { readFileSync } from 'node:fs'
import { AuditHead } from '../../contract/audit.ts'
import { HubError } from '../error.ts'
import { toTime } from './chain.ts'
import type { Finding } from './walk-chain.ts'

export function readKeptHead(path: string): AuditHead {
  try {
    return AuditHead.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new HubError('audit/no-head', `${path} holds no head of an audit log.`, {
      hint: 'Make one with `gatehouse audit head --json`, and keep it on another machine.',
      cause,
    })
  }
}

/** What the log says where the kept head stands. `hash`: of that row; `publicKey`: who signed the log, where that is known. */
export interface Beside {
  last: number
  hash: string | undefined
  publicKey: string | null
}

export function checkKept(kept: AuditHead, { last, hash, publicKey }: Beside): Finding[] {
  const found: Finding[] = []
  const named = `the head kept elsewhere names row ${kept.seq} of ${new Date(toTime(kept.time)).toISOString()}`
  if (kept.publicKey !== null && publicKey !== null && kept.publicKey !== publicKey)
    found.push({ seq: null, kind: 'signature', what: 'It is signed with another key than the head kept elsewhere.' })
  if (kept.seq === 0 || hash === kept.hash) return found
  if (last < kept.seq)
    found.push({
      seq: last + 1,
      kind: 'rolled-back',
      what: `It ends at row ${last}, but ${named}: an older log was put back, or its end was cut off.`,
    })
  else if (hash === undefined)
    found.push({ seq: kept.seq, kind: 'removed', what: `Row ${kept.seq} is missing, but ${named}.` })
  else
    found.push({
      seq: kept.seq,
      kind: 'edited',
      what: `Row ${kept.seq} is not the one kept elsewhere: it or rows before it were rewritten.`,
    })
  return found
}
