// What the supervisor needs of the parts below it, and no more.
import type { AuditEvent } from '../../contract/audit.ts'
import type { Launch } from '../../contract/servers.ts'
import type { Environment } from './login-environment.ts'
import type { Wait } from './next-state.ts'

export interface ServerDefinition {
  id: string
  name: string
  slug: string
  launch: Launch
  startup: 'eager' | 'lazy'
  idleStopMinutes: number
  instance: 'shared' | 'per-client'
  /** Of the launch: another digest is another program. */
  digest: string
}

export type Standing = { may: 'start' } | ({ may: 'wait' } & Wait) | { may: 'no'; what: string }

export interface Definitions {
  list(): readonly ServerDefinition[]
  find(idOrName: string): ServerDefinition
  standing(id: string): Standing
}

export interface Secrets {
  read(name: string): Promise<string>
  redactor: { redact(text: string): string }
}

export interface Records {
  append(event: AuditEvent, options: { durable: boolean }): Promise<void>
}

/** Where references are looked up at a start. */
export interface Sources {
  environment: Environment
  home: string
  /** Gatehouse's data folder: bundled servers never enter it. */
  data: string
  secret(name: string): Promise<string>
}
