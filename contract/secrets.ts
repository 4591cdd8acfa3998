// Credentials by name: set and replaced, never read back.
import { z } from 'zod'
import { open, procedure } from './procedure.ts'
import type { ServerState } from './servers.ts'

export const SecretName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/, 'Letters, digits, _ . - and not first a digit')

export const Secret = z.object({
  name: z.string(),
  /** `missing`: named by a server, not stored. */
  status: z.enum(['stored', 'missing', 'locked']),
  /** What it looks like, without the value: "40 characters", or null. */
  looksLike: z.string().nullable(),
  setAt: z.number().nullable(),
  usedAt: z.number().nullable(),
  usedBy: z.array(z.object({ server: z.string(), name: z.string(), granted: z.boolean() })),
})
export type Secret = z.infer<typeof Secret>

/** `running`: what still has the value from before; `restarting`: it is started anew with this one. */
const SavedSecret = Secret.extend({
  running: z.array(z.object({ server: z.string(), name: z.string() })),
  restarting: z.boolean(),
})

/** A server gets its credentials at its start. One that gave up may have done so for want of a good one. */
export function runsWithOldValue(state: ServerState): boolean {
  return state.kind === 'running' || state.kind === 'starting' || state.kind === 'crash-looping'
}

/** Where secrets are kept, now: the keychain, or the encrypted file with a passphrase. */
export const VaultStatus = z.object({
  kind: z.enum(['open', 'waiting', 'locked', 'missing', 'denied']),
  store: z.string(),
  what: z.string(),
  hint: z.string().nullable(),
  /** The encrypted file, where one is in use. */
  file: z.enum(['locked', 'open']).optional(),
})
export type VaultStatus = z.infer<typeof VaultStatus>

const Passphrase = z.string().min(1).max(1_000)

export const secretsContract = {
  list: open.output(z.array(Secret)),
  /** From the command line only for a name that is new. `restart`: the running servers that use it. */
  set: open
    .input(z.object({ name: SecretName, value: z.string().min(1).max(100_000), restart: z.boolean().optional() }))
    .output(SavedSecret),
  remove: open.input(z.object({ name: SecretName })).output(z.object({ removed: z.string() })),
  grant: procedure.input(z.object({ name: SecretName, server: z.string() })).output(Secret),
  /** Tries the keychain now: who refused it once is not asked again by itself. */
  retry: procedure.output(VaultStatus),
  /** Whoever knows the passphrase of the encrypted file may open it. */
  unlock: open.input(z.object({ passphrase: Passphrase })).output(VaultStatus),
  /** For windows alone: who makes the file has its keys, and could forge what a person agreed to. */
  createFile: procedure.input(z.object({ passphrase: Passphrase })).output(VaultStatus),
  changePassphrase: procedure.input(z.object({ before: Passphrase, after: Passphrase })).output(VaultStatus),
  moveToKeychain: procedure.output(VaultStatus),
}
