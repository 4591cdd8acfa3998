// What `doctor` can say of the address for HTTP clients without a hub: is its port free?
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Finding } from '../../contract/command-line.ts'
import { httpAddress } from '../clients/others.ts'
import { Kv } from '../store/kv.ts'

/** Nothing while no client comes over HTTP: then no port is opened. A running hub holds it itself, and says so in place of this. */
export async function httpFindings(data: string): Promise<Finding[]> {
  const port = wantedPort(join(data, 'state.db'))
  if (port === null) return []
  const code = await whyNotBound(port)
  if (!code)
    return [{ id: 'http', level: 'ok', what: `Port ${port} is free for clients that connect over HTTP.`, fix: null }]
  const why = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${code})`
  const what = `Clients cannot connect over HTTP: port ${port} ${why}.`
  const fix = 'End that program, or choose another port in Settings and give clients the new address.'
  return [{ id: 'http', level: 'warn', what, fix }]
}

function wantedPort(path: string): number | null {
  if (!existsSync(path)) return null
  const db = new Database(path, { readonly: true, fileMustExist: true })
  try {
    const { needsHttp, port } = httpAddress(new Kv(db))
    return needsHttp ? port : null
  } catch {
    // A folder of another version is told of by whoever opens it.
    return null
  } finally {
    db.close()
  }
}

async function whyNotBound(port: number): Promise<string | undefined> {
  const probe = createServer()
  try {
    probe.listen(port, '127.0.0.1')
    await once(probe, 'listening')
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  } finally {
    probe.close()
  }
}
