// Moving over: the servers that stand in a client's own file, taken into Gatehouse, and given back.
import { z } from 'zod'
import { ClientRef, Preview, Written } from './clients.ts'
import { open, procedure } from './procedure.ts'
import { SecretName } from './secrets.ts'

/** A value in env, headers or the address; the value itself is never told. */
const Value = z.object({ where: z.enum(['env', 'headers', 'url']), name: z.string() })

export const ClientServer = z.object({
  name: z.string(),
  /** Command or address as one line, what may be secret as •••. */
  line: z.string(),
  /** What it would be called in Gatehouse. */
  as: z.string(),
  /** It is in Gatehouse already: the same command, by this name. */
  there: z.string().nullable(),
  /** Switched off in the client: it comes over switched off. */
  off: z.boolean(),
  values: z.array(
    Value.extend({
      isKey: z.boolean(),
      /** The name it would be kept under. */
      secret: z.string(),
      looksLike: z.string(),
      /** Why the vault does not take it, in words; it would stand in config.json as it is. */
      tooPlain: z.string().nullable(),
    }),
  ),
  /** What does not come along, in words. */
  notes: z.array(z.string()),
  /** Why it cannot be taken; null when it can. */
  cannot: z.string().nullable(),
})
export type ClientServer = z.infer<typeof ClientServer>

export const ClientServers = z.object({
  id: z.string(),
  path: z.string(),
  /** SHA-256 of the file's bytes; null when there is none. */
  before: z.string().nullable(),
  servers: z.array(ClientServer),
  /** Taken from there before, and not in the file now. `keys`: names of credentials that would be written into the file. */
  taken: z.array(z.object({ name: z.string(), keys: z.array(z.string()) })),
  /** Undoing the last write gives all that it took back, the file byte for byte as it was. */
  undoGives: z.array(z.string()),
})
export type ClientServers = z.infer<typeof ClientServers>

export const MovePreview = Preview.omit({ action: true })
export type MovePreview = z.infer<typeof MovePreview>

/** And what Gatehouse will hold: each server's definition as text, and the names of the credentials it is given. */
export const TakePreview = MovePreview.extend({
  holds: z.array(z.object({ name: z.string(), isThere: z.boolean(), text: z.string(), secrets: z.array(z.string()) })),
})
export type TakePreview = z.infer<typeof TakePreview>

export const Taken = Written.extend({
  /** By their names in Gatehouse; they wait for your agreement. */
  servers: z.array(z.object({ id: z.string(), name: z.string() })),
  /** Names of the credentials that were stored. */
  secrets: z.array(z.string()),
})
export type Taken = z.infer<typeof Taken>

const one = z.object({ id: ClientRef })
const some = one.extend({ names: z.array(z.string().max(200)).min(1).max(500) })
const before = z.string().nullish()
/** Which values go to the vault, and under which name; without it those that look like keys. */
const keys = z.array(Value.extend({ server: z.string(), secret: SecretName.optional() })).optional()

export const movesContract = {
  servers: open.input(one).output(ClientServers),
  /** Their entries out, ours in. */
  previewTake: open.input(some.extend({ keys })).output(TakePreview),
  /** They become servers that wait for agreement. */
  take: open.input(some.extend({ before, keys })).output(Taken),
  previewGiveBack: open.input(some).output(MovePreview),
  /** Their entries into the file again, with keys from the vault. */
  giveBack: procedure.input(some.extend({ before })).output(Written),
}
