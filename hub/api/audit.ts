// Answers for the log: read, searched, verified, exported; what is erased from it, and how long it is kept.
import type { AuditRow } from '../../contract/audit.ts'
import { type GuardedContract, nameOf } from './caller.ts'
import { loosen } from './loosen.ts'
import type { Parts } from './router.ts'
import { Batches, ended } from './stream.ts'

export function answerAudit(api: GuardedContract, parts: Parts) {
  const { announcer, audit, keeping } = parts
  return api.audit.router({
    list: api.audit.list.handler(({ input }) => audit.list(input)),
    call: api.audit.call.handler(({ input }) => audit.call(input.correlation)),
    verify: api.audit.verify.handler(() => audit.verify()),
    head: api.audit.head.handler(() => audit.head()),
    tail: api.audit.tail.handler(({ context, signal }) => tail(ended(context.gone, signal))),
    export: api.audit.export.handler(({ input, context, signal }) =>
      audit.export(input.format, ended(context.gone, signal)),
    ),
    erase: api.audit.erase.handler(({ input, context }) => loosen(parts, context.caller, { kind: 'erase', ...input })),
    retention: api.audit.retention.handler(() => keeping.state()),
    setRetention: api.audit.setRetention.handler(({ input, context }) =>
      loosen(parts, context.caller, { kind: 'retention', to: input }),
    ),
    acknowledge: api.audit.acknowledge.handler(async ({ context }) => ({
      row: await audit.acknowledge(nameOf(context.caller)),
    })),
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
