// What a server's own actor and those of its clients' children share: the same secrets, checks, records, sentry and ledger.
import { homedir } from 'node:os'
import type { AuditEvent } from '../../contract/audit.ts'
import { connect } from './connect.ts'
import type { Environment } from './login-environment.ts'
import type { Logs } from './logs.ts'
import type { Definitions, Records, Secrets } from './needs.ts'
import type { Runs } from './runs.ts'
import type { ActorParts } from './server-actor.ts'
import type { Timing } from './timing.ts'

export interface House {
  registry: Definitions
  vault: Secrets
  audit: Records
  folder: string
  timing: Timing
  environment: Promise<Environment>
  runs: Runs
}

/** `client`: whose child it is, when it is one client's alone. */
export function sharedParts(house: House, id: string, logs: Logs, client?: string) {
  const { registry, vault, audit, folder, timing, environment, runs } = house
  const redact = (text: string) => vault.redactor.redact(text)
  const append = (event: AuditEvent) => audit.append(event, { durable: false })
  const readSecret = async (name: string) => {
    const value = await vault.read(name)
    await append({ kind: 'secret', what: 'secret/used', server: id, by: 'gatehouse', detail: name })
    return value
  }
  return {
    timing,
    logs,
    redact,
    record: event =>
      // A log that cannot be written must not keep a server from being stopped.
      void append({ kind: 'server', server: id, by: 'gatehouse', ...(client ? { client } : {}), ...event }).catch(
        () => {},
      ),
    standing: () => registry.standing(id),
    connect: async (current, events, signal) =>
      connect(current, events, signal, {
        sources: { environment: await environment, home: homedir(), data: folder, secret: readSecret },
        keeper: runs.keeper(current),
        redact,
      }),
  } satisfies Partial<ActorParts>
}
