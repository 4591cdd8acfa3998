// The data server: reads, asks, converts, profiles and compares JSON, CSV, XML and YAML. It reaches nothing outside.
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { fromCursorOf, NEXT, PAGING, pageOf, pageOfText, toCursorOf, withMore } from '../kit/paging.ts'
import { type Kit, READS } from '../kit/tools.ts'
import type { Processed, Work } from './data-worker.ts'
import type { Change } from './diff.ts'
import { FORMATS } from './formats.ts'
import { Processes } from './in-process.ts'
import type { Column } from './profile.ts'

export const NAME = 'data'
export const VERSION = '0.1.0'
const MOST_CHARS = 5_000_000
const data = z.string().max(MOST_CHARS)
const format = z.enum(FORMATS)
const spots = z.array(z.object({ line: z.number(), column: z.number(), message: z.string() }))

// One pool for all connections of this process.
const processes = new Processes(new URL('./data-worker.ts', import.meta.url))

export function dataServer(kit: Kit): McpServer {
  const server = new McpServer({ name: NAME, title: 'Data', version: VERSION })
  const work = <T>(what: Work, signal: AbortSignal) => processes.run<T>(what, signal)

  kit.tool(
    server,
    'process_data',
    {
      title: 'Process data',
      description:
        'Reads JSON, CSV, XML or YAML, asks it a JMESPath query, and gives it back, also as another format. Bad input: where and why.',
      input: z.object({
        data,
        format,
        options: z
          .object({
            validate: z
              .boolean()
              .default(false)
              .describe('Only check it; its first 50 errors are named, of XML the first one'),
            outputFormat: z
              .enum(['compact', 'pretty', 'table'])
              .default('compact')
              .describe('table: as Markdown to look at, in place of a format; cells are cut at 60 characters'),
            query: z.string().max(2000).optional().describe('JMESPath'),
            convertTo: format.optional(),
          })
          .prefault({}),
        cursor: PAGING.cursor,
      }),
      output: z.object({
        result: z.string(),
        metadata: z.object({ rowsProcessed: z.number(), parseTimeMs: z.number(), errors: spots }),
        ...NEXT,
      }),
      annotations: READS,
    },
    async ({ data, format, options, cursor }, { signal }) => {
      const { result, ...metadata } = await work<Processed>({ kind: 'process', data, format, options }, signal)
      const asked = { data, format, options }
      const { text, nextCursor } = pageOfText(result, fromCursorOf(asked, cursor, z.string()))
      const next = nextCursor === undefined ? {} : { nextCursor: toCursorOf(asked, nextCursor) }
      return { text: withMore(inWords(text, metadata.errors), next), data: { result: text, metadata, ...next } }
    },
  )

  kit.tool(
    server,
    'profile_table',
    {
      title: 'Profile a table',
      description: 'For each column: type, gaps, how many different values, smallest and largest.',
      input: z.object({ data, format, ...PAGING }),
      output: z.object({
        columns: z.array(
          z.object({
            name: z.string(),
            type: z.enum(['integer', 'number', 'boolean', 'date', 'text', 'object', 'mixed', 'empty']),
            nulls: z.number(),
            distinct: z.number(),
            min: z.union([z.string(), z.number()]).nullable(),
            max: z.union([z.string(), z.number()]).nullable(),
          }),
        ),
        ...NEXT,
      }),
      annotations: READS,
    },
    async ({ data, format, ...paging }, { signal }) => {
      const columns = await work<Column[]>({ kind: 'profile', data, format }, signal)
      const { items, total, ...next } = pageOf({ data, format }, columns, paging)
      const lines = items.map(
        ({ name, type, nulls, distinct, min, max }) =>
          `${name}: ${type}, ${distinct} different, ${nulls} empty${min === null ? '' : `, ${min} … ${max}`}`,
      )
      return { text: withMore([`${total} columns`, ...lines].join('\n'), next), data: { columns: items, ...next } }
    },
  )

  kit.tool(
    server,
    'diff_data',
    {
      title: 'Compare data',
      description:
        'What was added, removed and changed from a to b, by JSON Pointer. Name a key (a column) so that rows are the same by it and not by place.',
      input: z.object({ a: data, b: data, format, key: z.string().max(200).optional(), ...PAGING }),
      output: z.object({
        changes: z.array(
          z.object({
            kind: z.enum(['added', 'removed', 'changed']),
            path: z.string(),
            before: z.unknown().optional(),
            after: z.unknown().optional(),
          }),
        ),
        total: z.number(),
        ...NEXT,
      }),
      annotations: READS,
    },
    async ({ a, b, format, key, ...paging }, { signal }) => {
      const changes = await work<Change[]>({ kind: 'diff', a, b, format, key }, signal)
      const { items, total, ...next } = pageOf({ a, b, format, key }, changes, paging)
      const counts = (['added', 'removed', 'changed'] as const).map(
        kind => `${changes.filter(change => change.kind === kind).length} ${kind}`,
      )
      const text = total === 0 ? 'They are the same.' : [counts.join(', '), ...items.map(lineOf)].join('\n')
      return { text: withMore(text, next), data: { changes: items, total, ...next } }
    },
  )
  return server
}

/** Of what was only checked, what is wrong is said too. */
function inWords(text: string, errors: Processed['errors']): string {
  return [text, ...errors.map(({ line, column, message }) => `line ${line}, column ${column}: ${message}`)].join('\n')
}

function lineOf({ kind, path, before, after }: Change): string {
  const values = { added: [after], removed: [before], changed: [before, after] }[kind]
  return `${kind} ${path || 'the whole'}: ${values.map(short).join(' → ')}`
}

function short(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
