// A real PostgreSQL of its own, on a free port of this computer, for tests. Null where none is installed.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

const HOME = '/usr/lib/postgresql'
/** PostgreSQL refuses to run as root. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

export interface RunningPostgres {
  url: string
  /** Runs statements as the superuser. */
  setUp(sql: string): Promise<pg.QueryResult>
  stop(): Promise<void>
}

export const hasPostgres =
  existsSync(HOME) && readdirSync(HOME).some(version => existsSync(join(HOME, version, 'bin', 'postgres')))

export async function startPostgres(): Promise<RunningPostgres> {
  const bin = join(HOME, readdirSync(HOME).toSorted().at(-1)!, 'bin')
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-pg-'))
  if (NOBODY.uid) chownSync(folder, NOBODY.uid, NOBODY.gid!)
  const data = join(folder, 'data')
  const quiet = { cwd: folder, stdio: 'ignore' as const, ...NOBODY }
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'admin', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    quiet,
  )
  const port = await freePort()
  const args = [
    '-D',
    data,
    '-p',
    `${port}`,
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    `unix_socket_directories=${folder}`,
    '-F',
  ]
  const server = spawn(join(bin, 'postgres'), args, quiet)
  const url = `postgresql://admin@127.0.0.1:${port}/postgres`
  const setUp = async (sql: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return await client.query(sql)
    } finally {
      await client.end()
    }
  }
  for (let tries = 0; ; tries++) {
    try {
      await setUp('SELECT 1')
      break
    } catch (error) {
      if (tries === 150 || server.exitCode !== null) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
  return {
    url,
    setUp,
    async stop() {
      if (server.exitCode === null) {
        server.kill('SIGINT')
        await once(server, 'exit')
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
