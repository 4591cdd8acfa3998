// Direct mode: chosen servers written into a client's own file, where it starts them without the gateway.
import { z } from 'zod'
import { MovePreview } from './client-move.ts'
import { ClientRef, Written } from './clients.ts'
import { open, procedure } from './procedure.ts'
import { ServerId } from './servers.ts'

export const DirectPreview = MovePreview.extend({
  /** What is lost without the gateway, in words. */
  losses: z.array(z.string()),
  /** Names of credentials whose values would stand in the file in plain text. */
  plain: z.array(z.string()),
})
export type DirectPreview = z.infer<typeof DirectPreview>

const one = z.object({ id: ClientRef })
const some = one.extend({ servers: z.array(ServerId).min(1).max(100) })
const before = z.string().nullish()

export const directContract = {
  preview: open.input(some).output(DirectPreview),
  /** `plain`: the person said yes to values of credentials in plain text. */
  write: procedure.input(some.extend({ before, plain: z.boolean().default(false) })).output(Written),
  previewTakeBack: open.input(one).output(MovePreview),
  /** All of them out again. */
  takeBack: open.input(one.extend({ before })).output(Written),
}
