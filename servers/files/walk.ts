// Walks a folder in a stable order, without following links and without entering refused places.
import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { globTest } from '../kit/glob.ts'
import { withFolder } from '../kit/open-file.ts'
import type { Roots } from '../kit/roots.ts'

/** Version control, installed packages: huge, and not what people mean. */
const SKIPPED = new Set(['.git', '.hg', '.svn', 'node_modules'])
const MAX_DEPTH = 64

export interface Found {
  /** Real path. */
  path: string
  /** From the folder asked for, with `/`. */
  relative: string
  kind: 'file' | 'folder' | 'link' | 'other'
}

export interface Walk {
  /** A glob. Without one: the folder's direct entries. */
  pattern: string | undefined
  /** Resumes behind this relative path. */
  after: string | undefined
  signal: AbortSignal
  /** Called for each folder below that cannot be read. */
  onUnread: () => void
}

/** Everything below `folder` that matches, sorted by path, part by part. Throws when the folder itself cannot be read. */
export async function* walk(
  roots: Roots,
  folder: string,
  { pattern, after, signal, onUnread }: Walk,
): AsyncGenerator<Found, void> {
  const matches = pattern === undefined ? () => true : globTest(pattern)
  const isAfter = (path: string) => after === undefined || comparePaths(path, after) > 0
  const enters = (path: string) => isAfter(path) || after === path || Boolean(after?.startsWith(`${path}/`))
  yield* visit(folder, 0)

  async function* visit(at: string, depth: number): AsyncGenerator<Found, void> {
    const entries = await withFolder(at, held => readdir(held, { withFileTypes: true })).catch(error => {
      if (depth === 0) throw error
      onUnread()
      return [] as Dirent[]
    })
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      signal.throwIfAborted()
      const path = join(at, entry.name)
      const shown = relative(folder, path).split(sep).join('/')
      if (!roots.shows(path) || !enters(shown)) continue
      const isFolder = entry.isDirectory()
      if (isAfter(shown) && matches(shown)) yield { path, relative: shown, kind: kindOf(entry) }
      if (isFolder && pattern !== undefined && depth < MAX_DEPTH && !SKIPPED.has(entry.name))
        yield* visit(path, depth + 1)
    }
  }
}

/** By parts, so that what lies in a folder comes right after it: `a`, `a/x`, `a-b`. */
export function comparePaths(a: string, b: string): number {
  const as = a.split('/')
  const bs = b.split('/')
  for (let i = 0; i < Math.min(as.length, bs.length); i++) {
    if (as[i] !== bs[i]) return as[i]! < bs[i]! ? -1 : 1
  }
  return as.length - bs.length
}

function kindOf(entry: Dirent): Found['kind'] {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'folder'
  return entry.isSymbolicLink() ? 'link' : 'other'
}
