// Answers for the log: read, searched, verified, exported; what is erased from it, and how long it is kept.
import type { AuditRow } from '../../contract/audit.ts'
import { HubError } from '../error.ts'
import type { GuardedContract } from './caller.ts'
import type { Parts } from './router.ts'
import { Batches, ended } from './stream.ts'

export function answerAudit(api: GuardedContract, parts: Pick<Parts, 'announcer' | 'audit'>) {
  const { announcer, audit } = parts
  return api.audit.router({
    list: api.audit.list.handler(({ input }) => audit.list(input)),
    call: api.audit.call.handler(() => later('Reading one call')),
    verify: api.audit.verify.handler(() => audit.verify()),
    head: api.audit.head.handler(() => audit.head()),
    tail: api.audit.tail.handler(({ context, signal }) => tail(ended(context.gone, signal))),
    export: api.audit.export.handler(() => later('Exporting')),
    erase: api.audit.erase.handler(() => later('Erasing')),
    retention: api.audit.retention.handler(() => later('Retention')),
    setRetention: api.audit.setRetention.handler(() => later('Retention')),
    acknowledge: api.audit.acknowledge.handler(() => later('Acknowledging')),
  })

  async function* tail(signal: AbortSignal): AsyncGenerator<AuditRow[], void> {
    const rows = new Batches<AuditRow>(2_000)
    const push = (some: AuditRow[]) => rows.push(...some)
    announcer.on('audit/appended', push)
    try {
      yield* rows.read(signal)
    } finally {
      announcer.off('audit/appended', push)
    }
  }
}

function later(what: string): never {
  throw new HubError('audit/not-yet', `${what} cannot be done yet.`)
}
