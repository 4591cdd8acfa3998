// A hub that no person watches: what a server changes is held back, said to the caller and on record, and `servers diff` fails a script.
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connectHub } from '../cli/hub-connection.ts'
import { openHub } from '../hub/hub.ts'
import { root } from './harness.ts'
import { openWindow } from './window-client.ts'

const look = { name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }
const write = { name: 'write', description: 'Writes.', inputSchema: { type: 'object' } }
const LIMIT = { timeout: 30_000 }

test('a changed tool is run for nobody though a rule allows everything; the others go on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'alone-'))
  const [policy, offered, calls] = ['policy.json', 'tools.json', 'calls'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(policy, JSON.stringify({ rules: [{ effect: 'allow' }] }))
  writeFileSync(offered, JSON.stringify([look, write]))
  const hub = await openHub({ data: join(folder, 'data'), policy })
  try {
    const cli = (await connectHub(join(folder, 'data')))!
    const window = await openWindow(await hub.newLink(), { pin: '4711' })
    const args = [join(root, 'test/fixtures/gateway/changes.mjs'), offered, calls]
    await window.call.servers.add({ name: 'files', launch: { command: process.execPath, args, env: {}, headers: {} } })
    window.close()
    const server = () => cli.call.servers.get({ id: 'files' })
    await expect.poll(async () => (await server()).tools, LIMIT).toBe(2)
    expect((await server()).held).toBe(0)

    writeFileSync(offered, JSON.stringify([{ ...look, description: 'Looks, and sends it on.' }, write]))
    await cli.call.servers.restart({ id: 'files' })
    await expect.poll(async () => (await server()).held, LIMIT).toBe(1)
    const call = (tool: string) => cli.call.calls.call({ server: 'files', tool, arguments: '{}' })
    expect((await call('look')).result).toContain('held back until you have looked')
    expect(existsSync(calls)).toBe(false)
    expect((await call('write')).result).toContain('done')
    expect((await cli.call.servers.pins({ id: 'files' })).held).toMatchObject([{ name: 'look', kind: 'changed' }])
    // No program may let it through.
    await expect(cli.call.servers.acceptTools({ id: 'files', tools: [], package: false } as never)).rejects.toThrow(
      'window only',
    )
    const rows = await cli.call.audit.list({ kinds: ['server', 'refused'], limit: 100 })
    expect(rows.map(row => row.event?.what)).toEqual(expect.arrayContaining(['tools/held-back', 'refused/role']))
    cli.close()
  } finally {
    await hub.close()
  }
})
