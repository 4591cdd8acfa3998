// State in PostgreSQL: for many replicas. Its table is made when it is missing.
import pg from 'pg'
import { type Held, newVersion, type Put, type State } from './state.ts'

interface Row {
  id: string
  value: string
  version: string
  leased: boolean
}

/** Of several replicas that begin at the same time, one makes the table. */
const SCHEMA = `
  BEGIN; SELECT pg_advisory_xact_lock(7234091);
  CREATE TABLE IF NOT EXISTS mcp_server_state (server text, kind text, id text COLLATE "C", value text NOT NULL,
    version text NOT NULL, lease_until timestamptz NOT NULL, keep_until timestamptz, PRIMARY KEY (server, kind, id));
  DELETE FROM mcp_server_state WHERE keep_until < clock_timestamp();
  COMMIT`
const FIELDS = 'id, value, version, lease_until > clock_timestamp() AS leased'
const KEPT = '(keep_until IS NULL OR keep_until >= clock_timestamp())'
const AFTER = (n: number) => `clock_timestamp() + $${n} * interval '1 millisecond'`

export class PostgresState implements State {
  readonly #pool: pg.Pool
  readonly #server: string
  #made: Promise<unknown> | undefined

  constructor(url: string, server: string) {
    this.#server = server
    this.#pool = new pg.Pool({
      connectionString: url,
      max: 5,
      connectionTimeoutMillis: 2_000,
      statement_timeout: 5_000,
      query_timeout: 6_000,
      application_name: `${server}-state`,
      allowExitOnIdle: true,
    })
    // A connection that ends while nobody uses it: the next call opens another.
    this.#pool.on('error', () => {})
  }

  async #ask(sql: string, values: unknown[]): Promise<pg.QueryResult<Row>> {
    this.#made ??= this.#make()
    await this.#made
    return this.#pool.query<Row>(sql, values)
  }

  async #make(): Promise<void> {
    try {
      await this.#pool.query(SCHEMA)
    } catch (error) {
      this.#made = undefined
      throw error
    }
  }

  async read(group: string, id: string): Promise<Held | null> {
    const sql = `SELECT ${FIELDS} FROM mcp_server_state WHERE server = $1 AND kind = $2 AND id = $3 AND ${KEPT}`
    const { rows } = await this.#ask(sql, [this.#server, group, id])
    return rows[0] ? heldOf(rows[0]) : null
  }

  async put(group: string, id: string, value: unknown, { ifVersion, leaseMs, keepMs }: Put): Promise<string | null> {
    const version = newVersion()
    const values = [this.#server, group, id, JSON.stringify(value), version, leaseMs ?? 0, keepMs ?? null]
    const sql =
      ifVersion === null
        ? `INSERT INTO mcp_server_state AS s VALUES ($1, $2, $3, $4, $5, ${AFTER(6)}, ${AFTER(7)})
           ON CONFLICT (server, kind, id) DO UPDATE SET value = excluded.value, version = excluded.version,
             lease_until = excluded.lease_until, keep_until = excluded.keep_until
           WHERE s.keep_until < clock_timestamp()`
        : `UPDATE mcp_server_state SET value = $4, version = $5, lease_until = ${AFTER(6)}, keep_until = ${AFTER(7)}
           WHERE server = $1 AND kind = $2 AND id = $3 AND version = $8`
    const { rowCount } = await this.#ask(sql, ifVersion === null ? values : [...values, ifVersion])
    return rowCount === 1 ? version : null
  }

  async remove(group: string, id: string, ifVersion: string): Promise<boolean> {
    const sql = 'DELETE FROM mcp_server_state WHERE server = $1 AND kind = $2 AND id = $3 AND version = $4'
    return (await this.#ask(sql, [this.#server, group, id, ifVersion])).rowCount === 1
  }

  async list(group: string, { limit, before }: { limit: number; before?: string | undefined }) {
    const sql = `SELECT ${FIELDS} FROM mcp_server_state
      WHERE server = $1 AND kind = $2 AND ($3::text IS NULL OR id < $3) AND ${KEPT} ORDER BY id DESC LIMIT $4`
    const { rows } = await this.#ask(sql, [this.#server, group, before ?? null, limit])
    return rows.map(row => ({ id: row.id, held: heldOf(row) }))
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}

function heldOf({ value, version, leased }: Row): Held {
  return { value: JSON.parse(value), version, isLeased: leased }
}
