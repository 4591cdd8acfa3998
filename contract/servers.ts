// Servers: what is configured, what state each is in, and what may be asked of them.
import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { Pins, TextFinding } from './pins.ts'
import { open, procedure } from './procedure.ts'

/** Random and lasting: a rename keeps rules, pins and secrets. */
export const ServerId = z.string().regex(/^srv_[a-z0-9]{12}$/)
export type ServerId = z.infer<typeof ServerId>

/** A server's name in config.json; its slug (lower case, digits, dashes) prefixes its tools. */
export const ServerName = z.string().min(1).max(60)

/** Why a server cannot start or stopped, for people: cause, evidence, next step. */
export const Because = z.object({
  what: z.string(),
  command: z.string().optional(),
  exitCode: z.number().nullable().optional(),
  signal: z.string().nullable().optional(),
  stderr: z.array(z.string()).optional(),
  hint: z.string().optional(),
})
export type Because = z.infer<typeof Because>

/** Where one server is in its life. No other variable says it. Times: epoch ms. */
export const ServerState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('stopped') }),
  z.object({ kind: z.literal('waiting'), for: z.enum(['agreement', 'secret', 'sign-in']), what: z.string() }),
  z.object({ kind: z.literal('sleeping'), since: z.number() }),
  z.object({ kind: z.literal('starting'), attempt: z.number(), since: z.number(), pid: z.number().optional() }),
  z.object({
    kind: z.literal('running'),
    pid: z.number().nullable(),
    since: z.number(),
    tools: z.number(),
    /** The start in a row of fast exits that led here; 1 when it came up at once. */
    attempt: z.number().optional(),
  }),
  z.object({ kind: z.literal('backing-off'), attempt: z.number(), retryAt: z.number(), because: Because }),
  z.object({
    kind: z.literal('stopping'),
    next: z.enum(['stopped', 'starting', 'sleeping', 'waiting']),
    since: z.number(),
  }),
  z.object({ kind: z.literal('crash-looping'), starts: z.number(), because: Because }),
])
export type ServerState = z.infer<typeof ServerState>

/** What is started, unresolved: `${secret:NAME}` and `${env:NAME}` as written. */
export const Launch = z.object({
  command: z.string().optional(),
  args: z.array(z.string()).default([]),
  cwd: z.string().optional(),
  env: z.record(z.string(), z.string()).default({}),
  url: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
})
export type Launch = z.infer<typeof Launch>

/** What a person agrees to: the exact command, and what stands out about it. */
export const Agreement = z.object({
  digest: z.string(),
  launch: Launch,
  /** The launch agreed to before, when it changed. */
  before: Launch.nullable(),
  /** Something was agreed to before, and cannot be read while the keychain is not open. */
  unread: z.boolean(),
  /** Secrets it names; each granted once per digest. */
  secrets: z.array(z.object({ name: z.string(), stored: z.boolean(), granted: z.boolean() })),
  /** Facts worth a look, in words: "No version is named, …". */
  notes: z.array(z.string()),
})
export type Agreement = z.infer<typeof Agreement>

export const Usage = z.object({ cpuPercent: z.number(), memoryBytes: z.number(), processes: z.number() })
export type Usage = z.infer<typeof Usage>

export const Server = z.object({
  id: ServerId,
  name: ServerName,
  slug: z.string(),
  title: z.string(),
  launch: Launch,
  /** The command as one line, whole, unresolved; or the url. */
  commandLine: z.string(),
  enabled: z.boolean(),
  trusted: z.boolean(),
  startup: z.enum(['eager', 'lazy']),
  instance: z.enum(['shared', 'per-client']),
  /** Where each client has a process of its own: how many of them are up now. `usage` is of all together. */
  instances: z.number(),
  bundled: z.boolean(),
  state: ServerState,
  /** Set while state.kind is 'waiting' for an agreement or a secret. */
  agreement: Agreement.nullable(),
  /** From the last verified listing; null before the first. */
  tools: z.number().nullable(),
  toolTokens: z.number().nullable(),
  /** Tools that are new or changed since they were pinned: nobody sees them until a person has looked. Its instructions count as one. */
  held: z.number(),
  /** Its instructions are among them. */
  silent: z.boolean(),
  /** Tools with passages that may be meant for the model. */
  flagged: z.number(),
  protocolVersion: z.string().nullable(),
  answeredAt: z.number().nullable(),
  restarts: z.number(),
  usage: Usage.nullable(),
  /** Calls per 5 minutes over the last hour, oldest first; 12 numbers. */
  calls: z.array(z.number()),
  p95Ms: z.number().nullable(),
  /** Clients that listed or called it, by id. */
  seenBy: z.array(z.string()),
})
export type Server = z.infer<typeof Server>

export const Risk = z.enum(['reads', 'writes', 'destroys', 'unknown'])
export type Risk = z.infer<typeof Risk>
export const Effect = z.enum(['allow', 'ask', 'deny'])
export type Effect = z.infer<typeof Effect>

/** One tool as clients see it. `definition` is the server's own JSON, untouched. */
export const Tool = z.object({
  server: z.string(),
  serverId: ServerId,
  name: z.string(),
  exposedAs: z.string(),
  effect: Effect,
  risk: Risk,
  tokens: z.number(),
  held: z.boolean(),
  /** Passages that may be meant for the model rather than for people. */
  findings: z.array(TextFinding),
  definition: z.looseObject({ name: z.string() }),
})
export type Tool = z.infer<typeof Tool>

/** The whole of a server's last verified listing. */
export const Listing = z.object({
  at: z.number(),
  tools: z.array(Tool),
  prompts: z.array(z.looseObject({ name: z.string() })),
  resources: z.array(z.looseObject({ uri: z.string() })),
  resourceTemplates: z.array(z.looseObject({ uriTemplate: z.string() })),
  warnings: z.array(z.string()),
})
export type Listing = z.infer<typeof Listing>

/** A line of a server's stderr, or junk on its stdout; secrets removed. `at`: epoch ms. */
export const LogLine = z.object({ at: z.number(), stream: z.enum(['stderr', 'stdout', 'gatehouse']), text: z.string() })
export type LogLine = z.infer<typeof LogLine>

/** What adding did: names added, keys dropped from the pasted block and why. */
export const Added = z.object({
  servers: z.array(z.object({ id: ServerId, name: z.string(), commandLine: z.string(), state: z.string() })),
  dropped: z.array(z.string()),
})
export type Added = z.infer<typeof Added>

const byId = z.object({ id: z.string().max(100) })

export const serversContract = {
  list: open.output(z.array(Server)),
  /** By id or by name. */
  get: open.input(byId).output(Server),
  add: open.input(z.object({ name: ServerName, launch: Launch, pin: z.string().optional() })).output(Added),
  /** Any text with an `mcpServers` block (or VS Code's `servers`, or one bare entry with a name). */
  import: open.input(z.object({ text: z.string().max(1_000_000) })).output(Added),
  remove: open.input(byId).output(z.object({ removed: z.string() })),
  start: open.input(byId).output(ServerState),
  stop: open.input(byId).output(ServerState),
  restart: open.input(byId).output(ServerState),
  listing: open.input(byId).output(Listing),
  tools: open.input(z.object({ server: z.string().optional() })).output(z.array(Tool)),
  logs: open
    .input(byId.extend({ follow: z.boolean().default(false), last: z.number().max(5000).default(500) }))
    .output(eventIterator(z.array(LogLine))),
  /** Agrees to exactly this digest, and grants the secrets named. Refused when the digest is no longer the one shown. */
  agree: procedure
    .input(byId.extend({ digest: z.string(), secrets: z.array(z.string()), trust: z.boolean() }))
    .output(ServerState),
  /** What differs from what was pinned when the server was agreed to. */
  pins: open.input(byId).output(Pins),
  /** A person has seen these tools as they are now (`hash`), and the package's version where `package` is true. */
  acceptTools: procedure
    .input(
      byId.extend({
        tools: z.array(z.object({ name: z.string(), hash: z.string() })).max(10_000),
        package: z.boolean().default(false),
      }),
    )
    .output(Pins),
  setTrust: open.input(byId.extend({ trust: z.boolean() })).output(z.object({ applied: z.boolean() })),
  setEnabled: open.input(byId.extend({ enabled: z.boolean() })).output(z.object({ applied: z.boolean() })),
  update: procedure
    .input(
      byId.extend({
        launch: Launch.optional(),
        startup: z.enum(['eager', 'lazy']).optional(),
        instance: z.enum(['shared', 'per-client']).optional(),
        name: ServerName.optional(),
      }),
    )
    .output(Server),
}
