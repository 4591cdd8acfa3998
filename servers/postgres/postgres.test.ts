import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Started, startServer } from '../kit/test-client.ts'
import { hasPostgres, type RunningPostgres, startPostgres } from './test-postgres.ts'

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
    const env = { RATE_LIMIT: '10000', CALL_TIMEOUT_MS: '120000', STATEMENT_TIMEOUT_MS: '60000' }
    server = await startServer('postgres', { ...env, ...(postgres ? { DATABASE_URL: postgres.url } : {}) })
    for (const sql of TABLES) {
      const made = await server.call('execute_sql', { sql, confirm: true })
      expect([made.failed, made.text]).toEqual([false, expect.stringContaining('Done.')])
    }
  })
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

  test('values of every kind are the same from both: lists, bytes, what is no number, numbers within JSON', async () => {
    const sql = `SELECT ARRAY[1, 2], ARRAY['2026-01-02 03:04:05.123456'::timestamp], '\\x01ff'::bytea, 'NaN'::float8,
      '-Infinity'::float4, '{"a": 9007199254740993, "b": [0.12345678901234567890]}'::jsonb, $1::text, $2::bool, $3::jsonb`
    expect((await query(sql, { params: [5, 'true', '{"x":1}'] })).data.rows).toEqual([
      [
        '{1,2}',
        '{"2026-01-02 03:04:05.123456"}',
        '\\x01ff',
        'NaN',
        '-Infinity',
        { a: '9007199254740993', b: ['0.12345678901234567890'] },
        '5',
        true,
        { x: 1 },
      ],
    ])
  })

  test('no setting, lock, temporary table or prepared statement of one call is there in the next', async () => {
    const setting = async () => (await query("SELECT current_setting('search_path')")).data.rows[0][0]
    const before = await setting()
    for (const sql of [
      'SET search_path = pg_catalog',
      'CREATE TEMP TABLE shops (id int)',
      'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
      'PREPARE p AS SELECT 1',
      'SELECT pg_advisory_lock(4711)',
    ])
      expect((await server.call('execute_sql', { sql, confirm: true })).failed).toBe(false)
    await query("SELECT set_config('search_path', 'pg_catalog', false), pg_advisory_lock(4712)")
    expect([await setting(), await count()]).toEqual([before, 2])
    const left =
      "SELECT (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'), (SELECT count(*)::int FROM pg_prepared_statements WHERE name = 'p')"
    expect((await query(left)).data.rows).toEqual([[0, 0]])
  })

  test('nothing that is only tried ends its transaction', async () => {
    const make = 'CREATE PROCEDURE keeps() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM shops; COMMIT; END $$'
    await server.call('execute_sql', { sql: make, confirm: true })
    for (const sql of ['CALL keeps()', 'DO $$ BEGIN DELETE FROM shops; COMMIT; END $$']) {
      const { data } = await server.call('execute_sql', { sql })
      expect([sql, data.error?.kind]).toEqual([sql, 'validation_error'])
    }
    await server.call('execute_sql', { sql: 'ROLLBACK' })
    expect(await count()).toBe(2)
  })

  test('what the database says against a statement is passed on, with what to do', async () => {
    await server.call('execute_sql', { sql: 'CREATE VIEW open_shops AS SELECT * FROM shops', confirm: true })
    for (const [sql, kind, words] of [
      ["DO $$ BEGIN RAISE EXCEPTION 'no shops on Sunday'; END $$", 'validation_error', 'no shops on Sunday'],
      ['DROP TABLE shops', 'conflict', 'CASCADE'],
      ['CREATE TABLE shops ()', 'conflict', 'already exists'],
      ['SELECT 1 / 0', 'validation_error', 'division by zero'],
      ['ALTER SYSTEM SET work_mem = 1', 'validation_error', 'cannot run within a transaction'],
    ] as const) {
      const { data, text } = await server.call('execute_sql', { sql })
      expect([sql, data.error?.kind, text]).toEqual([sql, kind, expect.stringContaining(words)])
    }
    await server.call('execute_sql', { sql: 'DROP VIEW open_shops', confirm: true })
  })

  test('rows that are very wide or very many do not fill this process', async () => {
    const wide = await query("SELECT repeat('x', 300000) FROM generate_series(1, 1000000)", { maxRows: 10_000 })
    expect(wide.data).toMatchObject({ rowCount: 1, truncated: true })
    expect((await query("SELECT repeat('x', 2000000)")).text).toContain('Select less of it')
    const many = await server.call('execute_sql', { sql: "SELECT repeat('x', 1000) FROM generate_series(1, 20000)" })
    expect(many.data).toMatchObject({ truncated: true, affectedRows: null })
  })

  test('a key of odd names is named as it is, and rows that were never counted are not none', async () => {
    const sql = 'CREATE TABLE "Odd, Table" ("My ""id", int, b int, PRIMARY KEY (b, "My ""id") INCLUDE (int))'
    const made = await server.call('execute_sql', { sql: sql.replace('", int,', '" int, int int,'), confirm: true })
    expect([made.text, made.failed]).toEqual([expect.any(String), false])
    expect((await server.call('describe_table', { table: 'Odd, Table' })).data.primaryKey).toEqual(['b', 'My "id'])
    const { data, text } = await server.call('list_tables')
    expect(data.tables.find((one: { name: string }) => one.name === 'Odd, Table').estimatedRows).toBe(null)
    expect(text).toContain('rows never counted')
  })
})
