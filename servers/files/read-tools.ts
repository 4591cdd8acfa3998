// The tools that only read: list_files, get_file_info, hash_files, read_file.
import { access, constants, lstat, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { about, answer } from '../kit/about.ts'
import { unforeseen } from '../kit/failure.ts'
import { fromCursorOf, NEXT, toCursorOf, withMore } from '../kit/paging.ts'
import type { Roots } from '../kit/roots.ts'
import { type Kit, READS } from '../kit/tools.ts'
import { path } from './changing.ts'
import { inTurns } from './in-turns.ts'
import { MIME } from './mime.ts'
import { Encodings, imageType, MAX_READ_BYTES, readImage, readText, sha256Of } from './reading.ts'
import { walk } from './walk.ts'

/** Of paths in one answer. */
const MOST_CHARS = 200_000
/** What get_file_info hashes; hash_files takes its time. */
const MOST_HASHED = 2 * 1024 ** 3

export function registerReadTools(kit: Kit, server: McpServer, roots: Roots): void {
  kit.tool(
    server,
    'list_files',
    {
      title: 'List files',
      description:
        'Lists a folder, or everything below it that matches a glob (`**/*.ts`, `{a,b}`, `[a-z]`). A glob does not enter .git and node_modules.',
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
        skipped: z.number().describe('Folders that could not be read'),
        ...NEXT,
      }),
      annotations: READS,
    },
    ({ directory, pattern, cursor, limit }, { signal }) =>
      about(directory, async () => {
        const folder = await roots.existing(directory)
        const list = { folder, pattern }
        const after = fromCursorOf(list, cursor, z.string())
        const entries = []
        let nextCursor: string | undefined
        let skipped = 0
        let chars = 0
        const onUnread = () => skipped++
        for await (const found of walk(roots, folder, { pattern, after, signal, onUnread })) {
          if (entries.length === limit || chars > MOST_CHARS) {
            nextCursor = toCursorOf(list, entries.at(-1)!.relative)
            break
          }
          const facts = found.kind === 'file' ? await lstat(found.path).catch(() => undefined) : undefined
          chars += found.path.length
          entries.push({
            relative: found.relative,
            path: found.path,
            kind: found.kind,
            size: facts?.size ?? null,
            modified: facts?.mtime.toISOString() ?? null,
          })
        }
        const lines = entries.map(one => `${one.relative}${one.kind === 'folder' ? '/' : ''}`)
        if (lines.length === 0) lines.push('Nothing here.')
        if (skipped > 0) lines.push(`… ${skipped} folders could not be read.`)
        return answer(withMore(lines.join('\n'), { nextCursor }), {
          entries: entries.map(({ relative, ...rest }) => rest),
          skipped,
          ...(nextCursor ? { nextCursor } : {}),
        })
      }),
  )

  kit.tool(
    server,
    'get_file_info',
    {
      title: 'File information',
      description: 'Size, times, type and SHA-256 of a file; no hash for a folder, nor over 2 GB (hash_files has it).',
      input: z.object({ path }),
      output: z.object({
        path: z.string(),
        kind: z.enum(['file', 'folder', 'other']),
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
    (input, { signal }) =>
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
          kind: isFile ? ('file' as const) : facts.isDirectory() ? ('folder' as const) : ('other' as const),
          size: facts.size,
          modified: facts.mtime.toISOString(),
          created: facts.birthtime.toISOString(),
          sha256: isFile && facts.size <= MOST_HASHED ? await sha256Of(real, signal) : null,
          readable: await may(constants.R_OK),
          writable: await may(constants.W_OK),
          mime,
        }
        return answer(`${real}: ${info.kind}, ${info.size} bytes, changed ${info.modified}`, info)
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
      timeoutMs: 300_000,
      ifLate: 'Hash fewer at once.',
    },
    async ({ paths }, { signal, progress }) => {
      let done = 0
      const hashed = async (asked: string) => {
        signal.throwIfAborted()
        const file = await about(asked, async () => {
          const real = await roots.existing(asked)
          return { path: real, sha256: await sha256Of(real, signal), size: (await stat(real)).size }
        }).catch(error => {
          signal.throwIfAborted()
          return { path: asked, sha256: null, size: null, problem: unforeseen(error).message }
        })
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
        const data = { path: real, kind: 'text' as const, ...page }
        if (page.nextOffset === null) return answer(page.text, data)
        // Beside the text, which stays as it is in the file.
        const more = `… ${page.nextOffset} of ${page.totalBytes} bytes: call again with offset ${page.nextOffset}.`
        return { text: page.text, data, more: [{ type: 'text', text: more }] }
      }),
  )
}
