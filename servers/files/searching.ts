// Searches files: for a text right here, for a pattern in a thread that can be ended.
import { Threads } from '../kit/in-thread.ts'
import { withFile } from '../kit/open-file.ts'
import { type Match, matchesIn, patternFinder, textFinder } from './search-lines.ts'
import type { Work } from './search-worker.ts'

const MAX_FILE_BYTES = 5 * 1024 * 1024

const threads = new Threads(new URL('./search-worker.ts', import.meta.url))

/** Matching lines after `afterLine`. */
export type Search = (text: string, afterLine: number, limit: number) => Promise<Match[]> | Match[]

/** Throws Failure when the pattern is none. */
export function searchFor(query: string, isRegex: boolean, signal: AbortSignal): Search {
  if (isRegex) {
    patternFinder(query)
    return (text, afterLine, limit) =>
      threads.run<Match[]>({ pattern: query, text, afterLine, limit } satisfies Work, signal)
  }
  const find = textFinder(query)
  return (text, afterLine, limit) => matchesIn(text, find, afterLine, limit)
}

export interface Searched {
  /** Null: not searched, since it is binary, too large, or cannot be read. */
  matches: Match[] | null
  bytes: number
}

export async function searchFile(
  realPath: string,
  search: Search,
  afterLine: number,
  limit: number,
): Promise<Searched> {
  const read = await withFile(realPath, async (file, size) =>
    size > MAX_FILE_BYTES ? null : await file.readFile(),
  ).catch(() => null)
  if (read === null || read.includes(0)) return { matches: null, bytes: read?.length ?? 0 }
  return { matches: await search(read.toString('utf8'), afterLine, limit), bytes: read.length }
}
