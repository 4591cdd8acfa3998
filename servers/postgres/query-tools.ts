// query_database, explain_query, execute_sql: one statement each, and the database itself keeps them to what they may do.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { type Kit, READS } from '../kit/tools.ts'
import { type Ask, type Database, PERHAPS_DONE, type Rows } from './database.ts'
import { inWords } from './problems.ts'

const sql = z.string().trim().min(1).max(100_000)
const params = z
  .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
  .max(1000)
  .default([])
  .describe('For $1, $2, …')
const table = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())),
  rowCount: z.number(),
  truncated: z.boolean(),
})
const MOST_CHARS = 200_000
const MOST_ROW = 1_000_000

export function registerQueryTools(kit: Kit, server: McpServer, database: Database): void {
  kit.tool(
    server,
    'query_database',
    {
      title: 'Query',
      description:
        'Reads with one SELECT (or VALUES, TABLE, WITH). It runs in a transaction that cannot write; values go beside it as $1, $2, ….',
      input: z.object({ query: sql, params, maxRows: z.int().min(1).max(10_000).default(500) }),
      output: table,
      annotations: READS,
    },
    ({ query, params, maxRows }, { signal }) =>
      inWords(query, () =>
        database.transaction({ readOnly: true, keep: false, signal }, async ask => {
          // A cursor is declared for a query and nothing else: no COPY, no writing in WITH, no second statement.
          await declared(ask, query, params)
          return shown(await fetched(ask, maxRows), maxRows)
        }),
      ),
  )

  kit.tool(
    server,
    'explain_query',
    {
      title: 'Explain a query',
      description:
        'How the database would run it, and what that costs. With analyze it is run, in a transaction that cannot write.',
      input: z.object({ query: sql, params, analyze: z.boolean().default(false) }),
      output: z.object({ plan: z.string() }),
      annotations: READS,
    },
    ({ query, params, analyze }, { signal }) =>
      inWords(query, () =>
        database.transaction({ readOnly: true, keep: false, signal }, async ask => {
          await declared(ask, query, params)
          await ask('CLOSE found')
          const { rows } = await ask(`EXPLAIN (ANALYZE ${analyze}, COSTS true) ${query}`, params)
          const plan = rows.map(row => row[0]).join('\n')
          return { text: plan, data: { plan } }
        }),
      ),
  )

  kit.tool(
    server,
    'execute_sql',
    {
      title: 'Run a statement',
      description:
        'Runs one statement that may change data or tables. Without confirm: true it is run, counted and taken back. What reaches beyond the database (a program that COPY starts, another server) and the numbers of sequences cannot be taken back.',
      input: z.object({ sql, params, confirm: z.literal(true).optional() }),
      output: table.extend({ applied: z.boolean(), affectedRows: z.number().nullable() }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
      ifLate: PERHAPS_DONE,
    },
    ({ sql, params, confirm = false }, { signal }) =>
      inWords(sql, async () => {
        const run = (keep: boolean) =>
          database.transaction({ readOnly: false, keep, signal }, async ask => ask(sql, params))
        const tried = await run(false)
        const done = confirm ? await run(true) : tried
        const { changed } = done
        const { text: rows, data } = shown(done, 500)
        const count = changed === null ? '' : ` ${changed} rows.`
        const said = confirm
          ? `Done.${count}`
          : `Tried and taken back: no row and no table has changed.${count} Call again with confirm: true to do it.`
        const text = data.columns.length > 0 ? `${said}\n${rows}` : said
        return { text, data: { ...data, applied: confirm, affectedRows: changed } }
      }),
  )
}

async function declared(ask: Ask, query: string, params: readonly unknown[]): Promise<void> {
  const prefix = 'DECLARE found NO SCROLL CURSOR FOR '
  try {
    await ask(`${prefix}${query}`, params)
  } catch (error) {
    const said = error as { position?: string | number; code?: string; message: string }
    if (said.position !== undefined) said.position = Number(said.position) - prefix.length
    if (said.code === '0A000' || (said.code === '42601' && !isQuery(query)))
      throw new Failure(
        'permission_denied',
        `This tool only reads: ${said.message}.`,
        'Give one SELECT. To change something use execute_sql; for tables and columns list_tables and describe_table.',
      )
    throw error
  }
}

/** For the words alone: what may run, the database decides. */
function isQuery(query: string): boolean {
  return /^[\s(]*(select|values|table|with)\b/i.test(query)
}

/** Bit by bit: wide rows are not brought here only to be cut. One more than wanted, so that it is known whether there are more. */
async function fetched(ask: Ask, maxRows: number): Promise<Rows> {
  const found: Rows = { columns: [], rows: [], changed: null, isCut: false }
  let chars = 0
  for (let next = 1; found.rows.length <= maxRows && chars <= MOST_CHARS; ) {
    const wanted = Math.min(next, maxRows + 1 - found.rows.length)
    const { columns, rows } = await ask(`FETCH ${wanted} FROM found`)
    found.columns = columns
    found.rows.push(...rows)
    chars += JSON.stringify(rows).length
    if (rows.length < wanted) return found
    next = Math.ceil(((MOST_CHARS - chars) * found.rows.length) / chars) + 1
  }
  if (found.rows.length <= maxRows) found.isCut = (await ask('FETCH 1 FROM found')).rows.length > 0
  return found
}

function shown({ columns, rows, isCut }: Rows, maxRows: number) {
  const taken: unknown[][] = []
  let chars = 0
  for (const row of rows.slice(0, maxRows)) {
    const length = JSON.stringify(row).length
    if (length > MOST_ROW)
      throw new Failure(
        'validation_error',
        `One row has ${length} characters, more than an answer may have.`,
        'Select less of it, for example left(column, 10000).',
      )
    chars += length
    if (taken.length > 0 && chars > MOST_CHARS) break
    taken.push(row)
  }
  const truncated = isCut || taken.length < rows.length
  const more = truncated ? '\n… there are more: narrow it, or go on with LIMIT and OFFSET in the query.' : ''
  const text = [columns.join(' | '), ...taken.map(row => row.map(cell).join(' | '))].join('\n')
  return { text: `${text}${more}`, data: { columns, rows: taken, rowCount: taken.length, truncated } }
}

function cell(value: unknown): string {
  if (value === null) return '∅'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
