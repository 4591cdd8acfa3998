// list_tables and describe_table: what the database holds, from its own catalogs.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { NEXT, PAGING, pageOf, withMore } from '../kit/paging.ts'
import { type Kit, READS } from '../kit/tools.ts'
import type { Database } from './database.ts'
import { inWords } from './problems.ts'

const name = z.string().min(1).max(200)

const TABLES = `
  SELECT n.nspname, c.relname,
         CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                        ELSE 'foreign table' END,
         nullif(c.reltuples, -1)::float8, pg_total_relation_size(c.oid)::float8, obj_description(c.oid, 'pg_class')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND ($1::text IS NULL OR n.nspname = $1)
  ORDER BY 1, 2`

const COLUMNS = `
  SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
         col_description(a.attrelid, a.attnum)
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`

const CONSTRAINTS = `SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::oid ORDER BY 1`
const KEY = `
  SELECT a.attname FROM pg_constraint c, unnest(c.conkey) WITH ORDINALITY AS k (attnum, place)
  JOIN pg_attribute a ON a.attnum = k.attnum
  WHERE c.conrelid = $1::oid AND c.contype = 'p' AND a.attrelid = c.conrelid ORDER BY k.place`
const INDEXES = `SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::oid ORDER BY 1`
const FIND = `
  SELECT c.oid::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = $1 AND n.nspname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`

export function registerSchemaTools(kit: Kit, server: McpServer, database: Database): void {
  const look = { readOnly: true, keep: false }

  kit.tool(
    server,
    'list_tables',
    {
      title: 'List tables',
      description: 'Tables and views with their size and how many rows they have, roughly.',
      input: z.object({ schema: name.optional(), ...PAGING }),
      output: z.object({
        tables: z.array(
          z.object({
            schema: z.string(),
            name: z.string(),
            kind: z.string(),
            estimatedRows: z.number().nullable().describe('null: never counted, until ANALYZE'),
            bytes: z.number(),
            comment: z.string().nullable(),
          }),
        ),
        total: z.number(),
        ...NEXT,
      }),
      annotations: READS,
    },
    async ({ schema, ...paging }, { signal }) => {
      const { rows } = await inWords(TABLES, () =>
        database.transaction({ ...look, signal }, ask => ask(TABLES, [schema ?? null])),
      )
      const all = (rows as [string, string, string, number | null, number, string | null][]).map(
        ([schema, name, kind, estimatedRows, bytes, comment]) => ({
          schema,
          name,
          kind,
          estimatedRows,
          bytes,
          comment,
        }),
      )
      const { items, ...rest } = pageOf({ schema }, all, paging)
      const lines = items.map(({ schema, name, kind, estimatedRows }) => {
        const rows = estimatedRows === null ? 'rows never counted' : `about ${estimatedRows} rows`
        return `${schema}.${name}: ${kind}, ${rows}`
      })
      return { text: withMore(lines.join('\n') || 'There are no tables.', rest), data: { tables: items, ...rest } }
    },
  )

  kit.tool(
    server,
    'describe_table',
    {
      title: 'Describe a table',
      description: 'Its columns, keys, constraints and indexes.',
      input: z.object({ table: name, schema: name.default('public') }),
      output: z.object({
        schema: z.string(),
        table: z.string(),
        columns: z.array(
          z.object({
            name: z.string(),
            type: z.string(),
            nullable: z.boolean(),
            default: z.string().nullable(),
            comment: z.string().nullable(),
          }),
        ),
        primaryKey: z.array(z.string()),
        constraints: z.array(z.object({ name: z.string(), definition: z.string() })),
        indexes: z.array(z.object({ name: z.string(), definition: z.string() })),
      }),
      annotations: READS,
    },
    ({ table, schema }, { signal }) =>
      inWords(FIND, () =>
        database.transaction({ ...look, signal }, async ask => {
          const oid = (await ask(FIND, [table, schema])).rows[0]?.[0]
          if (oid === undefined)
            throw new Failure(
              'not_found',
              `There is no table ${schema}.${table}.`,
              'Look at the tables with list_tables.',
            )
          const columns = (await ask(COLUMNS, [oid])).rows.map(([name, type, nullable, value, comment]) => ({
            name: String(name),
            type: String(type),
            nullable: nullable === true,
            default: value as string | null,
            comment: comment as string | null,
          }))
          const constraints = (await ask(CONSTRAINTS, [oid])).rows as [string, string][]
          const indexes = (await ask(INDEXES, [oid])).rows as [string, string][]
          const key = (await ask(KEY, [oid])).rows.map(row => String(row[0]))
          const data = {
            schema,
            table,
            columns,
            primaryKey: key,
            constraints: constraints.map(([name, definition]) => ({ name, definition })),
            indexes: indexes.map(([name, definition]) => ({ name, definition })),
          }
          const lines = columns.map(one => `${one.name} ${one.type}${one.nullable ? '' : ' not null'}`)
          return {
            text: [`${schema}.${table}`, ...lines, ...data.constraints.map(one => one.definition)].join('\n'),
            data,
          }
        }),
      ),
  )
}
