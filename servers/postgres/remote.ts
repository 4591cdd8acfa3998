// PostgreSQL by its URL: a pool of connections, each left as it was found.
import type { Socket } from 'node:net'
import pg from 'pg'
import { Failure } from '../kit/failure.ts'
import type { Settings } from '../kit/settings.ts'
import { type Ask, type Asking, beginning, type Database, PERHAPS_DONE, type Rows } from './database.ts'
import type { SETTINGS } from './settings.ts'
import { changedBy, KeptRows, parserOf } from './values.ts'

const CONNECT_MS = 2_000
const IDLE_MS = 30_000
/** Bytes of one row, which the client reads as a whole. */
const MOST_UNREAD = 32 * 1024 ** 2

export class Remote implements Database {
  readonly title: string
  readonly #url: string
  readonly #pool: pg.Pool
  readonly #timeoutMs: number

  constructor(url: string, { POOL_MAX, STATEMENT_TIMEOUT_MS }: Settings<typeof SETTINGS>) {
    const { host, pathname } = new URL(url)
    this.title = `PostgreSQL at ${host}${pathname}`
    this.#url = url
    this.#timeoutMs = STATEMENT_TIMEOUT_MS
    this.#pool = new pg.Pool({
      connectionString: url,
      max: POOL_MAX,
      idleTimeoutMillis: IDLE_MS,
      connectionTimeoutMillis: CONNECT_MS,
      application_name: 'gatehouse-postgres',
      allowExitOnIdle: true,
      types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
    })
    // A connection may end at any time, also between two statements: the next one says so, or opens another.
    this.#pool.on('error', () => {})
    this.#pool.on('connect', client => client.on('error', () => {}))
  }

  async transaction<T>({ readOnly, keep, signal }: Asking, work: (ask: Ask) => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    const client = await this.#connected()
    let broken: Error | undefined
    let cancelling: Promise<void> | undefined
    // The answer of what was taken back is nobody's: the database is told to stop, from beside.
    const stop = () => {
      cancelling ??= this.#cancel(client).catch(cause => {
        broken = cause
        void client.end().catch(() => {})
      })
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      await client.query(beginning(readOnly, this.#timeoutMs))
      const result = await work((sql, params = []) => {
        signal.throwIfAborted()
        return asked(client, sql, params)
      })
      await client.query(keep ? 'COMMIT' : 'ROLLBACK').catch(error => {
        throw keep ? notKept(error) : error
      })
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch(cause => {
        broken = cause
      })
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
      await cancelling
      // A setting, a lock or a temporary table of one call is not the next one's.
      if (!broken)
        await client.query('DISCARD ALL').catch(cause => {
          broken = cause
        })
      client.release(broken)
    }
  }

  async #connected(): Promise<pg.PoolClient> {
    const isFull = () => this.#pool.totalCount >= this.#pool.options.max && this.#pool.idleCount === 0
    return this.#pool.connect().catch(error => {
      if (!isFull() || error.code !== undefined) throw error
      const words = `All ${this.#pool.options.max} connections are in use.`
      throw new Failure('rate_limited', words, 'Try again when other calls are answered.')
    })
  }

  async #cancel(client: pg.PoolClient): Promise<void> {
    const { processID } = client as unknown as { processID: number }
    const beside = new pg.Client({ connectionString: this.#url, connectionTimeoutMillis: CONNECT_MS })
    try {
      await beside.connect()
      await beside.query('SELECT pg_cancel_backend($1)', [processID])
    } finally {
      void beside.end().catch(() => {})
    }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}

/** Values, also none: then it is the extended protocol, which takes one statement alone. */
function asked(client: pg.PoolClient, text: string, values: readonly unknown[]): Promise<Rows> {
  const config = { text, values: [...values], rowMode: 'array', queryMode: 'extended' }
  const query = new pg.Query<never>(config as pg.QueryConfig)
  const kept = new KeptRows()
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  let unread = 0
  const measure = (chunk: Buffer) => {
    unread += chunk.length
    if (unread > MOST_UNREAD) stream.destroy(tooWide())
  }
  stream.on('data', measure)
  const answered = new Promise<Rows>((resolve, reject) => {
    // Who listens to rows gets them one by one, and the client keeps none.
    query.on('row', (row: unknown) => {
      unread = 0
      kept.add(row as unknown[])
    })
    query.on('error', reject)
    query.on('end', ({ fields, rowCount, command }: pg.QueryResult) => {
      const columns = fields.map(field => field.name)
      resolve({ columns, rows: kept.rows, isCut: kept.isCut, changed: changedBy(command, rowCount) })
    })
    client.query(query)
  })
  return answered.finally(() => stream.removeListener('data', measure))
}

function tooWide(): Failure {
  return new Failure(
    'validation_error',
    `One row has more than ${MOST_UNREAD / 1024 ** 2} MB, more than is read.`,
    'Select less of it, for example left(column, 10000).',
  )
}

/** What the database refused is not done; of an answer that was lost nobody knows. */
function notKept(error: Error & { code?: string }): Error {
  if (/^(?!08|57P)[0-9A-Z]{5}$/.test(error.code ?? '')) return error
  return new Failure('upstream_error', 'The connection ended while this was being kept.', PERHAPS_DONE)
}
