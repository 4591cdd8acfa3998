// The thread's program: holds the embedded database and answers one question after the other.
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import type { Rows } from './database.ts'
import { changedBy, KeptRows, parserOf } from './values.ts'

/** `params` null: as it stands, also several statements. */
export interface Asked {
  sql: string
  params: unknown[] | null
}

export type Answered =
  | Rows
  | { error: { message: string; code?: string; position?: string; hint?: string; detail?: string } }

const { folder } = workerData as { folder: string | undefined }
const opening = PGlite.create(folder ?? 'memory://')

parentPort!.on('message', async ({ sql, params }: Asked) => {
  try {
    const db = await opening
    parentPort!.postMessage(params === null ? await plain(db, sql) : await answered(db, sql, params))
  } catch (error) {
    const { message, code, position, hint, detail } = error as Error & Record<string, string | undefined>
    const said = Object.entries({ message, code, position, hint, detail }).filter(([, value]) => value !== undefined)
    parentPort!.postMessage({ error: Object.fromEntries(said) })
  }
})

async function plain(db: PGlite, sql: string): Promise<Answered> {
  await db.exec(sql)
  return { columns: [], rows: [], isCut: false, changed: null }
}

async function answered(db: PGlite, sql: string, params: unknown[]): Promise<Answered> {
  const types = Object.keys(db.parsers)
  // Values go as the text they are, as to any PostgreSQL.
  const serializers = Object.fromEntries(Object.keys(db.serializers).map(type => [type, String]))
  const parsers = Object.fromEntries(types.map(type => [type, parserOf(Number(type))]))
  const { fields, rows, affectedRows, command } = (await db.query<unknown[]>(sql, params, {
    rowMode: 'array',
    parsers,
    serializers,
  })) as Awaited<ReturnType<typeof db.query<unknown[]>>> & { command?: string }
  const kept = new KeptRows()
  for (const row of rows) kept.add(row)
  const columns = fields.map(field => field.name)
  return { columns, rows: kept.rows, isCut: kept.isCut, changed: changedBy(command, affectedRows) }
}
