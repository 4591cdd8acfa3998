import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startServer } from '../kit/test-client.ts'
import { freePort } from './test-postgres.ts'

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
