// One server as it stands in config.json: what everybody knows of `mcpServers`, and our own keys beside it.
import { z } from 'zod'
import type { Launch } from '../../contract/servers.ts'
import { bundledName, bundledServers } from './bundled.ts'
import { isSecretName, secretsIn } from './references.ts'

// What is shown must be what runs: no control characters, none that reorder text. Arguments and values may have lines.
const HIDDEN = '\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069'
const hiddenInLine = new RegExp(`[\\t\\n${HIDDEN}]`)
const hiddenInText = new RegExp(`[${HIDDEN}]`)

const line = (max: number) =>
  z
    .string()
    .max(max)
    .refine(s => !hiddenInLine.test(s), 'contains control characters or characters that reorder text')
const text = z
  .string()
  .max(32_768)
  .refine(s => !hiddenInText.test(s), 'contains control characters or characters that reorder text')
const variable = z.union([text, z.number(), z.boolean()]).transform(String)
const plainName = line(200)
  .min(1)
  .refine(s => !(s in Object.prototype), 'cannot be used as a name')

/** A server's name in config.json. */
export const EntryName = line(60)
  .min(1)
  .refine(s => s.trim() === s, 'begins or ends with a space')
  .refine(s => !(s in Object.prototype) && s !== 'prototype', 'cannot be used as a name')

const Shape = z.looseObject({
  command: line(4_096).min(1).optional().describe('The program to start.'),
  args: z
    .array(text)
    .max(1_000)
    .optional()
    .describe('Its arguments. Secrets are not possible here: every user of the machine can read them.'),
  cwd: line(4_096).min(1).optional().describe('The folder it starts in.'),
  env: z
    .record(plainName, variable)
    .optional()
    .describe('Its environment. ${secret:NAME}, ${env:NAME} and ${home} are replaced.'),
  url: line(4_096).min(1).optional().describe('The address of a server that runs elsewhere.'),
  headers: z.record(plainName, line(32_768)).optional().describe('HTTP headers sent to the url.'),
  enabled: z.boolean().optional().describe('False: it never starts.'),
  trust: z.boolean().optional().describe('Count its own read-only marks. In force only once accepted in the window.'),
  startup: z.enum(['eager', 'lazy']).optional().describe('Start with Gatehouse, or at the first call (default).'),
  idleStopMinutes: z
    .number()
    .min(0)
    .max(100_000)
    .optional()
    .describe('Sleep after so many minutes without a call; 0: never.'),
  instance: z
    .enum(['shared', 'per-client'])
    .optional()
    .describe('One process for all clients (default), or one for each.'),
  sampling: z
    .enum(['refuse', 'person'])
    .optional()
    .describe('Where it asks for a model and the client has none: refused (default), or you answer in the window.'),
})

/** The shape and the rules a shape cannot say. */
export const Entry = Shape.superRefine((entry, context) => {
  const problem = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
  if (entry.command === undefined && entry.url === undefined) problem([], 'names neither a command nor a url')
  if (entry.command !== undefined && entry.url !== undefined) problem(['url'], 'names both a command and a url')
  if (entry.url !== undefined && !isHttp(entry.url)) problem(['url'], 'is not an http or https address')
  const bundled = bundledName(entry.command)
  if (bundled !== null && !bundledServers.includes(bundled))
    problem(['command'], `names no server that comes with Gatehouse (there is: ${bundledServers.join(', ')})`)
  for (const [key, value] of Object.entries({ command: entry.command, cwd: entry.cwd, args: entry.args?.join(' ') }))
    if (value !== undefined && secretsIn([value]).length > 0)
      problem(
        [key],
        `holds \${secret:…}, but ${key} can be read by every user of this machine. Use env or headers instead`,
      )
  for (const name of secretsIn([
    entry.url ?? '',
    ...Object.values(entry.env ?? {}),
    ...Object.values(entry.headers ?? {}),
  ]))
    if (!isSecretName(name))
      problem(['env'], `uses \${secret:${name.slice(0, 40)}}, which is no name for a secret (letters, digits, _ . -)`)
})
export type Entry = z.infer<typeof Entry>

/** What config.json as a whole looks like; published as its JSON Schema. */
export const ConfigShape = z.looseObject({
  $schema: z.string().optional(),
  mcpServers: z.record(z.string(), Shape).optional(),
})

export function launchOf(entry: Entry): Launch {
  const { command, cwd, url } = entry
  return {
    ...(command === undefined ? {} : { command }),
    args: entry.args ?? [],
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...entry.env },
    ...(url === undefined ? {} : { url }),
    headers: { ...entry.headers },
  }
}

// Placeholders may stand in the host or the port, so they are filled before the address is judged.
function isHttp(url: string): boolean {
  const filled = url.replace(/\$\{[^}]*\}/g, '1')
  return /^https?:\/\//i.test(filled) && URL.canParse(filled)
}
