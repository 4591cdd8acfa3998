// What is kept of a server's first listing after it was agreed to, and the package that ran then.
import { z } from 'zod'
import { PackageRan } from '../../contract/pins.ts'
import { PinnedTool } from './pinned-tool.ts'

export const Pin = z.object({
  /** Of the definition that was agreed to: another command is another server, and is pinned anew. */
  digest: z.string(),
  at: z.number(),
  package: PackageRan.nullable(),
  /** Null from the agreement to the first listing. */
  tools: z.record(z.string(), PinnedTool).nullable(),
})
export type Pin = z.infer<typeof Pin> & { tools: Record<string, PinnedTool> }

export function isSame(a: PackageRan, b: PackageRan): boolean {
  return a.name === b.name && a.version === b.version && a.integrity === b.integrity
}

export function words({ name, version, integrity }: PackageRan): string {
  return `${name}${version ? ` ${version}` : ''}${integrity ? ` (${integrity.slice(0, 20)}…)` : ''}`
}
