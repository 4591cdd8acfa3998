import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Started, startServer } from '../kit/test-client.ts'
import { freePort, hasPostgres, type RunningPostgres, startPostgres } from './test-postgres.ts'

const TABLES = [
  'CREATE TABLE shops (id int PRIMARY KEY, name text NOT NULL, opened timestamptz, turnover numeric(30, 4), data jsonb)',
  "INSERT INTO shops VALUES (1, 'Ada', '2026-01-02 03:04:05.123456+00', 12345678901234567890.1234, '{\"a\": [1]}'), (2, 'Tim', NULL, NULL, NULL)",
  'CREATE SEQUENCE counter',
  'CREATE FUNCTION sneaky() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM shops; RETURN 1; END $$',
]

/** What must hold of both: the embedded database, and PostgreSQL itself. */
const BACKENDS = ['embedded', ...(hasPostgres || process.env.CI ? ['PostgreSQL'] : [])]

describe.each(BACKENDS)('%s', backend => {
  let postgres: RunningPostgres | undefined
  let server: Started
  beforeAll(async () => {
    if (backend === 'PostgreSQL') postgres = await startPostgres()
    const env = { RATE_LIMIT: '10000', STATEMENT_TIMEOUT_MS: '1500' }
    server = await startServer('postgres', { ...env, ...(postgres ? { DATABASE_URL: postgres.url } : {}) })
    for (const sql of TABLES) {
      const made = await server.call('execute_sql', { sql, confirm: true })
      expect([made.failed, made.text]).toEqual([false, expect.stringContaining('Done.')])
    }
  }, 60_000)
  afterAll(async () => {
    await server?.client.close()
    await postgres?.stop()
  })

  const query = (query: string, more: object = {}) => server.call('query_database', { query, ...more })
  const count = async () => (await query('SELECT count(*)::int FROM shops')).data.rows[0][0]

  test('values come as they are: no digit and no zone is lost', async () => {
    const { data } = await query('SELECT * FROM shops ORDER BY id')
    expect(data.columns).toEqual(['id', 'name', 'opened', 'turnover', 'data'])
    expect(data.rows[0]).toEqual([
      1,
      'Ada',
      expect.stringMatching(/^2026-01-02 \d\d:\d\d:05\.123456[+-]\d\d/),
      '12345678901234567890.1234',
      { a: [1] },
    ])
    expect(data.rows[1]).toEqual([2, 'Tim', null, null, null])
    expect(
      (await query('SELECT 9007199254740993::int8, $1::text', { params: ["x'; DROP TABLE shops; --"] })).data.rows,
    ).toEqual([['9007199254740993', "x'; DROP TABLE shops; --"]])
  })

  test.each([
    ['a delete', 'DELETE FROM shops'],
    ['a write in WITH', 'WITH gone AS (DELETE FROM shops RETURNING *) SELECT * FROM gone'],
    ['a function that writes', 'SELECT sneaky()'],
    ['a sequence', "SELECT nextval('counter')"],
    ['two statements', 'SELECT 1; DELETE FROM shops'],
    ['a way out of the transaction', 'SELECT 1; COMMIT; DELETE FROM shops'],
    ['a commit', 'COMMIT'],
    ['a comment before it', '/* SELECT */ DELETE FROM shops'],
    ['another table', 'SELECT * INTO other FROM shops'],
    ['a lock', 'SELECT * FROM shops FOR UPDATE'],
    ['the mode of the transaction', "SELECT set_config('transaction_read_only', 'off', false)"],
    ['COPY to the client', 'COPY shops TO STDOUT'],
    ['COPY from a program', "COPY shops FROM PROGRAM 'id'"],
    ['COPY to a file', "COPY shops TO '/tmp/gatehouse-must-not-be'"],
    ['a block', 'DO $$ BEGIN DELETE FROM shops; END $$'],
    ['SET', 'SET default_transaction_read_only = off'],
    ['EXPLAIN ANALYZE', 'EXPLAIN ANALYZE DELETE FROM shops'],
  ])('a query cannot be %s', async (_, sql) => {
    const { failed, text } = await query(sql)
    expect([sql, failed]).toEqual([sql, true])
    expect(text).toMatch(/\((permission_denied|validation_error), /)
    const explained = await server.call('explain_query', { query: sql, analyze: true })
    expect([sql, explained.failed]).toEqual([sql, true])
    expect(await count()).toBe(2)
  })

  test('a statement is tried first: counted, taken back, and done only when it is confirmed', async () => {
    const sql = 'UPDATE shops SET name = upper(name) WHERE id = $1'
    const tried = await server.call('execute_sql', { sql, params: [1] })
    expect(tried.data).toMatchObject({ applied: false, affectedRows: 1 })
    expect((await query('SELECT name FROM shops WHERE id = 1')).data.rows).toEqual([['Ada']])
    expect((await server.call('execute_sql', { sql, params: [1], confirm: true })).data).toMatchObject({
      applied: true,
    })
    expect((await query('SELECT name FROM shops WHERE id = 1')).data.rows).toEqual([['ADA']])
    const two = await server.call('execute_sql', { sql: 'DELETE FROM shops; COMMIT', confirm: true })
    expect([two.failed, await count()]).toEqual([true, 2])
    await server.call('execute_sql', { sql: 'DELETE FROM shops' })
    await server.call('execute_sql', { sql: 'COMMIT' })
    expect(await count()).toBe(2)
    const returned = await server.call('execute_sql', { sql: 'DELETE FROM shops WHERE id = 2 RETURNING name' })
    expect(returned.data).toMatchObject({ applied: false, affectedRows: 1, rows: [['Tim']] })
  })

  test.each([
    ['a table that is not there', 'SELECT * FROM nowhere', 'not_found', 'line 1, column 15'],
    ['a column that is not there', 'SELECT id,\n  grösse, missing FROM shops', 'not_found', 'line 2, column 3'],
    ['what is no SQL', 'SELECT FROM WHERE', 'validation_error', 'line 1, column 13'],
    ['a bad value', "SELECT 'x'::int", 'validation_error', 'invalid input syntax'],
    ['too few values', 'SELECT $1::int + $2::int', 'validation_error', ''],
  ])('%s is said with its place', async (_, sql, kind, words) => {
    const { failed, text, data } = await query(sql)
    expect([failed, data.error.kind]).toEqual([true, kind])
    expect(text).toContain(words)
  })

  test('what breaks a rule of the table is a conflict, and leaves it whole', async () => {
    const { text } = await server.call('execute_sql', { sql: "INSERT INTO shops VALUES (1, 'again')", confirm: true })
    expect(text).toMatch(/duplicate key.*\(conflict, /)
    expect(await count()).toBe(2)
  })

  test('more rows than wanted are cut, and it says so', async () => {
    const { data, text } = await query('SELECT * FROM generate_series(1, 1000)', { maxRows: 10 })
    expect([data.rowCount, data.truncated]).toEqual([10, true])
    expect(text).toContain('there are more')
    const wide = await query("SELECT repeat('x', 99000) FROM generate_series(1, 100)")
    expect([wide.data.rowCount, wide.data.truncated]).toEqual([2, true])
    expect((await query('SELECT 1', { maxRows: 1 })).data.truncated).toBe(false)
  })

  test('tables and their columns, keys and indexes', async () => {
    const { data } = await server.call('list_tables')
    expect(data.tables).toEqual([expect.objectContaining({ schema: 'public', name: 'shops', kind: 'table' })])
    expect((await server.call('list_tables', { schema: 'other' })).text).toBe('There are no tables.')
    const described = await server.call('describe_table', { table: 'shops' })
    expect(described.data.columns[0]).toEqual({
      name: 'id',
      type: 'integer',
      nullable: false,
      default: null,
      comment: null,
    })
    expect([described.data.primaryKey, described.data.indexes.length]).toEqual([['id'], 1])
    expect((await server.call('describe_table', { table: "x'; DROP TABLE shops" })).text).toContain('not_found')
    const plan = await server.call('explain_query', { query: 'SELECT * FROM shops WHERE id = $1', params: [1] })
    expect(plan.data.plan).toMatch(/Scan/)
  })

  // The embedded database runs in this very process and cannot be stopped from outside.
  if (backend === 'embedded') return

  test('what takes too long is given up by the database, and goes on', async () => {
    expect((await query('SELECT pg_sleep(30)')).text).toContain('(timeout, ')
    const abort = new AbortController()
    const slow = server.call('query_database', { query: 'SELECT pg_sleep(1.2)' }, { signal: abort.signal })
    setTimeout(() => abort.abort(), 100)
    await expect(slow).rejects.toThrow()
    const left = await postgres!.setUp(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1.2)%' AND state = 'active' AND pid <> pg_backend_pid()",
    )
    expect(left.rows[0].n).toBeLessThanOrEqual(1)
    expect(await count()).toBe(2)
  })

  test('twenty at once, a user without rights, and a database that went away', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => query('SELECT $1::int', { params: [n] })))
    expect(all.filter(one => !one.failed).length).toBeGreaterThanOrEqual(20)
    await postgres!.setUp("CREATE USER poor PASSWORD 'p0or+pass/word'")
    const { host } = new URL(postgres!.url)
    const poor = await startServer('postgres', {
      DATABASE_URL: `postgresql://poor:p0or%2Bpass%2Fword@${host}/postgres`,
    })
    const refused = await poor.call('query_database', { query: 'SELECT * FROM shops' })
    expect(refused.text).toMatch(/permission denied.*Ask the person to grant it.*\(permission_denied, /)
    await postgres!.setUp("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'poor'")
    expect((await poor.call('query_database', { query: 'SELECT 1' })).failed).toBe(false)
    const said = poor.log() + JSON.stringify(refused)
    expect(said).not.toMatch(/p0or/)
    await poor.client.close()
  })
})

test('a server without its database starts, lists, and says what is wrong when it is asked', async () => {
  const port = await freePort()
  const server = await startServer('postgres', { DATABASE_URL: `postgresql://u:s3cretpass@127.0.0.1:${port}/x` })
  expect((await server.client.listTools()).tools).toHaveLength(5)
  const { text } = await server.call('list_tables')
  expect(text).toContain('Nothing listens there.')
  expect(text + server.log()).not.toContain('s3cretpass')
  await server.client.close()
})

test('a database that takes the connection and says nothing is given up after two seconds', async () => {
  const sockets: Socket[] = []
  const mute: Server = createServer(socket => void sockets.push(socket))
  const port = await freePort()
  await new Promise<void>(resolve => mute.listen(port, '127.0.0.1', resolve))
  const server = await startServer('postgres', { DATABASE_URL: `postgresql://u@127.0.0.1:${port}/x` })
  expect((await server.call('list_tables')).text).toContain('The database does not answer.')
  await server.client.close()
  for (const socket of sockets) socket.destroy()
  mute.close()
})

test('a wrong setting ends it at start, named, without its value', async () => {
  await expect(startServer('postgres', { DATABASE_URL: 'mysql://u:s3cretpass@x' })).rejects.toThrow()
})
