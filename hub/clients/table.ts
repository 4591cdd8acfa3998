// What is known of each AI client: where its config lies, how strictly it reads, and what it does to see a change.
import { z } from 'zod'
import rows from './table.json' with { type: 'json' }

const System = z.enum(['darwin', 'win32', 'linux'])
export type System = z.infer<typeof System>
const perSystem = <T extends z.ZodType>(value: T) => z.object({ darwin: value, win32: value, linux: value })

/** `${NAME}` in paths is a folder of the person; `*` stands for any rest of one path segment. */
const KnownClient = z.strictObject({
  id: z.string(),
  name: z.string(),
  detect: perSystem(z.array(z.string())).extend({ commands: z.array(z.string()) }),
  /** The program that overwrites the file from memory while it runs. */
  process: perSystem(z.string()).nullable(),
  config: z.strictObject({
    paths: perSystem(z.array(z.string())),
    /** Which of several paths: the first that can be; the one whose file (or folder) is there; that too, but they are
     * read together, so our entry may stay where it is; or the one whose folder is there. */
    pick: z.enum(['first', 'existing', 'together', 'folder']),
    /** Where one of these variables is set, the file lies at `path` below it; the first one counts. */
    overrides: z.array(z.strictObject({ env: z.string(), path: z.string() })),
    format: z.enum(['json', 'toml', 'yaml']),
    /** Comments and trailing commas in the file: both read, comments alone, none, or not known. We never add any. */
    comments: z.enum(['no', 'comments', 'yes', 'unknown']),
    bom: z.enum(['fatal', 'kept']),
    keyPath: z.array(z.string()).min(1),
    /** What a new file holds before our entry is put in. */
    initial: z.string(),
    /** A missing file is only made when this exists: the client made it at its first start. */
    createNeeds: z.string().nullable(),
    /** The folder `<file>.lock` locks it: in the protocol of proper-lockfile, or with its owner's name in it. */
    lock: z.enum(['folder', 'owned']).nullable(),
    rewrittenByApp: z.boolean(),
  }),
  /** How the client wants an entry that starts a program. */
  entry: z.strictObject({
    type: z.string().nullable(),
    /** `list`: program and arguments in one list; `cmd`: the program under that name. */
    command: z.enum(['program', 'list', 'cmd']),
    env: z.enum(['env', 'environment', 'envs']),
    /** Members it wants besides. */
    more: z.record(z.string(), z.json()),
    /** How it wants an entry that reaches an address; null: its file takes none that is known. */
    http: z.strictObject({ url: z.string(), headers: z.string(), more: z.record(z.string(), z.json()) }).nullable(),
    /** How a value in its file names an environment variable, as `NAME`; null: it fills in none. */
    variable: z.string().nullable(),
    /** It takes `$NAME` for one, too. */
    bare: z.boolean().default(false),
  }),
  afterWriting: perSystem(z.string()),
  alsoReadBy: z.array(z.string()),
  /** Its files in a project's folder, the one that counts first; null: it has none there. */
  project: z
    .strictObject({
      paths: z.array(z.string()).min(1),
      /** It starts what stands there only once the person trusts the folder. */
      approves: z.boolean(),
      alsoReadBy: z.array(z.string()),
    })
    .nullable(),
})

/** `files`: those that count in place of the table's; `folder`: the project they belong to. */
export type KnownClient = z.infer<typeof KnownClient> & { files?: readonly string[]; folder?: string }

export const KNOWN_CLIENTS: readonly KnownClient[] = z.array(KnownClient).parse(rows)

/** The system whose rows hold here; other Unixes are laid out as Linux is. */
export function systemOf(platform: NodeJS.Platform): System {
  return platform === 'darwin' || platform === 'win32' ? platform : 'linux'
}
