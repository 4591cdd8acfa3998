// AI clients on this machine: which exist, what their configs say, and what connecting would change.
import { z } from 'zod'
import { open, procedure } from './procedure.ts'

/** Honest status: `written` is not `connected`. */
export const ClientStatus = z.enum([
  'not-installed',
  'found',
  'written',
  // Written, and the client still has to be restarted or to be asked.
  'waiting',
  'connected',
  'drifted',
  'dropped',
  'unreadable',
  'no-permission',
])
export type ClientStatus = z.infer<typeof ClientStatus>

/** What the guardian wants to know: who took our entry out, or what to do now that the file is fought over. */
export const GuardQuestion = z.object({
  why: z.enum(['removed', 'running', 'fight', 'failed']),
  /** In words: what happened and what can be done. */
  text: z.string(),
})
export type GuardQuestion = z.infer<typeof GuardQuestion>

export const Client = z.object({
  id: z.string(),
  name: z.string(),
  /** How a client that is in no table reaches Gatehouse; null for those in the table. */
  other: z.enum(['stdio', 'http']).nullable(),
  /** The folder of the project that this entry is for; its id is `ID@FOLDER`. Null: for all projects. */
  project: z.string().nullable(),
  /** It can be connected in one project, too. */
  hasProjects: z.boolean(),
  status: ClientStatus,
  /** The config file that connecting would write; null when this system has none. */
  path: z.string().nullable(),
  /** In words, with evidence: "2 links, last call 14:31". */
  evidence: z.string(),
  problem: z.object({ what: z.string(), line: z.number().nullable(), column: z.number().nullable() }).nullable(),
  /** What the client does to see the change: "Quit Claude Desktop from the tray and open it again." */
  afterWriting: z.string(),
  links: z.number(),
  lastCallAt: z.number().nullable(),
  writtenAt: z.number().nullable(),
  canUndo: z.boolean(),
  /** The newest link since our entry was written, also one that ended. */
  linkedAt: z.number().nullable(),
  /** "Keep it there": our entry is put back by itself when the client drops it. */
  keep: z.boolean(),
  asks: GuardQuestion.nullable(),
  /** Its app can be quit and opened again from here. */
  canQuit: z.boolean(),
  /** Servers of its own in its file, and the names of keys that lie in them in plain text. */
  own: z.object({ servers: z.number(), keys: z.array(z.string()) }),
  /** Servers of ours in its file that it starts itself, without the gateway. */
  direct: z.array(z.string()),
})
export type Client = z.infer<typeof Client>

/** `token`: a new one in the entry; the old one opens nothing any more. */
export const ClientAction = z.enum(['connect', 'disconnect', 'undo', 'token'])
export type ClientAction = z.infer<typeof ClientAction>

/** What connecting or disconnecting would do to one file. Foreign values are masked. */
export const Preview = z.object({
  id: z.string(),
  action: ClientAction,
  path: z.string(),
  exists: z.boolean(),
  /** SHA-256 of the bytes this preview was made from; writing checks it again. Null when there is no file. */
  before: z.string().nullable(),
  diff: z.string(),
  beforeText: z.string(),
  afterText: z.string(),
  /** False: the file is already as it would be. */
  changes: z.boolean(),
  /** In words: "4 lines are added. Everything else stays as it is, byte for byte." */
  summary: z.string(),
  warnings: z.array(z.string()),
  alsoReadBy: z.array(z.string()),
  /** The client runs and would overwrite the file; this system lets it be quit and opened again. */
  canQuit: z.boolean(),
})
export type Preview = z.infer<typeof Preview>

export const Written = z.object({
  id: z.string(),
  path: z.string(),
  backup: z.string().nullable(),
  afterWriting: z.string(),
  sha256: z.string().nullable(),
})
export type Written = z.infer<typeof Written>

/** One thing that happened to our entry in a client's file. `diff`: masked; empty where nothing is known of before. */
export const ClientEvent = z.object({
  at: z.number(),
  what: z.enum([
    'connect',
    'disconnect',
    'undo',
    'token',
    'took',
    'gave',
    'drifted',
    'dropped',
    'removed',
    'returned',
    'restored',
    'left-out',
    'waits',
    'backed-off',
    'failed',
    'keep',
  ]),
  by: z.string(),
  words: z.string(),
  diff: z.string(),
})
export type ClientEvent = z.infer<typeof ClientEvent>

/** What a client in no table is given. `entry`: JSON to paste, with its token, which is shown this once. */
export const OtherEntry = z.object({
  id: z.string(),
  name: z.string(),
  transport: z.enum(['stdio', 'http']),
  entry: z.string(),
})
export type OtherEntry = z.infer<typeof OtherEntry>

/** `ID`, or `ID@FOLDER` for the client in one project. */
export const ClientRef = z.string().max(4_200)

/** The client itself: policy, profile and log know no projects. */
export function baseOf(ref: string): string {
  return ref.split('@', 1)[0] ?? ref
}

/** That client in the project of that folder. */
export function inProject(id: string, folder: string): string {
  return `${id}@${folder}`
}

const one = z.object({ id: ClientRef })
/** Nothing is changed; told is what would be. */
const dryRun = z.boolean().default(false)
/** Of a dry run: what would be written at once, if anything. */
const preview = Preview.nullable()

export const clientsContract = {
  list: open.output(z.array(Client)),
  preview: open.input(one.extend({ action: ClientAction.default('connect') })).output(Preview),
  /** `before`: the preview's hash; when given and the file changed since, nothing is written. */
  connect: open.input(one.extend({ before: z.string().nullish() })).output(Written),
  disconnect: open.input(one.extend({ before: z.string().nullish() })).output(Written),
  undo: open.input(one.extend({ before: z.string().nullish() })).output(Written),
  replaceToken: open.input(one.extend({ before: z.string().nullish() })).output(Written),
  /** What happened to our entry in its file, newest first. */
  history: open.input(one).output(z.array(ClientEvent)),
  /** Whether our entry is put back by itself when the client drops it. */
  keep: open
    .input(one.extend({ on: z.boolean(), dryRun }))
    .output(z.object({ id: z.string(), keep: z.boolean(), preview })),
  /** The answer to what the guardian asks; remembered. */
  answerGuard: open
    .input(one.extend({ answer: z.enum(['back', 'out']), dryRun }))
    .output(z.object({ id: z.string(), written: Written.nullable(), preview })),
  /** Quits the client's app, writes our entry, and opens the app again. */
  quitAndWrite: procedure
    .input(one.extend({ before: z.string().nullish() }))
    .output(Written.extend({ reopened: z.boolean() })),
  /** A client that is in no table. The first one over HTTP opens the HTTP gateway, the last one removed closes it. */
  addOther: open
    .input(z.object({ name: z.string().trim().min(1).max(60), transport: z.enum(['stdio', 'http']) }))
    .output(OtherEntry),
  /** Another token in another entry; the one before opens nothing any more. */
  newOtherToken: open.input(one).output(OtherEntry),
  removeOther: open.input(one).output(z.object({ id: z.string() })),
  /** The HTTP gateway's port. Clients that know the old one must be told. */
  setHttpPort: procedure
    .input(z.object({ port: z.number().int().min(1024).max(65_535) }))
    .output(z.object({ port: z.number() })),
}
