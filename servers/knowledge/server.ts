// The knowledge server: takes documents in, finds what they say, and forgets them again. It says which engine it used.
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { NEXT, PAGING, page, withMore } from '../kit/paging.ts'
import type { Roots } from '../kit/roots.ts'
import type { Tasks } from '../kit/tasks.ts'
import { type Kit, READS } from '../kit/tools.ts'
import { registerFolderTools } from './folder.ts'
import { ENGINES, type Library } from './library.ts'
import { MOST_TEXT, TakingIn } from './take-in.ts'

export const NAME = 'knowledge'
export const VERSION = '0.1.0'
const source = z.string().trim().min(1).max(200)
const engine = z.enum(ENGINES)

export interface Knowing {
  roots: Roots
  library: Library
  tasks: Tasks
}

export function knowledgeServer(kit: Kit, knowing: Knowing): McpServer {
  const { roots, library } = knowing
  const server = new McpServer({ name: NAME, title: 'Knowledge', version: VERSION })
  const used = library.engine
  const openWorldHint = used === 'Pinecone'

  kit.tool(
    server,
    'add_documents',
    {
      title: 'Add documents',
      description:
        'Takes in text files (Markdown, text, code) of the folders it may read, or texts themselves, under a source’s name. A document that is known is replaced.',
      input: z.object({
        source,
        files: z.array(z.string().min(1).max(4096)).max(200).default([]),
        texts: z
          .array(z.object({ name: z.string().min(1).max(200), text: z.string().min(1).max(MOST_TEXT) }))
          .max(200)
          .default([]),
      }),
      output: z.object({
        source: z.string(),
        documents: z.number(),
        chunks: z.number(),
        problems: z.array(z.object({ document: z.string(), problem: z.string() })),
        engine,
      }),
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint },
      timeoutMs: 120_000,
    },
    async ({ source, files, texts }, { signal, progress }) => {
      if (files.length + texts.length === 0)
        throw new Failure('validation_error', 'Nothing was given.', 'Name files, or give texts.')
      const taking = new TakingIn(source, library)
      for (const file of files) {
        await taking.takeFile(roots, file, signal)
        progress(taking.seen, files.length + texts.length)
      }
      for (const text of texts) {
        await taking.take(text.name, async () => text, signal)
        progress(taking.seen, files.length + texts.length)
      }
      const { documents, chunks, problems } = taking
      return { text: taking.inWords, data: { source, documents, chunks, problems, engine: used } }
    },
  )

  registerFolderTools(kit, server, knowing)

  kit.tool(
    server,
    'semantic_search',
    {
      title: 'Search',
      description: `Finds the pieces that fit a question best: by ${openWorldHint ? 'their meaning (Pinecone)' : 'their words (full text, BM25)'}.`,
      input: z.object({
        query: z.string().min(1).max(2000),
        top_k: z.int().min(1).max(100).default(10),
        source: source.optional(),
      }),
      output: z.object({
        results: z.array(z.object({ text: z.string(), score: z.number(), source: z.string(), location: z.string() })),
        engine,
      }),
      annotations: { ...READS, openWorldHint },
    },
    async ({ query, top_k, source }, { signal }) => {
      const results = await library.search(query, top_k, source, signal)
      const text = results.map(one => `${one.source} ${one.location}\n${one.text}`).join('\n\n')
      return { text: text || 'Nothing fits.', data: { results, engine: used } }
    },
  )

  kit.tool(
    server,
    'list_sources',
    {
      title: 'List sources',
      description: 'What is known, by source.',
      input: z.object(PAGING),
      output: z.object({
        sources: z.array(
          z.object({ source: z.string(), documents: z.number(), chunks: z.number(), addedAt: z.string() }),
        ),
        total: z.number(),
        ...NEXT,
      }),
      annotations: READS,
    },
    async paging => {
      const { items, ...rest } = page(await library.sources(), paging)
      const lines = items.map(one => `${one.source}: ${one.documents} documents, ${one.chunks} pieces`)
      return { text: withMore(lines.join('\n') || 'Nothing is known yet.', rest), data: { sources: items, ...rest } }
    },
  )

  kit.tool(
    server,
    'remove_documents',
    {
      title: 'Remove documents',
      description: 'Forgets everything of a source. It cannot be taken back; the files themselves stay.',
      input: z.object({ source }),
      output: z.object({ source: z.string(), documents: z.number() }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint },
    },
    async ({ source }, { signal }) => {
      const documents = await library.remove(source, signal)
      if (documents === 0)
        throw new Failure('not_found', `There is no source ${source}.`, 'Look at them with list_sources.')
      return { text: `Forgot ${documents} documents of ${source}.`, data: { source, documents } }
    },
  )
  return server
}
