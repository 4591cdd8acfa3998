// An event as it is stored: without secrets, and no longer than a record needs to be.
import type { AuditEvent } from '../../contract/audit.ts'
import { canonical } from './chain.ts'
import type { Entry } from './worker-messages.ts'

const ARGUMENTS_BYTES = 8 * 1024
const TEXT_BYTES = 4 * 1024

/** Hashes and numbers of ours: they look like tokens and are none. */
const OURS = new Set(['sha256', 'correlation', 'kind', 'what'])

/** Whole characters, at most this many bytes, and a mark when some are missing. */
function cut(text: string, bytes: number): string {
  const all = Buffer.from(text)
  if (all.length <= bytes) return text
  return `${all
    .subarray(0, bytes - 3)
    .toString()
    .replace(/\uFFFD+$/, '')}…`
}

function clean(value: unknown, name: string, redact: (text: string) => string): unknown {
  if (typeof value === 'string')
    return OURS.has(name) ? value : cut(redact(value), name === 'text' ? ARGUMENTS_BYTES : TEXT_BYTES)
  if (Array.isArray(value)) return value.slice(0, 100).map(v => clean(v, name, redact))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, clean(v, key, redact)]))
}

export function toEntry(event: AuditEvent, redact: (text: string) => string): Entry {
  return { time: Date.now(), content: canonical(clean(event, '', redact) as AuditEvent) }
}
