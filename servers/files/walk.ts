// Walks a folder in a stable order, without following links and without entering refused places.
import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import picomatch from 'picomatch'
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

/**
 * Everything below `folder` that matches `pattern`, sorted by path, part by part. Without a pattern: its direct entries.
 * `after`: resumes behind this relative path.
 */
export async function* walk(
  roots: Roots,
  folder: string,
  pattern: string | undefined,
  after: string | undefined,
): AsyncGenerator<Found, void> {
  const matches =
    pattern === undefined ? () => true : picomatch(pattern, { dot: true, basename: !pattern.includes('/') })
  const isAfter = (path: string) => after === undefined || comparePaths(path, after) > 0
  const enters = (path: string) => isAfter(path) || after === path || Boolean(after?.startsWith(`${path}/`))
  yield* visit(folder, 0)

  async function* visit(at: string, depth: number): AsyncGenerator<Found, void> {
    const entries = await readdir(at, { withFileTypes: true }).catch(() => [] as Dirent[])
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
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
