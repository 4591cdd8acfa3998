// What the image of each server holds, run by the image's own command: all it needs is in it, and it writes nowhere but /tmp.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, test } from 'vitest'
import { bundledServers } from '../hub/registry/bundled.ts'
import { asSent, dockerfile } from './image-builder.ts'

const TOKEN = 'team-0123456789abcdef0123'
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-image-'))
chmodSync(folder, 0o755)
const sent = join(folder, 'sent')
beforeAll(() => {
  mkdirSync(sent)
  asSent(sent)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const words = (text: string | null | undefined) => JSON.parse(text ?? '[]') as string[]
const command = [
  ...words(dockerfile.getENTRYPOINTs()[0]!.getArgumentsContent()),
  ...words(dockerfile.getCMDs()[0]!.getArgumentsContent()),
]
/** A call that needs what is no JavaScript: a native module, WebAssembly, a worker. */
const CALLS: Record<string, [tool: string, args: Record<string, unknown>]> = {
  data: ['process_data', { data: 'a\n1', format: 'csv' }],
  knowledge: ['list_sources', {}],
  postgres: ['list_tables', {}],
}

test.concurrent.for(bundledServers)('%s', async (name, { expect }) => {
  const app = join(folder, name)
  await promisify(execFile)(process.execPath, [join(sent, 'build/server-image.ts'), name, app])
  expect(readdirSync(app).toSorted()).toEqual(['main.js', 'node_modules', 'package.json', 'servers'])
  const tmp = mkdtempSync(join(folder, 'tmp-'))
  chmodSync(tmp, 0o777)
  const isRoot = process.getuid?.() === 0
  expect(command).toEqual(['node', '/app/main.js', '--http', '0.0.0.0:8080'])
  const args = [join(app, 'main.js'), '--http', '0.0.0.0:0']
  const child = spawn(process.execPath, args, {
    cwd: app,
    stdio: ['ignore', 'ignore', 'pipe'],
    // As the manifests have it: nobody’s user, who may write /tmp alone, and the settings of the overlay.
    ...(isRoot ? { uid: 10_001, gid: 10_001 } : {}),
    env: {
      ...{ NODE_ENV: 'production', HOME: tmp, XDG_STATE_HOME: tmp, TMPDIR: tmp, HTTP_HOSTS: 'mcp.example,127.0.0.1' },
      HTTP_TOKENS: JSON.stringify([{ name: 'ann', token: TOKEN, roles: ['admin'] }]),
      HTTP_DRAIN_MS: '0',
      EMBEDDED_FOLDER: join(tmp, 'database'),
    },
  })
  let log = ''
  child.stderr.on('data', chunk => (log += chunk))
  const client = new Client({ name: 'test', version: '1' })
  try {
    await expect.poll(() => log, { timeout: 60_000 }).toContain('"listening"')
    const port = /"port":(\d+)/.exec(log)![1]
    const requestInit = { headers: { authorization: `Bearer ${TOKEN}` } }
    const url = new URL(`http://127.0.0.1:${port}/mcp`)
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }))
    expect((await client.listTools()).tools.length).toBeGreaterThan(0)
    const call = CALLS[name]
    if (call) expect((await client.callTool({ name: call[0], arguments: call[1] })).isError ?? false).toBe(false)
    await client.close()
  } finally {
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'exit')
    rmSync(app, { recursive: true, force: true })
  }
  expect([child.exitCode, log.includes('Cannot find')]).toEqual([0, false])
})
