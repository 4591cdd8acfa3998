// An event as it is stored: without secrets, and no longer than a record needs to be.
import type { AuditEvent } from '../../contract/audit.ts'
import { canonical } from './chain.ts'
import type { Entry } from './worker-messages.ts'

const ARGUMENTS_BYTES = 8 * 1024
const TEXT_BYTES = 4 * 1024

/** Whole characters, at most this many bytes, and a mark when some are missing. */
function cut(text: string, bytes: number): string {
  // No character takes more than three bytes of UTF-8 for each of its UTF-16 units.
  if (text.length * 3 <= bytes) return text
  const all = Buffer.from(text)
  if (all.length <= bytes) return text
  return `${all
    .subarray(0, bytes - 3)
    .toString()
    .replace(/\uFFFD+$/, '')}…`
}

export function toEntry(event: AuditEvent, redact: (text: string) => string, time = Date.now()): Entry {
  const isClean = !holdsSecret(event, redact)
  const clean = (text: string, isLong = false) =>
    cut(isClean && !isLong ? text : redact(text), isLong ? ARGUMENTS_BYTES : TEXT_BYTES)
  return { time, content: canonical(event, clean) }
}

/** All short texts are gone over at once: what stands in one of them stands in what they are joined to. */
function holdsSecret({ client, server, tool, by, detail, decision }: AuditEvent, redact: (text: string) => string) {
  const { effect, risk, rule, ruleText, reasons = [] } = decision ?? {}
  const joined = [client, server, tool, by, detail, effect, risk, rule, ruleText, ...reasons].join('\n')
  return redact(joined) !== joined
}
