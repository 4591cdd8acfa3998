// Gives every name in config.json its lasting id and slug. A new name with a gone one's digest is a rename.
import { randomInt } from 'node:crypto'
import type { ServerIdRow } from '../store/server-ids.ts'
import { slugFor } from './slug.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

/**
 * Rows for all names of `digests`, and after them the known rows whose names are gone: a server that comes back gets
 * its id back.
 */
export function identify(known: readonly ServerIdRow[], digests: ReadonlyMap<string, string>): ServerIdRow[] {
  const byName = new Map(known.map(row => [row.name, row]))
  const gone = known.filter(row => !digests.has(row.name))
  const added = [...digests].filter(([name]) => !byName.has(name))
  const slugs = new Set(known.map(row => row.slug))
  const rows: ServerIdRow[] = []
  for (const [name, digest] of digests) {
    const row = byName.get(name) ?? renamedFrom(digest)
    const slug = row?.slug ?? slugFor(name, slugs)
    slugs.add(slug)
    rows.push({ id: row?.id ?? newId(), name, slug, digest })
  }
  const used = new Set(rows.map(row => row.id))
  return [...rows, ...gone.filter(row => !used.has(row.id))]

  // Only where there is no doubt who became whom.
  function renamedFrom(digest: string): ServerIdRow | undefined {
    const before = gone.filter(row => row.digest === digest)
    const after = added.filter(([, other]) => other === digest)
    return before.length === 1 && after.length === 1 ? before[0] : undefined
  }
}

function newId(): string {
  return `srv_${Array.from({ length: 12 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')}`
}
