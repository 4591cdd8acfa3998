// Rules, approvals and proposals: what may be done, by whom, and what waits for a person.
import { z } from 'zod'
import { open, procedure } from './procedure.ts'
import { Effect, Risk } from './servers.ts'

/** A condition on one argument, by dotted path (`spec.replicas`, `items.*.name`). A missing path matches no allow and every deny or ask. */
export const ArgumentCondition = z.object({
  path: z.string().min(1).max(200),
  equals: z.json().optional(),
  in: z.array(z.json()).max(1000).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  glob: z.string().max(500).optional(),
  /** RE2 syntax, applied to at most 4 KB. */
  pattern: z.string().max(500).optional(),
})
export type ArgumentCondition = z.infer<typeof ArgumentCondition>

/** One rule. `client`, `tool`: globs; `server`: an id (names are shown); absent means any. `until`: epoch ms. */
export const Rule = z.object({
  id: z.string().max(40),
  effect: Effect,
  client: z.string().max(100).optional(),
  server: z.string().max(100).optional(),
  tool: z.string().max(200).optional(),
  arguments: z.array(ArgumentCondition).max(20).optional(),
  /** Only calls with no other top-level arguments than those the conditions name. */
  exactly: z.boolean().optional(),
  until: z.number().optional(),
  note: z.string().max(500).optional(),
})
export type Rule = z.infer<typeof Rule>

export const Preset = z.enum(['careful', 'balanced', 'read-only', 'custom'])
export type Preset = z.infer<typeof Preset>

/** At most so many calls a minute, for each client and tool that it names (all of them where it names none). */
export const RateLimit = z.object({
  client: z.string().max(100).optional(),
  server: z.string().max(100).optional(),
  tool: z.string().max(200).optional(),
  perMinute: z.number().int().min(1).max(1_000_000),
})
export type RateLimit = z.infer<typeof RateLimit>

const NAME = z.string().trim().min(1).max(200)

/** Named sets of values (globs) that raise the risk of a call which carries one: `{ branches: ['main', 'release/*'] }`. */
export const ProtectedValues = z.record(NAME.max(60), z.array(NAME).max(200))
export type ProtectedValues = z.infer<typeof ProtectedValues>

/** The policy in force: the last state accepted in a window, not the file. */
export const Policy = z.object({
  preset: Preset,
  readOnly: z.boolean(),
  /** Everything is stopped. */
  stopped: z.boolean(),
  rules: z.array(Rule),
  /** Where work may happen; a path outside them raises the risk. None named: paths raise nothing. */
  folders: z.array(z.string()),
  protected: ProtectedValues,
  limits: z.array(RateLimit),
  /** policy.json cannot be read, or differs from what is in force. */
  problem: z.string().nullable(),
})
export type Policy = z.infer<typeof Policy>

/** Why a call is allowed, asked about or denied. `reasons`: our words, strongest first. */
export const Decision = z.object({
  effect: Effect,
  risk: Risk,
  reasons: z.array(z.string()),
  rule: z.object({ id: z.string(), text: z.string() }).nullable(),
  /** True when the record must be on disk before the call is sent. */
  changes: z.boolean(),
  /** A protected value that it names: who allows it types this. */
  typed: z.string().optional(),
  /** It only reads, and a path outside the folders is why it asks: a yes for a while covers that path. */
  outside: z.boolean().optional(),
})
export type Decision = z.infer<typeof Decision>

export const Scope = z.enum(['once', 'minutes', 'session', 'arguments', 'tool'])
export type Scope = z.infer<typeof Scope>

/** A rule before it has an id. */
export const NewRule = Rule.omit({ id: true })
export type NewRule = z.infer<typeof NewRule>

/** A call that waits for a person. Times: epoch ms. */
export const Approval = z.object({
  id: z.string(),
  /** Joins it with the records of the call that waits. */
  correlation: z.string().optional(),
  client: z.object({ id: z.string(), title: z.string(), says: z.string().nullable() }),
  server: z.object({ id: z.string(), name: z.string() }),
  tool: z.string(),
  risk: Risk,
  reasons: z.array(z.string()),
  /** A protected value that the call names: who allows it types this, exactly so. */
  typed: z.string().nullable(),
  /** Redacted, pretty JSON; cut at 64 KB. */
  arguments: z.string(),
  /** Top-level arguments now and at the last allowed call of this tool, as JSON text. */
  compared: z.array(
    z.object({ name: z.string(), now: z.string(), before: z.string().nullable(), changed: z.boolean() }),
  ),
  lastAllowedAt: z.number().nullable(),
  /** The tool's own description; foreign text. */
  description: z.string(),
  scopes: z.array(Scope),
  /** What a yes with this scope writes, word for word. */
  rules: z.object({ arguments: NewRule.optional(), tool: NewRule.optional() }),
  askedAt: z.number(),
  /** When the client stops waiting. */
  clientUntil: z.number(),
  /** When the question ends as a denial. */
  until: z.number(),
  state: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('waiting') }),
    z.object({
      kind: z.literal('answered'),
      allowed: z.boolean(),
      scope: Scope.nullable(),
      by: z.string(),
      word: z.string().nullable(),
      at: z.number(),
    }),
    z.object({ kind: z.literal('expired'), at: z.number() }),
    z.object({ kind: z.literal('withdrawn'), why: z.string(), at: z.number() }),
  ]),
})
export type Approval = z.infer<typeof Approval>

/** What a person adds to the rule that a yes writes: it can only cover less. */
export const Narrowing = z.object({
  where: z.array(ArgumentCondition).max(20).optional(),
  until: z.number().optional(),
})
export type Narrowing = z.infer<typeof Narrowing>

export const Answer = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('allow'),
    scope: Scope,
    narrower: Narrowing.optional(),
    typed: z.string().max(1000).optional(),
  }),
  z.object({ kind: z.literal('deny'), word: z.string().max(1000).optional() }),
])
export type Answer = z.infer<typeof Answer>

/** A change to the policy; whether it tightens or loosens decides who may make it at once. */
export const PolicyChange = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('add-rule'), rule: NewRule }),
  z.object({ kind: z.literal('remove-rule'), id: z.string() }),
  /** In its place and under its number, in one step. */
  z.object({ kind: z.literal('replace-rule'), id: z.string(), rule: NewRule }),
  z.object({ kind: z.literal('read-only'), on: z.boolean() }),
  /** Every server stops, and every call is refused, until a person takes it back. */
  z.object({ kind: z.literal('stop'), on: z.boolean() }),
  z.object({ kind: z.literal('preset'), preset: Preset }),
  z.object({ kind: z.literal('protect'), set: NAME.max(60), value: NAME, on: z.boolean() }),
  z.object({ kind: z.literal('folder'), path: NAME.max(1000), on: z.boolean() }),
  /** `on` false: the limit for exactly this client, server and tool goes. */
  z.object({ kind: z.literal('limit'), limit: RateLimit, on: z.boolean() }),
  /** Take policy.json as it was when a person saw it; refused when its SHA-256 is another now. */
  z.object({ kind: z.literal('file'), sha256: z.string() }),
])
export type PolicyChange = z.infer<typeof PolicyChange>

/** A loosening that somebody asked for outside the window and that waits for a person. */
export const Proposal = z.object({
  id: z.string(),
  at: z.number(),
  from: z.string(),
  /** In words: "Trust files' own read-only marks". */
  what: z.string(),
  before: z.string().nullable(),
  after: z.string(),
})
export type Proposal = z.infer<typeof Proposal>

/** What a change would have made of the calls of the last days, as far as the log recorded them. */
export const PolicyEffect = z.object({
  since: z.number(),
  calls: z.number(),
  /** Of these: denied, asked about, allowed by the new policy and not so by the old. */
  denied: z.number(),
  asked: z.number(),
  allowed: z.number(),
  /** Their arguments are not recorded whole, so a rule about arguments may meet them otherwise. */
  unsure: z.number(),
  /** The log holds more calls than were looked at. */
  isCut: z.boolean(),
  examples: z.array(
    z.object({
      time: z.number(),
      client: z.string(),
      server: z.string(),
      tool: z.string(),
      before: Effect,
      after: Effect,
    }),
  ),
})
export type PolicyEffect = z.infer<typeof PolicyEffect>

/** What the policy said to the calls of the last days, as the log has it. `rules`: how many each rule decided; the preset decided the others. */
export const PolicyUse = z.object({
  since: z.number(),
  allowed: z.number(),
  asked: z.number(),
  denied: z.number(),
  rules: z.array(z.object({ rule: z.string(), calls: z.number() })),
  /** The log holds more calls than were looked at. */
  isCut: z.boolean(),
})
export type PolicyUse = z.infer<typeof PolicyUse>

/** A question that was always answered yes. `server`: its id. */
export const Suggestion = z.object({
  client: z.string(),
  server: z.string(),
  tool: z.string(),
  yes: z.number(),
  since: z.number(),
})
export type Suggestion = z.infer<typeof Suggestion>

export const policyContract = {
  get: open.output(Policy),
  preview: open.input(PolicyChange).output(PolicyEffect),
  use: open.output(PolicyUse),
  suggestions: open.output(z.array(Suggestion)),
  /** Applied at once, or (from outside the window, when it loosens) kept as a proposal. */
  change: open.input(PolicyChange).output(
    z.object({
      applied: z.boolean(),
      proposal: z.string().nullable(),
      /** Calls that change something and were with their servers already: these are not called back. */
      underWay: z.number().optional(),
    }),
  ),
  explain: open
    .input(
      z.object({
        server: z.string(),
        tool: z.string(),
        arguments: z.string().default('{}'),
        client: z.string().optional(),
      }),
    )
    .output(Decision),
}

export const approvalsContract = {
  list: open.output(z.array(Approval)),
  answer: procedure.input(z.object({ id: z.string(), answer: Answer })).output(Approval),
}

export const proposalsContract = {
  list: open.output(z.array(Proposal)),
  accept: procedure.input(z.object({ id: z.string() })).output(z.object({ accepted: z.string() })),
  refuse: open.input(z.object({ id: z.string() })).output(z.object({ refused: z.string() })),
}
