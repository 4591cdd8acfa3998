// What a call says of itself before something is done: that the person wants it, or that it only asks what would be done.
import { z } from 'zod'

/** Without it the call is refused. `what`: `this pod deleted`. */
export function confirmed(what: string) {
  return z.literal(true, 'must be true: ask the person first').describe(`That the person wants ${what}`)
}

/** `means`: what a dry run does. */
export function dryRun(means: string, byDefault = false) {
  return z.boolean().default(byDefault).describe(`True: ${means}, and nothing is done`)
}
