// What a person sees of a call that waits: its arguments, and what differs from the last allowed call.
import { randomUUID } from 'node:crypto'
import type { Approval } from '../../contract/policy.ts'
import { answersFor } from './answer-rules.ts'
import { isObject } from './conditions.ts'
import { canonical, type Json, Num } from './json-value.ts'
import type { AllowedCall } from './last-allowed.ts'
import { identityOf, type Question } from './question.ts'

const MOST_SHOWN = 64 * 1024
const MOST_COMPARED = 2000

/** The call as windows get it: foreign words cut, secrets removed. */
export function shownCall(
  question: Question,
  about: { given: Json; last: AllowedCall | null; askedAt: number; until: number; redact: (text: string) => string },
): Approval {
  const { client, server, tool, risk, reasons, typed = null, description } = question
  const { given, last, askedAt, until, redact } = about
  return {
    id: randomUUID(),
    client: { ...client, says: client.says?.slice(0, 200) ?? null },
    server,
    tool,
    risk,
    reasons: [...reasons],
    typed,
    arguments: shownArguments(given, redact),
    compared: compared(topLevel(given), last?.values ?? null, redact),
    lastAllowedAt: last?.at ?? null,
    description: redact(description).slice(0, 10_000),
    ...answersFor({ ...identityOf(question), risk, arguments: given }, redact),
    askedAt,
    clientUntil: askedAt,
    until,
    state: { kind: 'waiting' },
  }
}

/** Pretty JSON with numbers as written, secrets removed, cut at 64 KB with a last line that says so. */
function shownArguments(given: Json, redact: (text: string) => string): string {
  const text = redact(pretty(given))
  if (text.length <= MOST_SHOWN) return text
  return `${text.slice(0, MOST_SHOWN - 100)}\n… cut here: ${text.length.toLocaleString('en')} characters in all`
}

function pretty(value: Json, indent = ''): string {
  if (value instanceof Num) return value.source
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const inner = `${indent}  `
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const lines = Array.isArray(value)
    ? value.map(one => pretty(one, inner))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${pretty(one, inner)}`)
  return lines.length === 0 ? `${open}${close}` : `${open}\n${inner}${lines.join(`,\n${inner}`)}\n${indent}${close}`
}

/** A call's top-level arguments as canonical JSON text, by name. */
export function topLevel(given: Json): Map<string, string> {
  if (!isObject(given)) return new Map()
  return new Map(Object.entries(given).map(([name, one]) => [name, canonical(one)]))
}

/** Each argument now and in the last allowed call (null: there was none). */
function compared(
  now: Map<string, string>,
  before: Map<string, string> | null,
  redact: (text: string) => string,
): Approval['compared'] {
  const cut = (text: string) => {
    const clean = redact(text)
    return clean.length > MOST_COMPARED ? `${clean.slice(0, MOST_COMPARED)}…` : clean
  }
  const names = [...new Set([...now.keys(), ...(before?.keys() ?? [])])].slice(0, 100)
  return names.map(name => {
    const [current, earlier] = [now.get(name), before?.get(name)]
    const changed = before !== null && current !== earlier
    return { name, now: cut(current ?? ''), before: earlier === undefined ? null : cut(earlier), changed }
  })
}
