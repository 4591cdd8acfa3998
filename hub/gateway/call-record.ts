// A call as the log keeps it: who, what, how it was decided, and how it went.
import { hash } from 'node:crypto'
import type { AuditEvent } from '../../contract/audit.ts'
import type { Decision } from '../../contract/policy.ts'
import { memberAt, members } from '../../contract/wire.ts'
import type { Call } from './call.ts'
import { redactedHead } from './redacted-head.ts'

const ARGUMENTS_KEPT = 8_192
const ARGUMENTS_LONG = 100_000

export interface Row extends Pick<AuditEvent, 'outcome' | 'detail'> {
  kind?: AuditEvent['kind']
  what: string
  by: string
  decision: Decision
}

export function whoOf(call: Call): Pick<AuditEvent, 'correlation' | 'client' | 'server' | 'tool'> {
  return { correlation: call.correlation, client: call.client.id, server: call.server.id, tool: call.tool }
}

export function eventOf(call: Call, row: Row, redact: (text: string) => string): AuditEvent {
  const { decision, kind = 'call', what, by, outcome, detail } = row
  const { effect, risk, reasons, rule } = decision
  const text = call.argumentsText
  return {
    kind,
    what,
    ...whoOf(call),
    by,
    arguments: {
      // The log takes secrets out and cuts; only what is very long is cut here, off its way.
      text: text.length > ARGUMENTS_LONG ? redactedHead(text, ARGUMENTS_KEPT, redact) : text,
      bytes: Buffer.byteLength(text),
      sha256: hash('sha256', text),
    },
    decision: { effect, risk, rule: rule?.id ?? null, ruleText: rule?.text ?? null, reasons },
    ...(outcome ? { outcome } : {}),
    ...(detail ? { detail } : {}),
  }
}

/** How the server said it went. */
export function outcomeOf(answer: string): 'ok' | 'tool-error' | 'error' {
  // An answer may be long: one that nowhere says error, written plainly or with escapes, is not gone over.
  if (!answer.includes('rror"') && !answer.includes('\\u') && answer.includes('"result"')) return 'ok'
  const result = members(answer).findLast(m => m.key === 'result')
  if (!result) return 'error'
  const isError = memberAt(answer, ['isError'], result.start)
  return isError && answer.slice(isError.start, isError.end) === 'true' ? 'tool-error' : 'ok'
}
