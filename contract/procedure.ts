// Every procedure says which kinds of connection may call it; the router refuses the rest.
import { oc } from '@orpc/contract'
import { z } from 'zod'

/** What a connection is, fixed at its first frame. */
export const Role = z.enum(['bridge', 'cli', 'window'])
export type Role = z.infer<typeof Role>

/** What went wrong, for people: what failed, on what, and what to do next. Travels as the `data` of an oRPC error. */
export const Problem = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() })
export type Problem = z.infer<typeof Problem>

/** The start of every procedure: for windows only, unless it says otherwise. */
export const procedure = oc.$meta<{ from: Role[] }>({ from: ['window'] })

/** For reading, starting and tightening: the command line may too. */
export const open = procedure.meta({ from: ['cli', 'window'] })
