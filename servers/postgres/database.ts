// The database behind the tools: PostgreSQL by its URL, or an embedded one. Connected when first needed.
import { types as embeddedTypes, PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import type { Settings } from '../kit/settings.ts'
import type { SETTINGS } from './settings.ts'

/** `changed`: rows that a statement wrote; null where the database does not say. */
export interface Rows {
  columns: { name: string; type: number }[]
  rows: unknown[][]
  changed: number | null
}

/** One statement at a time, its values beside it: several in one text are refused by the database itself. */
export type Ask = (sql: string, params?: readonly unknown[]) => Promise<Rows>

export interface Database {
  /** "PostgreSQL at db.example:5432/shop" or "the embedded database"; without user and password. */
  readonly title: string
  /** Everything `work` asks is one transaction, which is given up when `work` throws or `keep` is false. */
  transaction<T>(
    o: { readOnly: boolean; keep: boolean; signal: AbortSignal },
    work: (ask: Ask) => Promise<T>,
  ): Promise<T>
  close(): Promise<void>
}

export function openDatabase(settings: Settings<typeof SETTINGS>): Database {
  return settings.DATABASE_URL ? new Remote(settings.DATABASE_URL, settings) : new Embedded(settings)
}

const CONNECT_MS = 2_000
const IDLE_MS = 30_000
const { builtins } = pg.types
/** These become what JSON has for them; all else stays the database's own text, so that no digit and no zone is lost. */
const PARSED = new Set<number>([
  builtins.BOOL,
  builtins.INT2,
  builtins.INT4,
  builtins.FLOAT4,
  builtins.FLOAT8,
  builtins.JSON,
  builtins.JSONB,
])
const asText = (value: string) => value

class Remote implements Database {
  readonly title: string
  readonly #pool: pg.Pool
  readonly #timeoutMs: number

  constructor(url: string, { POOL_MAX, STATEMENT_TIMEOUT_MS }: Settings<typeof SETTINGS>) {
    const { host, pathname } = new URL(url)
    this.title = `PostgreSQL at ${host}${pathname}`
    this.#timeoutMs = STATEMENT_TIMEOUT_MS
    this.#pool = new pg.Pool({
      connectionString: url,
      max: POOL_MAX,
      idleTimeoutMillis: IDLE_MS,
      connectionTimeoutMillis: CONNECT_MS,
      application_name: 'gatehouse-postgres',
      allowExitOnIdle: true,
      types: {
        getTypeParser: ((type: number) =>
          PARSED.has(type) ? pg.types.getTypeParser(type) : asText) as typeof pg.types.getTypeParser,
      },
    })
    // A connection that ends while nobody uses it: the next call opens another.
    this.#pool.on('error', () => {})
  }

  async transaction<T>(
    { readOnly, keep, signal }: { readOnly: boolean; keep: boolean; signal: AbortSignal },
    work: (ask: Ask) => Promise<T>,
  ): Promise<T> {
    const client = await this.#pool.connect()
    let broken: Error | undefined
    // The answer of what was taken back is nobody's: its connection is closed, which ends it.
    const stop = () => {
      broken = new Error('taken back')
      void client.end().catch(() => {})
    }
    signal.addEventListener('abort', stop, { once: true })
    const ask: Ask = async (text, values = []) => {
      signal.throwIfAborted()
      // Values, also none: then it is the extended protocol, which takes one statement alone.
      const config = { text, values: [...values], rowMode: 'array', queryMode: 'extended' }
      const { fields, rows, rowCount, command } = await client.query<unknown[]>(config as pg.QueryArrayConfig)
      return {
        columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })),
        rows,
        changed: command === 'SELECT' ? null : rowCount,
      }
    }
    try {
      await client.query(`BEGIN ${readOnly ? 'READ ONLY' : 'READ WRITE'}`)
      await client.query(`SET LOCAL statement_timeout = ${this.#timeoutMs}`)
      const result = await work(ask)
      await client.query(keep ? 'COMMIT' : 'ROLLBACK')
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch(cause => {
        broken = cause
      })
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
      client.release(broken)
    }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}

class Embedded implements Database {
  readonly title = 'the embedded database'
  readonly #folder: string | undefined
  readonly #timeoutMs: number
  #open: Promise<PGlite> | undefined

  constructor({ EMBEDDED_FOLDER, STATEMENT_TIMEOUT_MS }: Settings<typeof SETTINGS>) {
    this.#folder = EMBEDDED_FOLDER
    this.#timeoutMs = STATEMENT_TIMEOUT_MS
  }

  async transaction<T>(
    { readOnly, keep, signal }: { readOnly: boolean; keep: boolean; signal: AbortSignal },
    work: (ask: Ask) => Promise<T>,
  ): Promise<T> {
    this.#open ??= PGlite.create(this.#folder ?? 'memory://')
    const db = await this.#open
    return db.transaction(async tx => {
      await tx.exec(
        `SET TRANSACTION ${readOnly ? 'READ ONLY' : 'READ WRITE'}; SET LOCAL statement_timeout = ${this.#timeoutMs}`,
      )
      const ask: Ask = async (sql, params = []) => {
        signal.throwIfAborted()
        const options = { rowMode: 'array' as const, parsers: EMBEDDED_PARSERS }
        const { fields, rows, affectedRows } = await tx.query<unknown[]>(sql, [...params], options)
        const columns = fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }))
        return { columns, rows, changed: fields.length > 0 && !affectedRows ? null : (affectedRows ?? null) }
      }
      const result = await work(ask)
      if (!keep) await tx.rollback()
      return result
    })
  }

  async close(): Promise<void> {
    await (await this.#open)?.close()
  }
}

const EMBEDDED_PARSERS = Object.fromEntries(
  Object.values(embeddedTypes)
    .filter(type => typeof type === 'number' && !PARSED.has(type))
    .map(type => [type, asText]),
)
