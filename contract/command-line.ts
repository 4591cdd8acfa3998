// What the command line prints with --json: a stable contract for scripts. Other commands print their call's own output.
import { z } from 'zod'

/** First line of `serve`: the hub answers on `socket` from now on. `web`: a pairing link, with --web. */
export const ReadyLine = z.object({
  event: z.literal('ready'),
  socket: z.string(),
  web: z.string().nullable(),
  pid: z.number(),
})
export type ReadyLine = z.infer<typeof ReadyLine>

/** `status`. Everything but `running` only while one runs. */
export const StatusLine = z.object({
  running: z.boolean(),
  pid: z.number().optional(),
  version: z.string().optional(),
  startedAt: z.number().optional(),
  dataFolder: z.string(),
})
export type StatusLine = z.infer<typeof StatusLine>

/** `servers list`. `state`: the kind; `tools`: of the last verified listing, 0 before the first. */
export const ServerLine = z.object({
  id: z.string(),
  name: z.string(),
  title: z.string(),
  state: z.string(),
  tools: z.number(),
  because: z.string().optional(),
  /** Of a server with a process for each client: those up now. */
  instances: z.number().optional(),
})
export type ServerLine = z.infer<typeof ServerLine>

/** `tools [SERVER]`. `name`: the server's own; `exposedAs`: what AI clients see. */
export const ToolLine = z.object({ server: z.string(), name: z.string(), exposedAs: z.string(), effect: z.string() })
export type ToolLine = z.infer<typeof ToolLine>

/** `clients list`. `keep`: its entry is put back by itself; `asks`: what `clients answer` answers, or null. */
export const ClientLine = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  path: z.string().nullable(),
  evidence: z.string(),
  keep: z.boolean(),
  asks: z.object({ why: z.string(), text: z.string() }).nullable(),
  /** Servers of ours in its file that it starts itself, without the gateway. */
  direct: z.array(z.string()),
})
export type ClientLine = z.infer<typeof ClientLine>

/** `doctor`: what works on this machine. `problem`: Gatehouse itself cannot run so. */
export const Finding = z.object({
  id: z.string(),
  level: z.enum(['ok', 'warn', 'problem']),
  what: z.string(),
  fix: z.string().nullable(),
})
export type Finding = z.infer<typeof Finding>

/** `uninstall`. */
export const UninstallLine = z.object({
  dataFolder: z.string(),
  /** False: this is what would be done. */
  done: z.boolean(),
  /** Files of AI clients that our entry is taken out of. `diff`: masked. */
  clients: z.array(z.object({ id: z.string(), name: z.string(), path: z.string(), diff: z.string() })),
  /** Servers that were taken from a client's file, and go back into it. */
  givenBack: z.array(z.object({ client: z.string(), name: z.string() })),
  /** Accounts of the keychain entries that go. */
  keychain: z.array(z.string()),
  /** Copies of clients' files that lay beside them, for undo without a keychain. */
  copies: z.array(z.string()),
  data: z.enum(['kept', 'erased', 'none']),
  /** What cannot be undone from here, in words. */
  left: z.array(z.string()),
})
export type UninstallLine = z.infer<typeof UninstallLine>
