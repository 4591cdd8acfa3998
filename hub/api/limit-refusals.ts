// Keeps whoever knocks without a key from filling the log: so many refusals a minute are recorded, then one row says that there were more.
import type { AuditEvent } from '../../contract/audit.ts'
import type { Audit } from '../audit/audit.ts'

type Records = Pick<Audit, 'append'>

const MOST_PER_MINUTE = 200
const MINUTE_MS = 60_000

export function limitRefusals(audit: Records, now: () => number = () => performance.now()): Records {
  let since = Number.NEGATIVE_INFINITY
  let count = 0
  return {
    append(event: AuditEvent, options: { durable: boolean }): Promise<void> {
      if (event.kind !== 'refused') return audit.append(event, options)
      if (now() - since >= MINUTE_MS) [since, count] = [now(), 0]
      count++
      if (count <= MOST_PER_MINUTE) return audit.append(event, options)
      if (count > MOST_PER_MINUTE + 1) return Promise.resolve()
      const detail = `More than ${MOST_PER_MINUTE} attempts in a minute; the rest of this minute’s are not listed.`
      return audit.append({ kind: 'refused', what: 'refused/flood', detail }, options)
    },
  }
}
