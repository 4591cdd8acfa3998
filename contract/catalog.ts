// The servers that come with Gatehouse: what each does and needs, and its settings as its own program describes them.
import { z } from 'zod'
import { open } from './procedure.ts'
import { Launch } from './servers.ts'

/** A variable of its environment: its JSON schema, and more. */
const Setting = z.looseObject({
  description: z.string().optional(),
  default: z.unknown().optional(),
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  pattern: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  /** What it must be, said of it: `begins with postgresql://`. */
  rule: z.string().optional(),
})
export type Setting = z.infer<typeof Setting>

/** What of a launch is wrong: by setting, or `folders`, what it must be, said of it. Nothing when all is right. */
export const Wrong = z.record(z.string(), z.string())
export type Wrong = z.infer<typeof Wrong>

export const BundledServer = z.object({
  /** Started as `gatehouse:NAME`. */
  name: z.string(),
  title: z.string(),
  /** One sentence, without a full stop. */
  does: z.string(),
  settings: z.record(z.string(), Setting),
  /** What it takes from this computer where nothing is set: a noun. */
  uses: z.string().nullable(),
  /** Settings that are credentials. */
  secrets: z.array(z.string()),
  /** Settings without which its calls only say what is missing. */
  needs: z.array(z.string()),
  /** Settings asked for first. */
  first: z.array(z.string()),
  /** What Gatehouse gives where nothing else is chosen. */
  given: z.record(z.string(), z.object({ value: z.string(), because: z.string() })),
  folders: z.object({ label: z.string(), needed: z.boolean() }).nullable(),
  /** Arguments that allow more; off by default. */
  switches: z.array(z.object({ argument: z.string(), label: z.string(), hint: z.string() })),
  /** A call that changes nothing. */
  example: z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()), says: z.string() }),
})
export type BundledServer = z.infer<typeof BundledServer>

/** What a person chose for one; secrets by the name they have in the keychain. */
export interface Chosen {
  settings: Record<string, string>
  secrets: Record<string, string>
  folders: readonly string[]
  switches: readonly string[]
}

/** How it is then started. A credential's value stands nowhere in it. */
export function launchOf({ name, given }: BundledServer, { settings, secrets, folders, switches }: Chosen) {
  const preset = Object.fromEntries(Object.entries(given).map(([setting, { value }]) => [setting, value]))
  const named = Object.fromEntries(
    Object.entries(secrets).map(([setting, secret]) => [setting, `\${secret:${secret}}`]),
  )
  return {
    command: `gatehouse:${name}`,
    args: [...folders, ...switches],
    env: { ...preset, ...settings, ...named },
    headers: {},
  }
}

/** Which server of the catalog a command starts; undefined for any other. */
export function bundledOf(command: string | undefined): string | undefined {
  return command?.startsWith('gatehouse:') ? command.slice('gatehouse:'.length) : undefined
}

/** The needed settings that a launch leaves out. */
export function missingIn({ needs }: BundledServer, env: Record<string, string>): string[] {
  return needs.filter(setting => !env[setting])
}

/** What its last lines on stderr say is wrong, when it refused to start. */
export function refusedIn({ name, settings, folders }: BundledServer, stderr: readonly string[]): Wrong {
  const at = stderr.findLastIndex(line => line.startsWith(`${name}: `))
  const said = (stderr[at] ?? '').slice(name.length + 2)
  if (said === '') return {}
  const below = stderr.slice(at + 1).flatMap(line => /^\s+([A-Z][A-Z0-9_]*): (.+)$/.exec(line)?.slice(1) ?? [])
  const listed = below.flatMap((word, n) => (n % 2 === 0 && word in settings ? [[word, below[n + 1]!]] : []))
  // The first thing said of each.
  if (listed.length > 0) return Object.fromEntries(listed.toReversed())
  const named = Object.keys(settings).filter(setting => said.split(/[^A-Z0-9_]+/).includes(setting))
  if (named.length > 0) return Object.fromEntries(named.map(setting => [setting, said]))
  return folders && /folder|never enters/.test(said) ? { folders: said } : {}
}

/** As a sentence of its own, beside the field. */
export function sentence(rule: string): string {
  const text = /^(is|has|begins|holds)\b/.test(rule) ? `It ${rule}` : rule
  return text.replace(/[^.]$/, '$&.')
}

export const catalogContract = {
  list: open.output(z.array(BundledServer)),
  /** Of a launch of `gatehouse:NAME`, before it is saved or started. */
  check: open.input(z.object({ launch: Launch })).output(Wrong),
}
