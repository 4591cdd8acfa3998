// The tools that only read: list_files, get_file_info, read_file, search_files.
import { access, constants, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { about, answer } from '../kit/about.ts'
import { unforeseen } from '../kit/failure.ts'
import { fromCursor, NEXT, toCursor } from '../kit/paging.ts'
import type { Roots } from '../kit/roots.ts'
import { type Kit, READS } from '../kit/tools.ts'
import { MIME } from './mime.ts'
import { Encodings, imageType, MAX_READ_BYTES, readImage, readText, sha256Of } from './reading.ts'
import { lineTest, searchFile } from './searching.ts'
import { walk } from './walk.ts'

const path = z.string().min(1).max(4096)

export function registerReadTools(kit: Kit, server: McpServer, roots: Roots): void {
  kit.tool(
    server,
    'list_files',
    {
      title: 'List files',
      description:
        'Lists a folder, or everything below it that matches a glob (`**/*.ts`). Does not enter .git and node_modules.',
      input: z.object({
        directory: path,
        pattern: z.string().max(500).optional(),
        cursor: z.string().max(8192).optional(),
        limit: z.int().min(1).max(1000).default(200),
      }),
      output: z.object({
        entries: z.array(
          z.object({
            path: z.string(),
            kind: z.enum(['file', 'folder', 'link', 'other']),
            size: z.number().nullable(),
            modified: z.string().nullable(),
          }),
        ),
        ...NEXT,
      }),
      annotations: READS,
    },
    ({ directory, pattern, cursor, limit }) =>
      about(directory, async () => {
        const folder = await roots.existing(directory)
        const after = fromCursor(cursor, z.string())
        const entries = []
        let nextCursor: string | undefined
        for await (const found of walk(roots, folder, pattern, after)) {
          if (entries.length === limit) {
            nextCursor = toCursor(entries.at(-1)!.relative)
            break
          }
          const facts = found.kind === 'file' ? await stat(found.path).catch(() => undefined) : undefined
          entries.push({
            relative: found.relative,
            path: found.path,
            kind: found.kind,
            size: facts?.size ?? null,
            modified: facts?.mtime.toISOString() ?? null,
          })
        }
        const text =
          entries.map(one => `${one.relative}${one.kind === 'folder' ? '/' : ''}`).join('\n') || 'Nothing here.'
        return answer(nextCursor ? `${text}\n… more: call again with the cursor.` : text, {
          entries: entries.map(({ relative, ...rest }) => rest),
          ...(nextCursor ? { nextCursor } : {}),
        })
      }),
  )

  kit.tool(
    server,
    'get_file_info',
    {
      title: 'File information',
      description: 'Size, times, type and SHA-256 of a file; for a folder all but the hash.',
      input: z.object({ path }),
      output: z.object({
        path: z.string(),
        kind: z.enum(['file', 'folder']),
        size: z.number(),
        modified: z.string(),
        created: z.string(),
        sha256: z.string().nullable(),
        readable: z.boolean(),
        writable: z.boolean(),
        mime: z.string().nullable(),
      }),
      annotations: READS,
    },
    input =>
      about(input.path, async () => {
        const real = await roots.existing(input.path)
        const facts = await stat(real)
        const isFile = facts.isFile()
        const may = (mode: number) =>
          access(real, mode).then(
            () => true,
            () => false,
          )
        const mime = isFile ? ((await imageType(real)) ?? MIME[extname(real).toLowerCase()] ?? null) : null
        const info = {
          path: real,
          kind: facts.isDirectory() ? ('folder' as const) : ('file' as const),
          size: facts.size,
          modified: facts.mtime.toISOString(),
          created: facts.birthtime.toISOString(),
          sha256: isFile ? await sha256Of(real) : null,
          readable: await may(constants.R_OK),
          writable: await may(constants.W_OK),
          mime,
        }
        return answer(`${real}: ${info.size} bytes, changed ${info.modified}`, info)
      }),
  )

  kit.tool(
    server,
    'hash_files',
    {
      title: 'Hash files',
      description: 'SHA-256 and size of many files at once. What cannot be read is said beside its path.',
      input: z.object({ paths: z.array(path).min(1).max(500) }),
      output: z.object({
        files: z.array(
          z.object({
            path: z.string(),
            sha256: z.string().nullable(),
            size: z.number().nullable(),
            problem: z.string().optional(),
          }),
        ),
      }),
      annotations: READS,
    },
    async ({ paths }, { signal, progress }) => {
      let done = 0
      const hashed = async (asked: string) => {
        signal.throwIfAborted()
        const file = await about(asked, async () => {
          const real = await roots.existing(asked)
          return { path: real, sha256: await sha256Of(real), size: (await stat(real)).size }
        }).catch(error => ({ path: asked, sha256: null, size: null, problem: unforeseen(error).message }))
        progress(++done, paths.length)
        return file
      }
      const files = await inTurns(paths, hashed, 8)
      const text = files.map(one => `${one.sha256 ?? ('problem' in one ? one.problem : '')}  ${one.path}`).join('\n')
      return answer(text, { files })
    },
  )

  kit.tool(
    server,
    'read_file',
    {
      title: 'Read a file',
      description: `Reads text by pages (offset and length in bytes, at most ${MAX_READ_BYTES} at once), or an image. Other binary files are refused.`,
      input: z.object({
        path,
        offset: z.int().min(0).default(0),
        length: z
          .int()
          .min(1)
          .max(MAX_READ_BYTES)
          .default(1024 * 1024),
        encoding: z.enum(Encodings).default('utf-8'),
      }),
      output: z.object({
        path: z.string(),
        kind: z.enum(['text', 'image']),
        text: z.string().optional(),
        mimeType: z.string().optional(),
        offset: z.number(),
        bytes: z.number(),
        totalBytes: z.number(),
        nextOffset: z.number().nullable(),
      }),
      annotations: READS,
    },
    input =>
      about(input.path, async () => {
        const real = await roots.existing(input.path)
        const mimeType = await imageType(real)
        if (mimeType) {
          const data = await readImage(real)
          const bytes = Buffer.byteLength(data, 'base64')
          const info = {
            path: real,
            kind: 'image' as const,
            mimeType,
            offset: 0,
            bytes,
            totalBytes: bytes,
            nextOffset: null,
          }
          return { text: `${real}: ${mimeType}, ${bytes} bytes`, data: info, more: [{ type: 'image', data, mimeType }] }
        }
        const page = await readText(real, input.offset, input.length, input.encoding)
        return answer(page.text, { path: real, kind: 'text' as const, ...page })
      }),
  )

  kit.tool(
    server,
    'search_files',
    {
      title: 'Search in files',
      description:
        'Finds lines that hold a text (any letter case) or match an RE2 pattern. Skips .git, node_modules, binary files and files over 5 MB.',
      input: z.object({
        directory: path,
        query: z.string().min(1).max(1000),
        pattern: z.string().max(500).default('**'),
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
    ({ directory, query, pattern, regex, cursor, limit }) =>
      about(directory, async () => {
        const folder = await roots.existing(directory)
        const test = lineTest(query, regex)
        const from = fromCursor(cursor, z.tuple([z.string(), z.int()]))
        const matches: { path: string; line: number; text: string; relative: string }[] = []
        let skipped = 0
        const search = async (real: string, relative: string, afterLine: number) => {
          const found = await searchFile(real, test, afterLine, limit + 1 - matches.length).catch(() => null)
          if (!found) skipped++
          else matches.push(...found.map(one => ({ path: real, relative, ...one })))
        }
        // The file a page ended in goes on behind its last line; `walk` resumes behind that file.
        if (from) await search(await roots.existing(`${folder}/${from[0]}`), from[0], from[1])
        for await (const found of walk(roots, folder, pattern, from?.[0])) {
          if (matches.length > limit) break
          if (found.kind === 'file') await search(found.path, found.relative, 0)
        }
        const page = matches.slice(0, limit)
        const last = page.at(-1)
        const nextCursor = matches.length > limit && last ? toCursor([last.relative, last.line]) : undefined
        const text = page.map(one => `${one.relative}:${one.line}: ${one.text}`).join('\n') || 'No line matches.'
        return answer(text, {
          matches: page.map(({ relative, ...rest }) => rest),
          skipped,
          ...(nextCursor ? { nextCursor } : {}),
        })
      }),
  )
}

/** Each in its place; so many at once. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>, atOnce: number): Promise<R[]> {
  const results: R[] = []
  const next = items.entries()
  const worker = async () => {
    for (const [index, item] of next) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}
