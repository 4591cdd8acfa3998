// What was pinned of a server when a person agreed to it, and what differs since.
import { z } from 'zod'

/** A passage of a tool's description that may be meant for the model rather than for people. `start`, `end`: UTF-16 units of the field's text. */
export const TextFinding = z.object({
  kind: z.enum(['hidden', 'instruction', 'other-tool', 'exfiltration', 'credential']),
  /** Where it stands: `description`, `inputSchema.properties.path.description`, … */
  field: z.string(),
  start: z.number(),
  end: z.number(),
  /** In words, with the passage made visible. */
  what: z.string(),
  /** The passage and what stands around it, made visible: characters that nobody sees stand as their numbers. */
  passage: z.object({ before: z.string(), text: z.string(), after: z.string() }),
})
export type TextFinding = z.infer<typeof TextFinding>

/** The package a server ran from. `integrity`: as the package manager wrote it, or `sha256-` of the program's file. */
export const PackageRan = z.object({
  name: z.string(),
  version: z.string().nullable(),
  integrity: z.string().nullable(),
})
export type PackageRan = z.infer<typeof PackageRan>

/** A tool that is listed to nobody and callable by nobody until a person has seen it. */
export const HeldTool = z.object({
  name: z.string(),
  kind: z.enum(['new', 'changed', 'renamed']),
  /** What it was called before, where it is `renamed`. */
  renamedFrom: z.string().nullable(),
  /** JSON of what counts, before and now; `before` is null for a new one. Secrets removed. */
  before: z.string().nullable(),
  after: z.string(),
  /** Of `after`: what a person accepts is exactly this. */
  hash: z.string(),
  findings: z.array(TextFinding),
})
export type HeldTool = z.infer<typeof HeldTool>

/** What the offline check found in one tool, or in the instructions of the server. */
export const FoundIn = z.object({ name: z.string(), findings: z.array(TextFinding) })
export type FoundIn = z.infer<typeof FoundIn>

/** The server's instructions are pinned like a tool of this name. */
export const INSTRUCTIONS = '(instructions of the server)'

/** `pinnedAt`: epoch ms; null before the first listing after an agreement. */
export const Pins = z.object({
  pinnedAt: z.number().nullable(),
  /** The first of them. */
  held: z.array(HeldTool),
  /** How many are held back in all. */
  heldCount: z.number(),
  /** Of all it lists now, held back or not: what may be meant for the model. */
  found: z.array(FoundIn),
  /** Pinned, and no longer listed. */
  removed: z.array(z.string()),
  package: z.object({ pinned: PackageRan.nullable(), now: PackageRan.nullable(), differs: z.boolean() }),
})
export type Pins = z.infer<typeof Pins>
