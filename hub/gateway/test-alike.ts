// For the tests of faithfulness: two texts compared leaf by leaf as they are written, and the differences that docs/faithful.md
// says there are, which is the only list of them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { elements, members } from '../../contract/wire.ts'

/** By path, the source text of every value that holds no others. */
export type Leaves = Map<string, string>

export function leaves(text: string, at = 0, path = '', found: Leaves = new Map()): Leaves {
  const first = text.slice(at).search(/\S/) + at
  const inside =
    text[first] === '{'
      ? members(text, first)
      : text[first] === '['
        ? elements(text, first).map((one, n) => ({ ...one, key: String(n) }))
        : null
  if (inside === null || inside.length === 0) found.set(path, text.slice(first).trim())
  else
    for (const { key, start, end } of inside) leaves(text.slice(start, end), 0, `${path}/${JSON.stringify(key)}`, found)
  return found
}

export interface Compared {
  values: number
  lost: string[]
  changed: string[]
  added: string[]
}

export function compare(direct: Leaves, through: Leaves, where: string, all: Compared): void {
  all.values += direct.size
  for (const [path, source] of direct) {
    const got = through.get(path)
    if (got === undefined) all.lost.push(`${where} ${path}`)
    else if (got !== source) all.changed.push(`${where} ${path}: ${source} → ${got}`)
  }
  for (const path of through.keys()) if (!direct.has(path)) all.added.push(`${where} ${path}`)
}

export type Kind = 'lost' | 'changed' | 'added'

/** One place of one row of the table. `between`: whose eras differ; `said`: what is compared. */
interface Named {
  between: string
  said: string
  kind: Kind
  place: string
  fits: RegExp
}

const KINDS: Record<string, Kind> = { 'left out': 'lost', changed: 'changed', 'put in': 'added' }

/** What docs/faithful.md names, and which of it was met. */
export class NamedDifferences {
  readonly #named: Named[]
  readonly #met = new Set<Named>()

  constructor() {
    const text = readFileSync(join(import.meta.dirname, '../../docs/faithful.md'), 'utf8')
    const rows = text.split('\n').filter(line => /^\| (modern|legacy) client, /.test(line))
    this.#named = rows.flatMap(row => {
      const [between, said, kind, places] = row
        .split('|')
        .slice(1)
        .map(cell => cell.trim())
      return [...places!.matchAll(/`([^`]+)`/g)].map(([, place]) => ({
        between: between!,
        said: said!,
        kind: KINDS[kind!]!,
        place: place!,
        fits: new RegExp(`^${place!.replace(/[.\\/$^+?()[\]{}|]/g, '\\$&').replaceAll('*', '.*')}$`),
      }))
    })
  }

  /** Those of these differences that the table does not name. */
  unnamed(between: string, said: string, found: Compared): string[] {
    return (['lost', 'changed', 'added'] as const).flatMap(kind =>
      found[kind].filter(one => {
        const place = dotted(/^[^/]*(\/.*?)(: .* → .*)?$/.exec(one.slice(one.indexOf(' /')))![1]!)
        const row = this.#named.find(
          n => n.between === between && n.said === said && n.kind === kind && n.fits.test(place),
        )
        if (row) this.#met.add(row)
        return !row
      }),
    )
  }

  /** Rows of what is said so that were never met: the table must not promise less than is true. */
  idle(...said: string[]): string[] {
    return this.#named
      .filter(one => said.includes(one.said) && !this.#met.has(one))
      .map(({ between, said: what, kind, place }) => `${between}, ${what}, ${kind}: ${place}`)
  }
}

/** A path of leaves as people write it. */
function dotted(path: string): string {
  return [...path.matchAll(/\/("(?:[^"\\]|\\.)*")/g)].map(([, key]) => JSON.parse(key!) as string).join('.')
}
