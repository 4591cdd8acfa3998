// The servers that come with Gatehouse: what each does and needs, and its settings as its own program describes them.
import { z } from 'zod'
import { open } from './procedure.ts'

export const BundledServer = z.object({
  /** Started as `gatehouse:NAME`. */
  name: z.string(),
  title: z.string(),
  /** One sentence, without a full stop. */
  does: z.string(),
  /** JSON schema of each variable of its environment. */
  settings: z.record(
    z.string(),
    z.looseObject({ description: z.string().optional(), default: z.unknown().optional(), type: z.string().optional() }),
  ),
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

export const catalogContract = { list: open.output(z.array(BundledServer)) }
