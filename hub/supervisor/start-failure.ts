// What a failed start or an unexpected end means: the server is down for a reason, or it is blocked by a credential.
import { existsSync } from 'node:fs'
import type { Because } from '../../contract/servers.ts'
import { HubError } from '../error.ts'
import type { Ending } from './connection.ts'
import { diagnose, isHopeless } from './diagnosis.ts'
import type { Logs } from './logs.ts'
import type { ServerDefinition } from './needs.ts'
import type { Session } from './session.ts'
import type { Patience, Timing } from './timing.ts'
import { patienceFor } from './timing.ts'

export type StartFailure = { kind: 'blocked'; what: string } | { kind: 'down'; because: Because; hopeless: boolean }

export interface KnownThen {
  definition: ServerDefinition
  timing: Timing
  /** Null once it had come up. */
  patience: Patience | null
  session: Session | undefined
  logs: Logs
  /** When this life began; epoch ms. */
  since: number
  redact(text: string): string
}

/** A definition that cannot be resolved stays so until somebody changes something. */
const HOPELESS = [
  'server/env-missing',
  'server/secret-in-argv',
  'server/version',
  'server/bad-url',
  'server/unauthorized',
]

export async function failureOf(error: unknown, known: KnownThen): Promise<StartFailure> {
  const code = error instanceof HubError ? error.code : ''
  if (code.startsWith('vault/')) return { kind: 'blocked', what: known.redact((error as HubError).message) }
  const { definition, session, patience, logs, since } = known
  const { name, launch } = definition
  const ending = await endingOf(error, known)
  const because = diagnose({
    name,
    launch,
    ending,
    stderr: logs.stderrSince(since),
    wasRunning: patience === null,
    cwdExists: launch.cwd === undefined || launch.cwd.includes('${') || existsSync(launch.cwd),
  })
  // A server's own error text may repeat what it was given.
  because.what = known.redact(because.what)
  const hint = error instanceof HubError ? error.hint : undefined
  const hopeless = (session === undefined && isHopeless(ending)) || HOPELESS.includes(code)
  return { kind: 'down', because: hint && code !== 'server/gone' ? { ...because, hint } : because, hopeless }
}

async function endingOf(error: unknown, { session, patience, timing, definition }: KnownThen): Promise<Ending> {
  // It ended by itself: how is known better than by the requests that were lost.
  if (error instanceof HubError && error.code === 'server/gone' && session) return session.connection.ended
  const none = { exitCode: null, signal: null }
  if (patience?.signal.aborted) {
    const seconds = Math.round(patienceFor(definition.launch.command, timing) / 1_000)
    return { ...none, error: new Error(`it gave no answer and no sign of life for ${seconds} s.`) }
  }
  return { ...none, error: error instanceof Error ? error : new Error(String(error)) }
}
