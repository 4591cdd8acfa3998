// search_files: lines that hold a text or match a pattern, in the files of a folder.
import { join } from 'node:path'
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { about, answer } from '../kit/about.ts'
import { fromCursorOf, NEXT, toCursorOf, withMore } from '../kit/paging.ts'
import type { Roots } from '../kit/roots.ts'
import { type Kit, READS } from '../kit/tools.ts'
import { path } from './changing.ts'
import { searchFile, searchFor } from './searching.ts'
import { walk } from './walk.ts'

/** In one call; then a cursor goes on. */
const MOST_BYTES = 256 * 1024 * 1024
const Place = z.tuple([z.string(), z.int().min(0)])
const END_OF_FILE = Number.MAX_SAFE_INTEGER

export function registerSearchTool(kit: Kit, server: McpServer, roots: Roots): void {
  kit.tool(
    server,
    'search_files',
    {
      title: 'Search in files',
      description:
        'Finds lines that hold a text (any letter case) or match an RE2 pattern. Skips .git, node_modules, binary files and files over 5 MB. Of long lines 500 characters are shown.',
      input: z.object({
        directory: path,
        query: z.string().min(1).max(1000),
        pattern: z.string().max(500).default('**').describe('Which files, as in **/*.{ts,md}'),
        regex: z.boolean().default(false),
        cursor: z.string().max(8192).optional(),
        limit: z.int().min(1).max(500).default(100),
      }),
      output: z.object({
        matches: z.array(z.object({ path: z.string(), line: z.number(), text: z.string() })),
        skipped: z.number(),
        ...NEXT,
      }),
      annotations: READS,
    },
    ({ directory, query, pattern, regex, cursor, limit }, { signal }) =>
      about(directory, async () => {
        const folder = await roots.existing(directory)
        const search = searchFor(query, regex, signal)
        const list = { folder, query, pattern, regex }
        const from = fromCursorOf(list, cursor, Place)
        const matches: { path: string; line: number; text: string; relative: string }[] = []
        let skipped = 0
        let bytes = 0
        let last: z.output<typeof Place> | undefined
        const look = async (path: string, relative: string, afterLine: number) => {
          const found = await searchFile(path, search, afterLine, limit + 1 - matches.length)
          bytes += found.bytes
          if (!found.matches) skipped++
          else matches.push(...found.matches.map(one => ({ path, relative, ...one })))
          last = [relative, END_OF_FILE]
        }
        const isFull = () => matches.length > limit || bytes > MOST_BYTES
        // The file a page ended in goes on behind its last line; `walk` resumes behind that file. It may be gone by now.
        const begun = from && (await roots.existing(join(folder, from[0])).catch(() => null))
        if (from && begun) await look(begun, from[0], from[1])
        const onUnread = () => skipped++
        let isCut = isFull()
        for await (const found of walk(roots, folder, { pattern, after: from?.[0], signal, onUnread })) {
          isCut = isFull()
          if (isCut) break
          if (found.kind === 'file') await look(found.path, found.relative, 0)
        }
        const page = matches.slice(0, limit)
        const end = page.at(-1)
        if (matches.length > limit && end) last = [end.relative, end.line]
        else if (!isCut) last = undefined
        const lines = page.map(one => `${one.relative}:${one.line}: ${one.text}`)
        if (lines.length === 0) lines.push(last ? 'No line matches so far.' : 'No line matches.')
        if (skipped > 0)
          lines.push(`… ${skipped} files or folders were not searched: binary, too large, or not readable.`)
        const next = last ? { nextCursor: toCursorOf(list, last) } : {}
        return answer(withMore(lines.join('\n'), next), {
          matches: page.map(({ relative, ...rest }) => rest),
          skipped,
          ...next,
        })
      }),
  )
}
