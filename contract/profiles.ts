// What each AI client is shown of the servers, what that costs it, and what it does not use.
import { z } from 'zod'
import { open } from './procedure.ts'

/** A whole server, or one of its tools. By id or name; a tool by its server's name for it or the one clients see. */
export const ProfileRef = z.object({ server: z.string().min(1).max(100), tool: z.string().max(2000).optional() })
export type ProfileRef = z.infer<typeof ProfileRef>

/**
 * Why a client is not shown a tool: its profile hides the `server` or the `tool`, it is beyond what the client takes
 * (`limit`), nobody has looked at it yet (`held`), or its server cannot be called now (`off`).
 */
export const WhyNotShown = z.enum(['server', 'tool', 'limit', 'held', 'off'])
export type WhyNotShown = z.infer<typeof WhyNotShown>

export const ProfileTool = z.object({
  name: z.string(),
  exposedAs: z.string(),
  /** Estimated: counted with a tokenizer that is not the client's own. */
  tokens: z.number(),
  why: WhyNotShown.nullable(),
  /** Not called by this client for `unused.days`, as the log proves. */
  unused: z.boolean(),
})
export type ProfileTool = z.infer<typeof ProfileTool>

export const ProfileServer = z.object({
  id: z.string(),
  name: z.string(),
  hidden: z.boolean(),
  /** Of what is shown now. */
  tokens: z.number(),
  tools: z.array(ProfileTool),
})
export type ProfileServer = z.infer<typeof ProfileServer>

/** `leftOut`: beyond what the client takes. */
export const ProfileSum = z.object({ tools: z.number(), tokens: z.number(), leftOut: z.number() })
export type ProfileSum = z.infer<typeof ProfileSum>

export const Profile = z.object({
  client: z.string(),
  name: z.string(),
  servers: z.array(ProfileServer),
  shown: ProfileSum,
  /** Were nothing hidden. */
  everything: ProfileSum,
  unused: z.object({
    days: z.number(),
    /** Could be told apart; else `words` say why not. */
    isKnown: z.boolean(),
    tools: z.number(),
    tokens: z.number(),
    /** What would be shown without them. */
    after: ProfileSum,
    words: z.string(),
  }),
  /** What the client itself takes, and what that makes of its list; null where it takes all. */
  limit: z.string().nullable(),
})
export type Profile = z.infer<typeof Profile>

/** `hidden`: tools that its profile hides. `isCounted`: false while the tokens are a guess by length. */
export const ProfileSummary = ProfileSum.extend({ client: z.string(), hidden: z.number(), isCounted: z.boolean() })
export type ProfileSummary = z.infer<typeof ProfileSummary>

const refs = z.array(ProfileRef).max(20_000).default([])

/** `undo`: the change that takes this one back. */
export const ProfileChanged = z.object({
  applied: z.boolean(),
  proposal: z.string().nullable(),
  before: ProfileSum,
  after: ProfileSum,
  undo: z.object({ hide: z.array(ProfileRef), show: z.array(ProfileRef) }),
})
export type ProfileChanged = z.infer<typeof ProfileChanged>

export const profilesContract = {
  get: open
    .input(z.object({ client: z.string().max(60), days: z.number().int().min(1).max(365).default(30) }))
    .output(Profile),
  /** Hiding works at once from anywhere; showing more waits for a person unless it is done in the window. */
  change: open
    .input(z.object({ client: z.string().max(60), hide: refs, show: refs, dryRun: z.boolean().default(false) }))
    .output(ProfileChanged),
}
