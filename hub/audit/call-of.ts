// One call out of its rows: when it was decided, how long a person and the server took, how it ended.
import type { AuditCall, AuditRow } from '../../contract/audit.ts'
import { HubError } from '../error.ts'

/** `rows` newest first, as they are listed. */
export function callOf(correlation: string, rows: AuditRow[]): AuditCall {
  const ordered = rows.toReversed()
  const [first] = ordered
  if (!first) {
    throw new HubError('audit/no-call', 'The log holds no such call.', {
      hint: 'Its content may have been erased. `gatehouse audit list --kind call` shows what there is.',
    })
  }
  const last = (fits: (row: AuditRow) => boolean) => ordered.findLast(fits)
  const decided = last(row => row.event?.decision !== undefined)
  const ended = last(row => row.event?.outcome !== undefined)
  const asked = ordered.find(row => row.event?.what === 'approval/asked')
  const answered = last(row => row.event?.kind === 'approval' && row.event.what !== 'approval/asked')
  const end = answered ?? (asked && ended) ?? null
  return {
    correlation,
    rows: ordered,
    startedAt: first.time,
    decidedAt: answered?.time ?? decided?.time ?? null,
    endedAt: ended?.time ?? null,
    waitedMs: asked && end ? end.time - asked.time : null,
    tookMs: ended?.event?.durationMs ?? null,
    decision: decided?.event?.decision ?? null,
    outcome: ended?.event?.outcome ?? null,
  }
}
