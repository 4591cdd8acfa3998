import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Started, startServer } from '../kit/test-client.ts'
import { freePort, hasPostgres, type RunningPostgres, startPostgres } from './test-postgres.ts'

test('an embedded database that does not end is started anew with what it kept; two processes do not share it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-embedded-'))
  const env = { EMBEDDED_FOLDER: join(folder, 'db'), STATEMENT_TIMEOUT_MS: '8000', CALL_TIMEOUT_MS: '120000' }
  let server = await startServer('postgres', env)
  for (const sql of ['CREATE TABLE t (id int)', 'INSERT INTO t VALUES (1), (2)'])
    expect((await server.call('execute_sql', { sql, confirm: true })).failed).toBe(false)
  const endless = await server.call('query_database', {
    query: 'SELECT count(*) FROM generate_series(1, 100000000000)',
  })
  expect(endless.text).toMatch(/did not end this in 8 s, and was started anew.*\(timeout, /)
  const count = async () => (await server.call('query_database', { query: 'SELECT count(*)::int FROM t' })).data.rows
  expect(await count()).toEqual([[2]])
  const other = await startServer('postgres', env)
  expect((await other.call('list_tables')).text).toMatch(/Another process uses the embedded database.*\(conflict, /)
  await other.client.close()
  await server.client.close()
  server = await startServer('postgres', env)
  expect(await count()).toEqual([[2]])
  await server.client.close()
  rmSync(folder, { recursive: true, force: true })
}, 120_000)

test('a database that asks for a password that is not there says so', async () => {
  const message = (kind: number, text: string) => {
    const head = Buffer.alloc(9)
    head.write('R')
    head.writeInt32BE(8 + text.length, 1)
    head.writeInt32BE(kind, 5)
    return Buffer.concat([head, Buffer.from(text)])
  }
  const asks = createServer(socket => {
    const answers = [message(10, 'SCRAM-SHA-256\0\0'), message(11, 'r=x,s=eA==,i=4096')]
    socket.on('error', () => {}).on('data', () => void socket.write(answers.shift() ?? ''))
  })
  await new Promise<void>(resolve => asks.listen(0, '127.0.0.1', resolve))
  const { port } = asks.address() as AddressInfo
  const server = await startServer('postgres', { DATABASE_URL: `postgresql://u@127.0.0.1:${port}/x` })
  expect((await server.call('list_tables')).text).toMatch(/asks for a password.*DATABASE_URL.*\(permission_denied, /)
  await server.client.close()
  asks.close()
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
  await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
  const { port } = mute.address() as AddressInfo
  const server = await startServer('postgres', { DATABASE_URL: `postgresql://u@127.0.0.1:${port}/x` })
  expect((await server.call('list_tables')).text).toContain('The database does not answer.')
  await server.client.close()
  for (const socket of sockets) socket.destroy()
  mute.close()
})

test('a wrong setting ends it at start, named, without its value', async () => {
  for (const DATABASE_URL of ['mysql://u:s3cretpass@x', 'postgresql://u:s3cret#pass@x/y'])
    await expect(startServer('postgres', { DATABASE_URL })).rejects.toThrow()
})

describe.each(hasPostgres || process.env.CI ? ['PostgreSQL'] : [])('%s', () => {
  let postgres: RunningPostgres
  let server: Started
  beforeAll(async () => {
    postgres = await startPostgres()
    await postgres.setUp('CREATE TABLE shops (id int PRIMARY KEY, name text NOT NULL)')
    server = await startServer('postgres', { RATE_LIMIT: '10000', DATABASE_URL: postgres.url })
  })
  afterAll(async () => {
    await server?.client.close()
    await postgres?.stop()
  })

  const query = (query: string, more: object = {}) => server.call('query_database', { query, ...more })

  test('what takes too long is given up by the database, and what is taken back is ended in it', async () => {
    const hasty = await startServer('postgres', { DATABASE_URL: postgres.url, STATEMENT_TIMEOUT_MS: '1000' })
    const given = await hasty.call('query_database', { query: 'SELECT pg_sleep(300)' })
    expect(given.text).toContain('(timeout, ')
    await hasty.client.close()
    const patient = await startServer('postgres', { DATABASE_URL: postgres.url, STATEMENT_TIMEOUT_MS: '600000' })
    const running = async () =>
      (await postgres.setUp("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).rows.length
    const abort = new AbortController()
    const slow = patient.call('query_database', { query: 'SELECT pg_sleep(500)' }, { signal: abort.signal })
    const isOver = expect(slow).rejects.toThrow()
    await expect.poll(running, { timeout: 20_000 }).toBe(1)
    abort.abort()
    await isOver
    await expect.poll(running, { timeout: 20_000 }).toBe(0)
    expect((await patient.call('query_database', { query: 'SELECT 1' })).failed).toBe(false)
    await patient.client.close()
  })

  test('a row of very many bytes is not read to its end, and others go on', async () => {
    const patient = await startServer('postgres', { DATABASE_URL: postgres.url, STATEMENT_TIMEOUT_MS: '600000' })
    const wide = await patient.call('query_database', { query: "SELECT repeat('x', 40000000)" })
    expect(wide.text).toMatch(/One row has more than 32 MB.*\(validation_error, /)
    expect((await patient.call('query_database', { query: 'SELECT 1' })).data.rows).toEqual([[1]])
    await patient.client.close()
  })

  test('when the answer to a COMMIT is lost, it says that it may have been done', async () => {
    const { port } = new URL(postgres.url)
    const between = createServer(client => {
      const database = connect(Number(port), '127.0.0.1')
      let isKept = false
      client.on('data', bytes => {
        isKept ||= bytes.includes('COMMIT')
        database.write(bytes)
      })
      database.on('data', bytes => (isKept ? client.destroy() : client.write(bytes)))
      for (const one of [client, database])
        one.on('error', () => {}).on('close', () => client.destroy() && database.destroy())
    })
    await new Promise<void>(resolve => between.listen(0, '127.0.0.1', resolve))
    const url = postgres.url.replace(port, String((between.address() as AddressInfo).port))
    const cut = await startServer('postgres', { DATABASE_URL: url })
    const { text } = await cut.call('execute_sql', { sql: "INSERT INTO shops VALUES (77, 'Lost')", confirm: true })
    expect(text).toMatch(/connection ended while this was being kept.*it may have been done.*\(upstream_error, /)
    expect((await postgres.setUp('DELETE FROM shops WHERE id = 77')).rowCount).toBe(1)
    await cut.client.close()
    between.close()
  })

  test('when all connections are in use that is said, and not that the database is away', async () => {
    const one = await startServer('postgres', {
      DATABASE_URL: postgres.url,
      POOL_MAX: '1',
      STATEMENT_TIMEOUT_MS: '600000',
    })
    const abort = new AbortController()
    const slow = one.call('query_database', { query: 'SELECT pg_sleep(500)' }, { signal: abort.signal })
    const isOver = expect(slow).rejects.toThrow()
    const asleep = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    await expect.poll(async () => (await postgres.setUp(asleep)).rows.length).toBe(1)
    expect((await one.call('query_database', { query: 'SELECT 1' })).text).toContain('All 1 connections are in use.')
    abort.abort()
    await isOver
    await expect.poll(async () => (await one.call('query_database', { query: 'SELECT 1' })).failed).toBe(false)
    await one.client.close()
  })

  test('twenty at once, a user without rights, and a database that went away', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => query('SELECT $1::int', { params: [n] })))
    expect(all.filter(one => !one.failed).length).toBeGreaterThanOrEqual(20)
    await postgres.setUp("CREATE USER poor PASSWORD 'p0or+pass/word'")
    const { host } = new URL(postgres.url)
    const poor = await startServer('postgres', {
      DATABASE_URL: `postgresql://poor:p0or%2Bpass%2Fword@${host}/postgres`,
    })
    const refused = await poor.call('query_database', { query: 'SELECT * FROM shops' })
    expect(refused.text).toMatch(/permission denied.*Ask the person to grant it.*\(permission_denied, /)
    await postgres.setUp("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'poor'")
    expect((await poor.call('query_database', { query: 'SELECT 1' })).failed).toBe(false)
    const cut = poor.call('query_database', { query: 'SELECT pg_sleep(500)' })
    const asleep = "SELECT pid FROM pg_stat_activity WHERE usename = 'poor' AND wait_event = 'PgSleep'"
    await expect.poll(async () => (await postgres.setUp(asleep)).rows.length, { timeout: 20_000 }).toBe(1)
    await postgres.setUp("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'poor'")
    expect((await cut).text).toContain('(upstream_error, ')
    expect((await poor.call('query_database', { query: 'SELECT 1' })).failed).toBe(false)
    const said = poor.log() + JSON.stringify(refused)
    expect(said).not.toMatch(/p0or/)
    await poor.client.close()
  })
})
